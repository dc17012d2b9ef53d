#!/usr/bin/env python3
"""contraction: contractions, permutations, matrix products and small calls against their targets.

contraction.py [--quick] [--threads N] [--only PATTERN] [--every] [--json FILE] [--markdown FILE] [--tapp LIBRARY]
contraction.py --from JSON... [--markdown FILE]

Without --threads: one thread, two threads, and a few rows on the AVX2 and portable kernels, each in a process of its own.
A ratio is the peer's time over ours, or the limit's: the median over pairs measured in turn.  A row that misses its target
is measured again, up to twice; two misses count.  --only runs the rows whose "group case dtype" the regular expression
matches.  --markdown replaces the block "contraction" of that page.  --tapp compares the tccg cases with any library that has
the TAPP interface, by its path.
"""

import argparse
import os
import re
import sys
import time

sys.dont_write_bytecode = True
from lib import runs
from lib.pinning import HUGE_PAGES, QUIET_WORKERS, pin

# The kernels of other machines, and what makes OpenBLAS use the like.
ISAS = {"avx2": "Haswell", "portable": "Prescott"}
# tccg cases for --quick (the first two in other dtypes than f64; with two threads all, without --quick), for --reduced, and the large ones (more
# than 10^10 operations) that stand for all of their kind in other dtypes than f64.  --every runs them all.
QUICK = ("abcd-aebf-dfce", "ab-acd-dbc", "abc-adc-bd", "abcde-efbad-cf", "abcd-ea-ebcd", "abcdef-degb-gfac")
REDUCED = ("ab-acd-dbc", "abc-acd-db", "abc-adc-bd")
LARGE = ("abcd-aebf-fdec", "abcd-eafd-fbec", "abcd-eafc-bfde")


def is_chosen(options, stage, dtype, case):
    name, is_large = case["tccg"], case["f64"]["16MiB"]["flops"] > 1e10
    if options.reduced:
        return name in REDUCED
    if options.quick:
        return name in QUICK[:None if dtype == "f64" else 2]
    if options.every or dtype == "f64" and stage.threads == 1:
        return True
    return name in QUICK if dtype != "f64" and stage.threads > 1 else not is_large or name in LARGE


def trials(stage, options, c):
    """(name, groups, function of groups that returns their rows), in the order of the issue's table; c: lib.contractions."""
    quick, reduced, alone = options.quick, options.reduced, stage.threads == 1
    for dtype in c.FLOATS:
        for case in c.tccg_cases():
            if not is_chosen(options, stage, dtype, case):
                continue
            for size in ("16MiB",) if reduced else ("16MiB", "1MiB"):
                groups = ["tccg, TAPP"] * bool(options.tapp) + ["tccg, given"] * (not reduced) + ["tccg, fresh"] * (dtype == "f64" and not reduced)
                if size == "16MiB" and c.is_compute_bound(case, dtype) and c.peers.openblas():
                    groups.append("compute-bound")
                yield (f"tccg {case['tccg']} {size} {dtype}", groups,
                       lambda groups, d=dtype, x=case, s=size: c.tccg(stage, x, d, s, groups))
    for dtype in c.FLOATS:
        for n in (64, 256, 1024) if quick or reduced else (64, 128, 256, 512, 1024, 2048):
            yield f"{n} {dtype}", ["matmul"], lambda _, d=dtype, n=n: c.matmul(stage, d, n)
    if not reduced:
        for dtype in c.FLOATS[:1] if quick else c.FLOATS:
            for equation in c.READING:
                yield (f"{equation} {dtype}", ["reading", "reading, detour"],
                       lambda _, d=dtype, e=equation: c.reading(stage, d, e))
    short = ["--quick"] if quick or reduced else []
    yield "", ["batched"], lambda _: c.program(stage, "batched", *short)
    if reduced:
        return
    for dtype in c.FLOATS[:1] if quick else c.FLOATS:
        for name in c.MEMORY:
            yield f"{name} {dtype}", ["memory"], lambda _, d=dtype, n=name: c.memory(stage, d, n)
    yield "", ["permutations"], lambda _: c.program(stage, "permutations", *([] if alone and not quick else ["--quick"]))
    if alone:
        yield "", ["small"], lambda _: c.program(stage, "small", *short)
        for dtype in ("i32", "i64"):
            yield f"512 {dtype}", ["integers"], lambda _, d=dtype: c.integers(stage, d, 512)
    else:
        for name in ("matmul 1024", "matmul 2048", "abcd-aebf-dfce", "abcd-eafd-fbec"):
            yield name, ["speedup"], lambda _, n=name: c.speedup(stage, "f64", n)


def undecided(attempts):
    """A miss counts if two of three measurements miss; what passes at once has passed."""
    misses = sum(row.failed() for row in attempts)
    return not attempts or attempts[0].failed() and misses < 2 and len(attempts) - misses < 2


def in_good_window(stage, measure, groups):
    """Rows measured while all threads have cores of their own, if that can be had: (rows, what to say)."""
    for _ in range(3):
        is_bad = stage.has_bad_window()
        rows = list(measure(groups))
        if not is_bad and not stage.has_bad_window():
            return rows, ""
    return rows, "bad window: the threads shared a core"


def settled(stage, groups, measure, has_targets):
    """The rows of a trial after as many reruns as their misses need."""
    tried = {}
    while groups:
        rows, remark = in_good_window(stage, measure, groups)
        for row in rows:
            row.note = ", ".join(filter(None, [row.note, remark]))
            if not has_targets:
                row.target = None
            attempts = tried.setdefault((row.group, row.case, row.dtype), [])
            if undecided(attempts):
                attempts.append(row)
        groups = [group for group in groups if any(key[0] == group and undecided(rows) for key, rows in tried.items())]
    for attempts in tried.values():
        row = attempts[-1]  # two misses or two passes: the last one is of the majority
        if len(attempts) > 1:
            row.note = ", ".join(filter(None, [row.note, "tries " + " ".join(f"{x.ratio:.2f}" for x in attempts)]))
        yield row


def run_pinned(options):
    pin(options.threads, **QUIET_WORKERS, **HUGE_PAGES)
    print(f"contraction: {options.threads} thread{'s' * (options.threads > 1)} {os.environ.get('TENFERRO_ISA', '')}", flush=True)
    from lib import contractions as c, machine, summary  # loads NumPy and its BLAS, which must see the pinning
    stage = c.Stage(options.threads, options.tapp)
    if c.peers.torch is None:
        print("contraction: no torch here (python3-torch): NumPy is the only peer of the tccg cases")
    if not c.tccg_cases():
        print(f"contraction: no reference data at {machine.SHARED} (set TENFERRO_SHARED): no tccg cases")
    rows, probes, start = [], [stage.probe()], time.perf_counter()
    for name, groups, measure in trials(stage, options, c):
        groups = [group for group in groups if not options.only or re.search(options.only, f"{group} {name}")]
        for row in settled(stage, groups, measure, not options.reduced):
            rows.append(row)
            print(row.line(row.group), row.note, flush=True)
    probes.append(stage.probe())
    isa = stage.isa if options.reduced else ""
    documents = [{**row.document(), "isa": isa} for row in rows]
    means = summary.geometric_means(documents)
    for mean in means:
        print(summary.line(mean), flush=True)
    failed = any(row.failed() for row in rows) or any(mean["failed"] for mean in means)
    seconds = time.perf_counter() - start
    print(f"contraction: {len(rows)} rows in {seconds:.0f} s", flush=True)
    return {"suite": "contraction", "machine": machine.machine_text(c.library), "failed": failed,
            "runs": [{"threads": options.threads, "isa": isa, "seconds": seconds, "probes": probes,
                      "rows": documents, "means": means}]}


def run_all(options):
    """One process for each number of threads and each kind of kernels."""
    both = len(os.sched_getaffinity(0)) > 1 and not options.quick
    settings = [(1, {})] + [(2, {})] * both
    if not options.quick:
        settings += [(1, {"TENFERRO_ISA": isa, "OPENBLAS_CORETYPE": core}) for isa, core in ISAS.items()]
    common = [*(["--quick"] if options.quick else []), *(["--every"] if options.every else []),
              *(["--only", options.only] if options.only else []), *(["--tapp", options.tapp] if options.tapp else [])]
    return runs.separately([(["--threads", str(threads), *common, *(["--reduced"] if variables else [])], variables)
                            for threads, variables in settings])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="at most three minutes: fewer cases, one thread")
    parser.add_argument("--threads", type=int, help="for us and for the peers")
    parser.add_argument("--only", help="a regular expression for the rows to run")
    parser.add_argument("--json", help="write all samples and the probes of the machine")
    parser.add_argument("--markdown", help="a page whose block <!-- contraction: begin --> is replaced")
    parser.add_argument("--from", dest="known", nargs="+", metavar="JSON", help="measure nothing: these runs together")
    parser.add_argument("--tapp", help="a shared library with the TAPP interface, as a peer of the tccg cases")
    parser.add_argument("--every", action="store_true", help="every tccg case in all dtypes and with two threads")
    parser.add_argument("--reduced", action="store_true", help="a few rows without targets, as for TENFERRO_ISA")
    options = parser.parse_args()
    if options.threads is not None and options.threads < 1:
        parser.error("--threads must be at least 1")
    if options.known:
        document = runs.load(options.known)
    else:
        document = run_pinned(options) if options.threads else run_all(options)

    from lib import report, summary
    if options.json:
        report.write_json(options.json, document)
    if options.markdown:
        report.replace_block(options.markdown, "contraction", summary.markdown(document))
    return int(document["failed"])


if __name__ == "__main__":
    sys.exit(main())
