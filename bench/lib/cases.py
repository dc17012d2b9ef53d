"""The rows of the suite foundation: ours and the peers, in one process and in turn.  Import it after pinning."""

import ctypes
import json
import math
import statistics
import time
import timeit

import numpy

from lib.machine import BUILD, SHARED, Machine, run_program
from lib.network import Network, by_einsum, by_matmul
from lib.report import Row, interleaved
from lib.tenferro import Library, Plan, handle

LONG = {"gm_queen5_5_3.wcsp", "str_nw_mera_closed_120", "str_nw_mera_open_26", "lm_batch_likelihood_sentence_3_12d",
        "tensornetwork_permutation_focus_step409_316", "tensornetwork_permutation_light_415"}  # seconds a round: not with --quick
SLOW = 5.0  # seconds: a peer that takes longer is timed once

library = Library(BUILD)


# ---- rows ----

def small_calls(options):
    """Nanoseconds: the program bench_micro and NumPy called from Python, in turn."""
    rounds, number = (3, 20000) if options.quick else (9, 50000)
    a, b = numpy.random.default_rng(1).random((2, 3))
    p, q = numpy.random.default_rng(2).random((2, 2, 2))
    peers = {"add_3": ("np.add from Python", lambda: numpy.add(a, b)),
             "einsum_2x2": ("np.einsum from Python", lambda: numpy.einsum("ij,jk->ik", p, q))}
    ours, theirs = {}, {}
    for _ in range(rounds):
        for case, samples in run_program("micro", options).items():
            ours.setdefault(case, []).append(1e-9 * statistics.median(samples))
        for case, (_, call) in peers.items():
            theirs.setdefault(case, []).append(min(timeit.repeat(call, number=number, repeat=3)) / number)
    limits = {case: statistics.median(ours.pop(f"limit_{case}", [0])) for case in ("dgemm_2x2", "three_blocks")}
    for case, samples in ours.items():
        key = next(key for key in peers if case.startswith(key))
        parts = []
        if not case.endswith("_into"):
            parts.append("three_blocks")
        if key == "einsum_2x2":
            parts.append("dgemm_2x2")
        name = " + ".join({"three_blocks": "3 malloc", "dgemm_2x2": "dgemm called directly"}[p] for p in parts)
        yield Row(case, options.threads, samples, peers[key][0], theirs[key], sum(limits[p] for p in parts), name)


def same(ours, theirs):
    scale = numpy.abs(theirs).max(initial=0)
    return ours.shape == theirs.shape and bool(numpy.abs(ours - theirs).max(initial=0) <= 1e-10 * scale)


def matmul(options, machine):
    n, rounds = 1024, 5 if options.quick else 9
    x, y, z, expected = map(aligned, numpy.random.default_rng(3).random((4, n, n)))
    try:
        dgemm = ctypes.CDLL("libopenblas.so.0").cblas_dgemm
    except OSError:
        print("foundation: no OpenBLAS here: the matrix product is skipped")
        return
    row_major, no, one, zero = 101, 111, ctypes.c_double(1), ctypes.c_double(0)
    pointer = [ctypes.c_void_p(m.ctypes.data) for m in (x, y, expected)]

    def direct():
        dgemm(row_major, no, no, n, n, n, one, pointer[0], n, pointer[1], n, zero, pointer[2], n)
    for case, blas in (("matmul_1024_guest_blas", None), ("matmul_1024_own", b"none")):
        context = library.context(options.threads, blas)
        plan = Plan(library, context, [[0, 1], [1, 2]], {0: n, 1: n, 2: n}, [0, 2], [(0, 1)])
        operands = (handle * 2)(library.wrap(context, x), library.wrap(context, y))
        out = library.wrap(context, z)
        z.fill(0)
        samples = interleaved(rounds, lambda: plan.execute_into(operands, out), direct)
        yield Row(case, options.threads, samples[0], "OpenBLAS dgemm", samples[1], 2 * n**3 / machine.flops, "FMA peak",
                  agrees=same(z, expected))


def aligned(array, offset=0):
    """A copy that begins `offset` bytes behind a cache line's begin.  Our own tensors have 0, NumPy's large arrays 16."""
    room = numpy.empty(array.size + 16)
    begin = -room.ctypes.data % 64 // 8 + offset // 8
    copy = room[begin:begin + array.size].reshape(array.shape)
    copy[...] = array
    return copy


def transpose(options, machine):
    n, rounds = 2048, 5 if options.quick else 9
    for case, offset in (("transpose_2048", 0), ("transpose_2048_off_the_line", 16)):
        x, z, copy = (aligned(m, offset) for m in numpy.random.default_rng(4).random((3, n, n)))
        context = library.context(options.threads)
        view, out = library.transposed(library.wrap(context, x)), library.wrap(context, z)
        samples = interleaved(rounds, lambda: library.copy_into(view, out),
                              lambda: ctypes.memmove(copy.ctypes.data, x.ctypes.data, x.nbytes))
        yield Row(case, options.threads, samples[0], "memcpy", samples[1], machine.move_seconds(x.nbytes, x.nbytes),
                  "best copy", agrees=same(z, x.T))


def instance(document, name, options, machine):
    network, path = Network(document), document["paths"][name]["path_linear"]
    operands = network.random_operands(5)
    context = library.context(options.threads)
    plan = Plan(library, context, network.labels, network.extents, network.out, path)
    wrapped = (handle * len(operands))(*(library.wrap(context, x) for x in operands))
    made = plan.execute(wrapped)
    shape = [network.extents[label] for label in network.out]
    result = (ctypes.c_double * math.prod(shape)).from_address(library.c.tenferro_tensor_data(made))
    result = numpy.frombuffer(result).reshape(shape).copy()
    library.release(made)

    limit = network.limit(path, machine)
    peers = {"np.einsum": by_einsum(network, path), "np.matmul": by_matmul(network, path)}
    once, agrees = {}, {}
    for peer, contract in peers.items():
        start = time.perf_counter()
        agrees[peer] = same(result, numpy.asarray(contract(operands)))
        once[peer] = time.perf_counter() - start
    timed = [peer for peer in peers if once[peer] < SLOW]
    ours, *theirs = interleaved(5, lambda: library.release(plan.execute(wrapped)),
                                *(lambda contract=peers[peer]: contract(operands) for peer in timed))
    samples = dict(zip(timed, theirs))
    for peer in peers:
        yield Row(f"{document['name']} {name}", options.threads, ours, peer + ("" if peer in timed else " (once)"),
                  samples.get(peer, [once[peer]]), limit, "arithmetic, memory", agrees=agrees[peer])
    for tensor in wrapped:
        library.release(handle(tensor))
    plan.release()
    library.c.tenferro_context_release(context)


def instances(options, machine):
    files = sorted((SHARED / "einsum/tenferro_instances").glob("*.json"))
    if not files:
        print(f"foundation: no reference data at {SHARED} (set TENFERRO_SHARED to their folder): "
              "the instances are skipped")
    for file in files:
        document = json.loads(file.read_text())
        if options.quick and document["name"] in LONG:
            continue
        names = {json.dumps(path["path_linear"]): name for name, path in document["paths"].items()}
        for name in list(names.values())[:1 if options.quick else None]:  # paths that are the same run once
            yield from instance(document, name, options, machine)


def measure(options):
    """Prints all rows for one number of threads: (rows, probes before and after)."""
    before, rows = run_program("probe", options), []
    machine = Machine(before)
    for group in (small_calls(options) if options.threads == 1 else [], matmul(options, machine),
                  transpose(options, machine), instances(options, machine) if options.instances else []):
        for row in group:
            rows.append(row)
            print(row.line("foundation"), flush=True)
    return rows, [before, run_program("probe", options)]
