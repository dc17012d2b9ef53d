#!/usr/bin/env python3
"""Compares what a library exports with abi/symbols.txt: check_symbols.py LIBRARY [--update]"""

import pathlib
import subprocess
import sys

LIST = pathlib.Path(__file__).resolve().parent.parent / "abi" / "symbols.txt"


def exported(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True)
    names = {line.split()[-1].split("@")[0] for line in listing.stdout.splitlines() if line.strip()}
    return sorted(names)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    names = exported(sys.argv[1])
    strange = [name for name in names if not name.startswith(("tenferro_", "TAPP_"))]
    if strange:
        sys.exit("exported without a prefix of ours: " + " ".join(strange))
    if "--update" in sys.argv:
        LIST.write_text("".join(name + "\n" for name in names))
        print(f"{len(names)} symbols written")
        return
    known = LIST.read_text().split() if LIST.exists() else []
    gone = sorted(set(known) - set(names))
    new = sorted(set(names) - set(known))
    for name in gone:
        print(f"- {name}")
    for name in new:
        print(f"+ {name}")
    if gone or new:
        sys.exit("the exported symbols are not those of abi/symbols.txt; if that is meant: tools/check_symbols.py LIBRARY --update")


if __name__ == "__main__":
    main()
