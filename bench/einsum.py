#!/usr/bin/env python3
"""Contraction orders: the cost that a search finds within a time limit, against the best known.

    ./bench/run einsum [--quick] [--filter TEXT] [--seeds N] [--json FILE]

One row a network: the median over the seeds of log10 of its cost, and what is best known or wanted.  Costs are those of the
order's plan: multiply-adds for the hard networks; for those of the Einsum Benchmark its own count, 2 for a multiply-add of a
step that sums and 1 for a product.  The status is 1 if a hard network or the count over the benchmark misses its target.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys

from lib.machine import BUILD, SHARED

DATA = SHARED / "einsum"

HARD = [("sycamore_n53_m20_s0_e0_pABCDCDAB", 18.1, 5), ("qucirc_rrzz_n56_d13", 19.1, 20),
        ("randreg_200_3_a", 11.7, 5), ("cubic_6x6x10", 15.95, 30)]  # log10 of multiply-adds, seconds
QUICK = {"gm_1fas", "gm_pedigree50", "lm_batch_likelihood_sentence_4_12d", "mc_2021_065", "qc_qft_28", "rnd_mixed_08",
         "qc_circuit_n49_m14_s9_e6_pEFGH_simplified", "str_matrix_chain_multiplication_100", "str_nw_mera_open_26",
         "wmc_2021_187", "qc_circuits-7", "gm_mastermind_03_08_05-0000"}
COUNTS = [(1e-3, 28), (0.1, 34), (0.5, 38)]  # of 40 instances: within so much of the best known, at least so many


def search(network, seconds, seed):
    """The cost of the order that the tool finds, as its JSON tells."""
    command = [BUILD / "tenferro", "path", network, "--order", "search", "--objective", "flops",
               "--seconds", str(seconds), "--seed", str(seed), "--format", "json"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(run.stdout)


def measure(case, network, seconds, seeds, key, target):
    costs = [math.log10(search(network, seconds, seed)[key]) for seed in range(seeds)]
    median = statistics.median(costs)
    print(f"einsum  {case:<56} 1  {seconds:>3g} s  {key:<13} {median:8.4f}  {target:8.4f}  {median - target:+8.4f}",
          flush=True)
    return {"case": case, "seconds": seconds, "cost": key, "log10": costs, "median": median, "target": target}


def hard_rows(options):
    for name, target, seconds in HARD:
        if options.quick and seconds > 5 or options.filter not in name:
            continue
        network = DATA / "contraction_order" / f"{name}.json"
        row = measure(name, network, seconds, options.seeds, "multiply_adds", target)
        row["missed"] = row["median"] > target
        yield row


def benchmark_rows(options):
    known = {row["filename"]: row["opt_flops_path_flops_log10"]
             for row in json.loads((DATA / "einsum_benchmark_metadata.json").read_text())["instances"]}
    for network in sorted((DATA / "einsum_benchmark").glob("*.json")):
        name = network.stem
        if name == "best_paths" or options.filter not in name or (options.quick and name not in QUICK):
            continue
        operands = len(json.loads(network.read_text())["ixs"])
        yield measure(name, network, 1 if operands <= 1000 else 10, options.seeds, "flops", known[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a named subset, one seed, under 3 minutes")
    parser.add_argument("--filter", default="", help="only networks whose name contains this")
    parser.add_argument("--seeds", type=int, default=None, help="seeds 0 .. N-1 (5; 1 with --quick)")
    parser.add_argument("--threads", type=int, default=1, help="the search is one thread's")
    parser.add_argument("--json", help="writes every seed's cost there")
    options = parser.parse_args()
    options.seeds = options.seeds or (1 if options.quick else 5)
    if not DATA.is_dir():
        sys.exit("einsum: the reference data are not here")

    hard, rows = list(hard_rows(options)), list(benchmark_rows(options))
    failed = any(row["missed"] for row in hard)
    for tolerance, least in COUNTS:
        reached = sum(row["median"] - row["target"] <= tolerance for row in rows)
        print(f"einsum  within 10^{tolerance:g} of the best known: {reached} of {len(rows)}; wanted {least} of 40")
        failed |= len(rows) == 40 and reached < least
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"hard": hard, "benchmark": rows, "failed": failed}, indent=1) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
