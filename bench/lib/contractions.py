"""The trials of the suite contraction: functions that measure and return rows.  Import it after pinning."""

import functools
import json
import math

import numpy

from lib import peers, report
from lib.machine import BUILD, SHARED, Limits, room, run_rows
from lib.tenferro import BLAS, DTYPES, PACKED, Library, contraction, permutation, sum_over

FLOATS = ("f64", "f32", "c128", "c64")
ROUNDS, FEWER_ROUNDS, LONG = 9, 5, 0.5  # fewer rounds where ours and a peer take longer than LONG seconds together
PAUSE = 2e-3  # between functions with threads
CLOSE = 1.1  # a peer that takes so many times as long as another one when it warms up is left out

library = Library(BUILD)


def size_of(extents, labels):
    return math.prod(extents[x] for x in labels)


def work(dtype, extents, *labels):
    """Real additions and multiplications."""
    return (8 if dtype[0] == "c" else 2) * size_of(extents, set().union(*labels))


class Stage:
    """Contexts, limits and memory for one number of threads."""

    def __init__(self, threads, tapp=None):
        peers.set_threads(threads)
        self.tapp = peers.Tapp(tapp) if tapp else None
        self.threads = threads
        self.context, self.own = library.context(threads), library.context(threads, b"none")
        self.isa = library.describe(self.context).get("isa", "")
        self.limits = Limits(threads)
        self.pools, self.copy_rates = {}, {}

    def array(self, name, dtype, labels, extents):
        """An array with these column-major labels (NumPy's axes are reversed) in memory that is used again.  It holds random
        numbers when it is new, or what was written to it last."""
        kind = numpy.dtype(DTYPES[dtype][1])
        bytes_ = size_of(extents, labels) * kind.itemsize
        pool, filled = self.pools.get(name, (None, None))
        if pool is None or pool.nbytes < bytes_:
            pool, filled = room(max(bytes_, 1 << 24), numpy.uint8), None
        if filled != dtype:
            part = {"c": lambda: kind.type().real.dtype, "f": lambda: kind, "i": lambda: None}[dtype[0]]()
            random = numpy.random.default_rng(len(name))
            if part is None:
                pool[:] = random.integers(0, 256, pool.size, numpy.uint8)
            else:
                numbers = pool[:pool.size // part.itemsize * part.itemsize].view(part)
                random.random(out=numbers, dtype=part)
                numbers -= 0.5
            self.pools[name] = pool, dtype
        return pool[:bytes_].view(kind).reshape([extents[x] for x in labels[::-1]])

    def peak(self, dtype, threads=None):
        """Real additions and multiplications a second, now: single precision has twice the double one's, which is probed."""
        return self.limits.operations(f"fma_{self.isa}", threads) * (2 if dtype in ("f32", "c64") else 1)

    def gain(self, dtype="f64"):
        """The peak of all threads over that of one, now."""
        return self.peak(dtype) / self.peak(dtype, 1)

    def has_bad_window(self):
        """Two threads of one core have the peak of that core; two cores have twice as much.  Which one a virtual machine has
        changes from second to second."""
        return self.threads > 1 and self.gain() < 0.75 * self.threads

    def copy_seconds(self, bytes_):
        """Reading and writing so many bytes together, at the rate of a copy of about as many (probed once)."""
        bits = bytes_.bit_length()
        if bits not in self.copy_rates:
            dst, src = (self.array(name, "f64", "i", {"i": max(1 << bits - 4, 1 << 19)}) for name in ("theirs", "copied"))
            self.copy_rates[bits] = (1 << bits) / self.limits.moving("copy", 1 << bits, dst, src, passes=0)
        return bytes_ / self.copy_rates[bits]

    def probe(self):
        """{what: GFLOP/s or GB/s} as it is now."""
        bytes_ = 1 << 27
        dst, src = (self.array(name, "f64", "i", {"i": bytes_ // 8}) for name in ("ours", "A"))
        rates = {f"fma_{self.isa}": 1e-9 * self.limits.operations(f"fma_{self.isa}")}
        rates |= {kind: 1e-9 * bytes_ / self.limits.moving(kind, bytes_, dst, src) for kind in ("read", "fill", "copy")}
        return {name: rate for name, rate in rates.items() if rate != float("inf")}

    def measure(self, ours, *theirs):
        """Samples of each."""
        seconds = [report.warm(function) for function in (ours, *theirs)]
        rounds = FEWER_ROUNDS if seconds[0] + max(seconds) > LONG else ROUNDS
        return report.interleaved(rounds, ours, *theirs, seconds=seconds, pause=PAUSE if self.threads > 1 else 0)

    def row(self, group, case, dtype, samples, peer, theirs, note="", **more):
        if len(samples) < ROUNDS:
            note = ", ".join(filter(None, [note, f"{len(samples)} pairs"]))
        return report.Row(case, self.threads, samples, peer, theirs, dtype=dtype, group=group, note=note, **more)


def close(ours, theirs, terms):
    """Sums of so many products of numbers of at most 1/2 (each part)."""
    if ours.dtype.kind in "iu":
        return bool((ours == theirs).all())
    error = numpy.abs(ours - theirs).max(initial=0)
    return bool(error <= 2 * numpy.finfo(ours.dtype).eps * terms)


# ---- tccg ----

@functools.cache
def tccg_cases():
    file = SHARED / "einsum/tccg.json"
    return json.loads(file.read_text())["cases"] if file.exists() else []


def tccg_shape(case, dtype, size):
    """(labels of A, B, D, extents, m, n, k).  The file has f32 and f64: a complex case has the extents of f64."""
    d, a, b = case["tccg"].split("-")
    entry = case["f32" if dtype == "f32" else "f64"][size]
    return a, b, d, entry["sizes"], entry["gemm_mnk"]


def is_compute_bound(case, dtype):
    return min(tccg_shape(case, dtype, "16MiB")[4]) >= 128


def fastest(functions):
    """Of {peer: function} the fastest one, and what comes close to it."""
    seconds = {peer: report.warm(function) for peer, function in functions.items()}
    return {peer: function for peer, function in functions.items() if seconds[peer] <= CLOSE * min(seconds.values())}


def tccg(stage, case, dtype, size, groups):
    """Rows of the groups: ours against the faster of NumPy and torch into a given destination, into a new array, and against
    OpenBLAS's matrix product of the same m, n, k."""
    a, b, d, extents, (m, n, k) = tccg_shape(case, dtype, size)
    x, y = (stage.array(name, dtype, labels, extents) for name, labels in (("A", a), ("B", b)))
    out, other = (stage.array(name, dtype, d, extents) for name in ("ours", "theirs"))
    plan = contraction(library, stage.context, dtype, extents, a, b, d)
    moved, arithmetic = x.nbytes + y.nbytes + out.nbytes, work(dtype, extents, a, b) / stage.peak(dtype)
    common = {"limit": max(arithmetic, stage.copy_seconds(moved)) if arithmetic else None,  # no peak was measured
              "limit_name": "arithmetic, memory", "note": plan.describe().get("route", "")}
    known = {"NumPy": peers.numpy_by_hand(a, b, d, extents, x, y), "torch": peers.torch_einsum(a, b, d, x, y)}
    known = {peer: both for peer, both in known.items() if both}
    ours = plan.bind([x, y], out)
    ours()
    known["NumPy"][1](other)
    common["agrees"] = close(out, other, k)

    def compare(mine, theirs):
        """Rows by group; a group's peers are {name: function}."""
        pairs = [(group, peer) for group, functions in theirs.items() for peer in functions]
        mine, *samples = stage.measure(mine, *(theirs[group][peer] for group, peer in pairs))
        for group in theirs:
            against = [stage.row(group, f"{case['tccg']} {size}", dtype, mine, peer, sample, **common,
                                 target={"compute-bound": 0.95, "tccg, TAPP": None}.get(group, 1.0))
                       for (other_group, peer), sample in zip(pairs, samples) if other_group == group]
            yield min(against, key=lambda row: row.ratio)

    given = {}
    if "tccg, given" in groups:
        given["tccg, given"] = fastest({peer: functools.partial(both[1], other) for peer, both in known.items()})
    if "compute-bound" in groups:
        given["compute-bound"] = {"OpenBLAS gemm": peers.gemm(dtype, m, n, k, x, y, other)}
    if "tccg, TAPP" in groups:
        given["tccg, TAPP"] = {stage.tapp.name: stage.tapp.product(dtype, a, b, d, extents, x, y, other)}
    if given:
        yield from compare(ours, given)
    if "tccg, fresh" in groups:
        yield from compare(lambda: plan.bind([x, y], numpy.empty(out.shape, out.dtype))(),
                           {"tccg, fresh": fastest({peer: both[0] for peer, both in known.items()})})


# ---- matrix products ----



def matmul(stage, dtype, n):
    """Our own routes, no guest, against OpenBLAS."""
    extents = {"i": n, "j": n, "k": n}
    x, y, out, other = (stage.array(name, dtype, labels, extents)
                        for name, labels in (("A", "ik"), ("B", "kj"), ("ours", "ij"), ("theirs", "ij")))
    plan = contraction(library, stage.own, dtype, extents, "ik", "kj", "ij")
    ours = plan.bind([x, y], out)
    theirs = peers.gemm(dtype, n, n, n, x, y, other)
    if theirs is None:
        return []
    ours()
    theirs()
    agrees = close(out, other, n)
    samples = stage.measure(ours, theirs)
    return [stage.row("matmul", f"n={n}", dtype, samples[0], "OpenBLAS gemm", samples[1], agrees=agrees,
                      note=plan.describe().get("route", ""))]


def integers(stage, dtype, n):
    """Against the rate of multiply and add instructions."""
    extents = {"i": n, "j": n, "k": n}
    x, y, out = (stage.array(name, dtype, labels, extents) for name, labels in (("A", "ik"), ("B", "kj"), ("ours", "ij")))
    ours = contraction(library, stage.context, dtype, extents, "ik", "kj", "ij").bind([x, y], out)
    ours()
    agrees = close(out, numpy.matmul(y, x), n)
    samples = [[], []]
    for _ in range(ROUNDS):
        samples[0] += report.interleaved(1, ours)[0]
        samples[1].append(work(dtype, extents, "ijk") / stage.limits.operations(f"madd_{dtype}_{stage.isa}"))
    return [stage.row("integers", f"matmul {n}", dtype, samples[0], "multiply + add", samples[1], agrees=agrees, target=0.7)]


# ---- what reads or writes memory ----

READING = {"abcde,efbad->cf": dict(zip("abcdef", (24, 16, 24, 32, 32, 24))),
           "abcd,dbea->ec": dict.fromkeys("abcde", 56),
           "abcdef,dega->gfbc": dict.fromkeys("abcdefg", 16)}


def permute_and_multiply(stage, dtype, extents, labels, arrays, out):
    """Our permutation plans and one matrix product by the guest, if there is one: a function."""
    a, b, d = labels
    route = BLAS if peers.openblas() else PACKED
    summed = "".join(x for x in a if x in b)
    kept = ["".join(x for x in d if x in labels) for labels in (a, b)]
    steps, factors = [], []
    for name, labels, rest, array in zip(("A'", "B'"), (a, b), kept, arrays):
        if labels in (summed + rest, rest + summed):
            factors.append((labels, array))
            continue
        permuted = stage.array(name, dtype, summed + rest, extents)
        steps.append(permutation(library, stage.context, dtype, extents, labels, summed + rest).bind([array], permuted))
        factors.append((summed + rest, permuted))
    (a, x), (b, y) = factors
    made = d if d == kept[1] + kept[0] else kept[0] + kept[1]
    between = out if made == d else stage.array("D'", dtype, made, extents)
    steps.append(contraction(library, stage.context, dtype, extents, a, b, made, route).bind([x, y], between))
    if made != d:
        steps.append(permutation(library, stage.context, dtype, extents, made, d).bind([between], out))
    return lambda: [step() for step in steps]


def reading(stage, dtype, equation):
    """Against reading both operands once, or the arithmetic; and against our own permutations and a matrix product."""
    a, b, d = equation.replace("->", ",").split(",")
    extents = READING[equation]
    x, y, out, other = (stage.array(name, dtype, labels, extents)
                        for name, labels in (("A", a), ("B", b), ("ours", d), ("theirs", d)))
    plan = contraction(library, stage.context, dtype, extents, a, b, d)
    ours, detour = plan.bind([x, y], out), permute_and_multiply(stage, dtype, extents, (a, b, d), (x, y), other)
    ours()
    detour()
    agrees = close(out, other, size_of(extents, set(a) & set(b)))
    samples, limit = [[], []], []
    for _ in range(ROUNDS):
        for sample, more in zip(samples, report.interleaved(1, ours, detour, pause=PAUSE if stage.threads > 1 else 0)):
            sample += more
        read = sum(stage.limits.moving("read", array.nbytes, other, array) for array in (x, y))
        limit.append(max(read, work(dtype, extents, a, b) / stage.peak(dtype)))
    return [stage.row("reading", equation, dtype, samples[0], "limit", limit, agrees=agrees, target=0.5,
                      note=plan.describe().get("route", "")),
            stage.row("reading, detour", equation, dtype, samples[0], "permute + gemm", samples[1], agrees=agrees,
                      target=1.5)]


# name: equation, extent, limit, target
MEMORY = {"matrix-vector": ("ij,j->i", 4000, "read", 0.9),
          "vector-matrix": ("ij,i->j", 4000, "read", 0.9),
          "outer product": ("i,j->ij", 4000, "fill", 0.9),
          "Hadamard": ("ij,ij->ij", 3000, "triad", 0.9),
          "row sums": ("ij->i", 4000, "read", 0.9),
          "column sums": ("ij->j", 4000, "read", 0.9),
          "inner product transposed": ("ij,ji->", 4000, "read", 0.7)}


def memory(stage, dtype, name):
    """Against the best kernel that moves the same bytes."""
    equation, n, kind, target = MEMORY[name]
    inputs, d = equation.split("->")
    inputs, extents = inputs.split(","), {"i": n, "j": n}
    arrays = [stage.array(name, dtype, labels, extents) for name, labels in zip("AB", inputs)]
    out = stage.array("ours", dtype, d, extents)
    plan = (contraction(library, stage.context, dtype, extents, *inputs, d) if len(inputs) == 2 else
            sum_over(library, stage.context, dtype, extents, inputs[0], d))
    ours = plan.bind(arrays, out)
    ours()
    axes = [list(map("ij".index, labels[::-1])) for labels in (*inputs, d)]
    expected = numpy.einsum(*(item for pair in zip(arrays, axes) for item in pair), axes[-1])
    agrees = close(out, expected, n * n if not d else n)
    samples = [[], []]
    large = [array for array in arrays if array.size == n * n]
    room_ = stage.array("theirs", dtype, "ij", extents)
    for _ in range(ROUNDS):
        samples[0] += report.interleaved(1, ours)[0]
        if kind == "read":
            seconds = sum(stage.limits.moving("read", array.nbytes, room_, array) for array in large)
        elif kind == "fill":
            seconds = stage.limits.moving("fill", out.nbytes, out, arrays[0])
        else:
            seconds = stage.limits.moving("triad", 3 * out.nbytes, out, *arrays)
        samples[1].append(seconds)
    return [stage.row("memory", f"{name} {n}", dtype, samples[0], f"best {kind}", samples[1], agrees=agrees, target=target)]


# ---- two threads ----

def speedup(stage, dtype, name):
    """Two threads against one, over the same of the peaks of arithmetic."""
    single = library.context(1, b"none")
    if name.startswith("matmul"):
        n = int(name.split()[1])
        a, b, d, extents = "ik", "kj", "ij", {"i": n, "j": n, "k": n}
    else:
        case = next((case for case in tccg_cases() if case["tccg"] == name), None)
        if case is None:
            return []
        a, b, d, extents, _ = tccg_shape(case, dtype, "16MiB")
    x, y, out = (stage.array(label, dtype, labels, extents) for label, labels in (("A", a), ("B", b), ("ours", d)))
    one, two = (contraction(library, context, dtype, extents, a, b, d).bind([x, y], out)
                for context in (single, stage.own))
    samples, gains = [[], []], []
    for _ in range(ROUNDS):
        before = stage.gain(dtype)
        for sample, more in zip(samples, report.interleaved(1, two, one)):
            sample += more
        gains.append((before + stage.gain(dtype)) / 2)
    return [stage.row("speedup", name, dtype, samples[0], "1 thread / gain of the peak",
                      [s / g for s, g in zip(samples[1], gains)], target=0.93,
                      note=f"peaks x {sorted(gains)[len(gains) // 2]:.2f}")]


# ---- the programs ----

def program(stage, group, *arguments):
    """Rows that a program of this folder compares by itself."""
    name = {"permutations": "permute"}.get(group, group)
    return [stage.row(group, row["case"], row["dtype"], row["ours_s"], row["peer"], row["peer_s"], target=row["target"] or None)
            for row in run_rows(name, stage.threads, *arguments)]
