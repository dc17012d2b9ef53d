#!/usr/bin/env python3
"""Compiles and runs the C programs in README.md and docs/*.md, and checks that relative links lead somewhere.

check_docs.py --cc CC --library-dir DIR [--flag FLAG]...

A program is a block marked ```c that contains `int main`.  It runs in an empty folder that holds two arrays, a.npy
(2x3x4) and b.npy (4x3x5) of float64, and must exit with status 0.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```c\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def run_program(name, text, options):
    """Compiles and runs one block; True if both went well."""
    with tempfile.TemporaryDirectory() as folder:
        random = numpy.random.default_rng(1)
        numpy.save(f"{folder}/a.npy", random.random((2, 3, 4)))
        numpy.save(f"{folder}/b.npy", random.random((4, 3, 5)))
        source = pathlib.Path(folder, "program.c")
        source.write_text(text)
        compiled = subprocess.run(
            [options.cc, "-std=c11", "-Wall", "-Wextra", "-Werror", *options.flag, f"-I{ROOT}/include", str(source),
             "-o", f"{folder}/program", f"-L{options.library_dir}", "-ltenferro", "-lm"],
            check=False)
        if compiled.returncode:
            print(f"{name}: does not compile")
            return False
        environment = dict(os.environ, LD_LIBRARY_PATH=options.library_dir)
        ran = subprocess.run(["./program"], cwd=folder, env=environment, check=False)
        if ran.returncode:
            print(f"{name}: exit status {ran.returncode}")
        return ran.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--library-dir", required=True)
    parser.add_argument("--flag", action="append", default=[])
    options = parser.parse_args()

    good = True
    programs = 0
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        for number, block in enumerate(BLOCK.findall(text), 1):
            if "int main" in block:
                programs += 1
                good &= run_program(f"{page.name}, block {number}", block, options)
        for target in LINK.findall(text):
            if "://" not in target and not (page.parent / target).exists():
                print(f"{page.name}: link to {target}, which does not exist")
                good = False
    print(f"{programs} programs")
    return 0 if good and programs else 1


if __name__ == "__main__":
    sys.exit(main())
