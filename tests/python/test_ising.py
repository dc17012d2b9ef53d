#!/usr/bin/env python3
"""The Ising example against Kaufman's formula (its own check) and against the sum over all states.

The examples are in $TENFERRO_EXAMPLES, else in $TENFERRO_BUILD_DIR/examples.
"""

import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TENFERRO_BUILD_DIR") or ROOT / "build/release")
ISING = pathlib.Path(os.environ.get("TENFERRO_EXAMPLES") or BUILD / "examples") / "ising"
TEMPERATURES = ["0.5", "1.5", "2.269185314213022", "3.5", "50"]


def run(folder, *arguments):
    """Runs the example: its exit status, what it printed, and ln Z per site for each temperature."""
    ran = subprocess.run([str(ISING), "--directory", folder, *map(str, arguments)], capture_output=True, text=True,
                         check=False, timeout=300)
    rows = [line.split() for line in ran.stdout.splitlines()]
    start = next((i for i, row in enumerate(rows) if row[:1] == ["temperature"]), len(rows))
    return ran, [float(row[1]) for row in rows[start + 1:] if len(row) == 6]


def brute_force(size, temperature):
    """ln Z per site, summed over all 2^(size^2) states."""
    sites = size * size
    states = np.arange(2 ** sites, dtype=np.int64)
    energy = np.zeros(len(states), dtype=np.int64)
    for row in range(size):
        for column in range(size):
            here = states >> (row * size + column) & 1
            for other in (row * size + (column + 1) % size, (row + 1) % size * size + column):
                energy += 2 * ((here ^ states >> other) & 1) - 1
    energies, counts = np.unique(energy, return_counts=True)
    weights = np.log(counts) - energies / temperature
    most = weights.max()
    return (most + math.log(math.fsum(np.exp(weights - most)))) / sites


def is_release():
    """L = 12 takes seconds in a release build, minutes in one with sanitizers."""
    cache = BUILD / "CMakeCache.txt"
    return cache.exists() and "CMAKE_BUILD_TYPE:STRING=Release\n" in cache.read_text()


def main():
    failed = passed = 0
    with tempfile.TemporaryDirectory() as folder:
        options = [word for t in TEMPERATURES for word in ("--temperature", t)]
        for size in [*range(2, 9), *([12] if is_release() else [])]:
            for order in ["auto", "rows", "greedy"] if size <= 5 else ["rows"] if size > 8 else ["auto", "rows"]:
                ran, values = run(folder, "--size", size, "--order", order, *options)
                good = ran.returncode == 0 and len(values) == len(TEMPERATURES) and ran.stderr == ""
                if good and size <= 4:
                    exact = [brute_force(size, float(t)) for t in TEMPERATURES]
                    good = all(abs(v - e) <= 1e-12 * abs(e) for v, e in zip(values, exact))
                if good:
                    passed += 1
                else:
                    failed += 1
                    print(f"FAILED ising --size {size} --order {order}: status {ran.returncode}\n{ran.stdout}{ran.stderr}")
        written = sorted(os.listdir(folder))
        if len(written) == 2 * size * size and np.load(f"{folder}/{written[0]}").shape == (2, 2):
            passed += 1
        else:
            failed += 1
            print(f"FAILED operands on disk: {len(written)} files")
        for wrong in (["--size", "1"], ["--size", "x"], ["--order", "best"], ["--temperature", "-1"], ["--size"]):
            if run(folder, *wrong)[0].returncode == 2:
                passed += 1
            else:
                failed += 1
                print(f"FAILED ising {wrong} is refused")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
