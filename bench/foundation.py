#!/usr/bin/env python3
"""foundation: small calls, a matrix product, a transpose, and the instances of the reference data, against peers.

foundation.py [--quick] [--threads N] [--json FILE] [--markdown FILE]

Ratios are the peer's time over ours: above 1 we are faster.  Without --threads everything runs with one thread, and the
matrix product and the transpose again with two.  Every round measures ours and the peer in turn; a figure is the median
of the rounds, a ratio the median of the rounds' ratios.  --markdown replaces the block "foundation" of that page.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True
from lib.pinning import pin
from lib.runs import separately


def run_pinned(options):
    pin(options.threads)
    from lib import cases, machine  # loads NumPy and its BLAS, which must see the pinning
    rows, probes = cases.measure(options)
    document = {"suite": "foundation", "machine": machine.machine_text(cases.library), "failed": any(row.failed() for row in rows),
                "runs": [{"threads": options.threads, "probes": probes, "rows": [row.document() for row in rows]}]}
    return document


def run_all(options):
    """One process for each number of threads."""
    quick = ["--quick"] if options.quick else []
    return separately([(["--threads", str(threads), *quick, *(["--no-instances"] if threads > 1 else [])], {})
                       for threads in (1, 2)[:len(os.sched_getaffinity(0))]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute: fewer rounds, without the largest instances")
    parser.add_argument("--threads", type=int, help="for us and for the peers")
    parser.add_argument("--json", help="write all samples and the probes of the machine")
    parser.add_argument("--markdown", help="a page whose block <!-- foundation: begin --> is replaced")
    parser.add_argument("--no-instances", dest="instances", action="store_false", help="without the reference data")
    options = parser.parse_args()
    if options.threads is not None and options.threads < 1:
        parser.error("--threads must be at least 1")
    document = run_pinned(options) if options.threads else run_all(options)

    from lib import report
    if options.json:
        report.write_json(options.json, document)
    if options.markdown:
        report.replace_block(options.markdown, "foundation", report.markdown(document))
    return int(document["failed"])


if __name__ == "__main__":
    sys.exit(main())
