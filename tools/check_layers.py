#!/usr/bin/env python3
"""Checks that includes only point down the layers, and that docs/architecture.md shows these layers.

check_layers.py            reads the #include lines of every source and fails on an arrow that LAYERS does not allow
check_layers.py --picture  prints the picture that docs/architecture.md must contain
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# From the top down: (name, folders, what it may include besides itself and the public headers).
LAYERS = [
    ("command line", ["cli"], ""),
    ("bindings", ["bindings/python", "bindings/julia"], ""),
    ("examples", ["examples"], ""),
    ("modules", ["src/structured", "src/units", "src/io", "src/dist", "src/interop"], "ops tensor memory support"),
    ("derivatives", ["src/autodiff"], "ops tensor memory support"),
    ("domains", ["src/einsum", "src/linalg", "src/fft"], "ops prims tensor memory support"),
    ("operations", ["src/ops"], "prims tensor memory support"),
    ("protocol", ["src/prims"], "contract kernels algebra memory support"),
    ("contraction", ["src/contract"], "kernels algebra support"),
    ("kernels", ["src/kernels"], "support"),
    ("algebra", ["src/algebra"], "support"),
    ("tensor", ["src/tensor"], "memory support"),
    ("devices", ["src/backends"], "memory support"),
    ("memory", ["src/memory"], "support"),
    ("support", ["src/support"], ""),
]

C_LIBRARY = set(
    """complex.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h setjmp.h signal.h stdalign.h
    stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h tgmath.h time.h wchar.h
    dirent.h dlfcn.h fcntl.h getopt.h link.h poll.h pthread.h sched.h strings.h unistd.h sys/ioctl.h sys/mman.h
    sys/stat.h sys/syscall.h sys/types.h sys/wait.h sys/resource.h sys/time.h linux/futex.h cpuid.h immintrin.h
    arm_neon.h sanitizer/asan_interface.h""".split()
)
PUBLIC_MAY_INCLUDE = {"stddef.h", "stdint.h", "stdbool.h"}
THIRD_PARTY = {"sleef.h": ["src/kernels"], "jansson.h": ["cli"]}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

PICTURE = """\
   cli/      bindings/      examples/                       know the public headers only
 ----|-----------|--------------|-------------------------- include/tenferro/*.h: the C ABI
     v           v              v
 +-------------------------------------------------------+
 | modules      io  (structured, units, dist, interop)   |  files and other worlds
 +-------------------------------------------------------+
 | derivatives  (autodiff)                               |  fills the level vtable of tensor
 +-------------------------------------------------------+
 | domains      einsum  (linalg, fft)                    |  N-ary contraction and its orders
 +-------------------------------------------------------+
 | operations   ops                                      |  the primitives, apply, the rules
 +---------------------------+---------------------------+
 | protocol     prims        | tensor                    |  dtypes, layouts, extents, handle,
 +---------------------------+                           |  levels
 | engines      contract     +---------------------------+
 |              kernels      | memory                    |  context, allocator, pool, guests
 |              (algebra)    |        (backends/*)       |
 +---------------------------+---------------------------+
 | support                                               |  status, checked sizes, threads, cpu
 +-------------------------------------------------------+
   Arrows point down only.  (In parentheses: a place kept for what does not exist yet.)
"""


def layer_of(path):
    """The layer that a path (relative to the root) belongs to."""
    for layer in LAYERS:
        if any(path == folder or path.startswith(folder + "/") for folder in layer[1]):
            return layer
    return None


def check_include(path, kind, target):
    """What is wrong with one #include of the file `path`; None if nothing is."""
    name, folders, allowed = layer_of(path)
    in_source = path.startswith("src/")
    if target in ("tenferro.h", "tapp.h") or target.startswith(("tenferro/", "tapp/")):
        if in_source and target == "tenferro.h":
            return "a layer includes the headers that it needs, not all of them"
        return None if (ROOT / "include" / target).exists() else "no such public header"
    if kind == "<":
        if target in THIRD_PARTY:
            homes = THIRD_PARTY[target]
            return None if any(path.startswith(home + "/") for home in homes) else "third party: only in " + ", ".join(homes)
        return None if target in C_LIBRARY else "neither the C library nor POSIX nor a library known to check_layers.py"
    if not in_source:
        beside = (ROOT / path).parent / target
        return None if beside.resolve().is_relative_to(ROOT / folders[0]) and beside.exists() else "public headers only"
    if not (ROOT / "src" / target).exists():
        return "no such file under src/ (includes are relative to src/)"
    to = layer_of("src/" + target)
    own = next(folder for folder in folders if path.startswith(folder + "/"))
    if ("src/" + target).startswith(own + "/"):
        return None
    to_folder = target.split("/")[0]
    if to is None or to_folder not in allowed.split():
        return f"{name} may include only: {allowed or 'public headers'}"
    return None


def check_tree():
    """One line for each include that must not be."""
    wrong = []
    for folder in ("src", "cli", "examples", "bindings"):
        for file in sorted((ROOT / folder).rglob("*.[ch]")):
            path = file.relative_to(ROOT).as_posix()
            if layer_of(path) is None:
                wrong.append(f"{path}: in no layer; see design table in tools/check_layers.py")
                continue
            text = file.read_text(encoding="utf-8")
            for kind, target in INCLUDE.findall(text):
                problem = check_include(path, kind, target)
                if problem:
                    wrong.append(f"{path}: includes {target}: {problem}")
    for file in sorted((ROOT / "include").rglob("*.h")):
        path = file.relative_to(ROOT).as_posix()
        for kind, target in INCLUDE.findall(file.read_text(encoding="utf-8")):
            ours = target.startswith(("tenferro/", "tapp/")) and (ROOT / "include" / target).exists()
            if kind != "<" or not (ours or target in PUBLIC_MAY_INCLUDE):
                wrong.append(f"{path}: includes {target}: a public header names no third party and nothing internal")
    return wrong


def check_picture():
    """The picture names every folder of the table, and docs/architecture.md contains it."""
    wrong = []
    for _, folders, _ in LAYERS:
        for folder in folders:
            if folder.split("/")[-1] not in PICTURE and folder.split("/")[0] not in PICTURE:
                wrong.append(f"the picture lacks {folder}")
    page = ROOT / "docs" / "architecture.md"
    if not page.exists() or PICTURE not in page.read_text(encoding="utf-8"):
        wrong.append("docs/architecture.md does not contain the output of tools/check_layers.py --picture")
    return wrong


def main():
    if sys.argv[1:] == ["--picture"]:
        sys.stdout.write(PICTURE)
        return 0
    wrong = check_tree() + check_picture()
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
