#!/usr/bin/env python3
"""Arrays written by NumPy, through tenferro's reader and writer, back to NumPy: bit by bit the same.

test_npy.py [PROGRAM]   PROGRAM is tests/support/npy_roundtrip (default: the one under $TENFERRO_BUILD_DIR)
"""

import itertools
import os
import subprocess
import sys
import tempfile
import threading
import zipfile

import numpy as np

DTYPES = ["bool", "int32", "int64", "float32", "float64", "complex64", "complex128"]
SHAPES = [(), (0,), (1,), (7,), (3, 4), (4, 0, 2), (2, 3, 4), (1, 5, 1), (2,) * 12, (1,) * 20 + (2, 3) + (1,) * 10]

passed = failed = 0


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


def random_array(rng, dtype, shape, order):
    """Random bits: every NaN, infinity and negative zero must survive."""
    count = int(np.prod(shape, dtype=np.int64))
    if dtype == "bool":
        flat = rng.integers(0, 2, count).astype(bool)
    else:
        flat = np.frombuffer(rng.bytes(count * np.dtype(dtype).itemsize), dtype)
    return np.asarray(flat.reshape(shape), order=order)


def same(a, b):
    """The same shape, dtype (but for the byte order) and bits."""
    native = a.astype(a.dtype.newbyteorder("="), copy=False)
    return a.shape == b.shape and native.dtype == b.dtype and native.tobytes("C") == b.tobytes("C")


def run(program, *arguments, stdin=None):
    return subprocess.run([program, *arguments], capture_output=True, stdin=stdin)


def write_npy(path, array, version):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def header_of(path):
    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        return version, read(file)


def check_npy(program, folder, rng):
    versions = itertools.cycle([(1, 0), (2, 0), (3, 0)])
    cases = []
    for dtype, shape, order, byteorder in itertools.product(DTYPES, SHAPES, "CF", "<>"):
        array = random_array(rng, dtype, shape, order)
        array = array.astype(array.dtype.newbyteorder(byteorder))
        cases.append((array, next(versions), f"{dtype} {shape} {order} {byteorder}"))
    sources = [f"{folder}/in{i}.npy" for i in range(len(cases))]
    targets = [f"{folder}/out{i}.npy" for i in range(len(cases))]
    for source, (array, version, _) in zip(sources, cases):
        write_npy(source, array, version)
    for option in ([], ["--spread"]):
        result = run(program, *option, *itertools.chain(*zip(sources, targets)))
        check(result.returncode == 0, f"{option}: {result.stderr.decode()}")
        for target, (array, version, what) in zip(targets, cases):
            what = f"{what} {version} {option}"
            if not os.path.exists(target):
                check(False, what + ": not written")
                continue
            check(same(array, np.load(target)), what)
            fortran = header_of(target)[1][1]
            only_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
            check(fortran == (not option and only_fortran), what + ": order")
            check(os.path.getsize(target) % 64 == array.nbytes % 64, what + ": alignment")
            os.remove(target)


def check_bool_bytes(program, folder):
    """Bytes other than 0 and 1 are true."""
    source, target = f"{folder}/in.npy", f"{folder}/out.npy"
    write_npy(source, np.array([0, 1, 2, 255], np.uint8).view(bool), (1, 0))
    run(program, source, target)
    check(np.load(target).view(np.uint8).tolist() == [0, 1, 1, 1], "bool bytes")


def check_pipe(program, folder, rng):
    source, target, pipe = f"{folder}/in.npy", f"{folder}/out.npy", f"{folder}/pipe.npy"
    array = random_array(rng, "float64", (700, 801), "C")  # more than the pieces that a pipe is read in
    np.save(source, array)
    os.mkfifo(pipe)

    def feed(count):
        with open(source, "rb") as file, open(pipe, "wb") as out:
            try:
                out.write(file.read(count))
            except BrokenPipeError:
                pass

    for count, works in ((-1, True), (3_000_000, False), (5, False), (60, False)):
        if os.path.exists(target):
            os.remove(target)
        feeder = threading.Thread(target=feed, args=(count,))
        feeder.start()
        result = run(program, pipe, target)
        feeder.join()
        check((result.returncode == 0) == works, f"pipe of {count} bytes: {result.stderr.decode()}")
        check(os.path.exists(target) == works and (not works or same(array, np.load(target))), f"pipe of {count} bytes")
    result = run(program, source, "/dev/stdout")
    check(result.stdout == open(source, "rb").read(), "written to a pipe")


def check_appended(program, folder):
    """Of several arrays in one file the first is read."""
    source, target = f"{folder}/in.npy", f"{folder}/out.npy"
    with open(source, "wb") as file:
        np.save(file, np.arange(5.0))
        np.save(file, np.arange(3))
    run(program, source, target)
    check(same(np.arange(5.0), np.load(target)), "appended arrays")


def check_refused(program, folder):
    source, target = f"{folder}/in.npy", f"{folder}/refused.npy"
    refused = {
        "int16": np.arange(3, dtype=np.int16), "uint8": np.arange(3, dtype=np.uint8), "float16": np.ones(3, np.float16),
        "string": np.array(["a", "bc"]), "bytes": np.array([b"a"]), "object": np.array([{}, None]),
        "structured": np.zeros(2, [("a", "<f8"), ("b", "<i4")]), "date": np.zeros(2, "M8[s]"),
        "longdouble": np.zeros(2, np.longdouble),
    }
    for name, array in refused.items():
        np.save(source, array)
        result = run(program, source, target)
        check(result.returncode == 1 and result.stderr.startswith(b"UNSUPPORTED") and not os.path.exists(target), name)


def npz_names(path):
    with zipfile.ZipFile(path) as archive:
        check(archive.testzip() is None, f"{path}: checksums")
        return archive.namelist()


def check_npz(program, folder, rng):
    source, target, again = f"{folder}/in.npz", f"{folder}/out.npz", f"{folder}/again.npz"
    arrays = {
        f"{dtype}_{i}{order}": random_array(rng, dtype, shape, order)
        for dtype in DTYPES for i, shape in enumerate(SHAPES[:8]) for order in "CF"
    }
    arrays["größe/λ"] = np.arange(6.0).reshape(2, 3)
    arrays["large"] = np.tile(np.arange(1000.0), 300)
    for save in (np.savez, np.savez_compressed):
        save(source, **arrays)
        result = run(program, source, target)
        check(result.returncode == 0, f"{save.__name__}: {result.stderr.decode()}")
        with np.load(target) as loaded:
            check(sorted(loaded.files) == sorted(arrays), f"{save.__name__}: names")
            for name, array in arrays.items():
                check(same(array, loaded[name]), f"{save.__name__}: {name}")
        npz_names(target)
        run(program, target, again)
        check(open(target, "rb").read() == open(again, "rb").read(), "the same bytes every time")
    np.savez(source)
    check(run(program, source, target).returncode == 0, "empty archive")
    with np.load(target) as loaded:
        check(loaded.files == [], "empty archive is empty")


def check_npz_streamed(program, folder):
    """Members whose sizes follow them (a data descriptor), with a comment behind everything."""
    source, target = f"{folder}/in.npz", f"{folder}/out.npz"

    class Unseekable:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            return self.file.write(data)

        def flush(self):
            self.file.flush()

    with open(source, "wb") as file, zipfile.ZipFile(Unseekable(file), "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.npy", "w") as member:
            np.lib.format.write_array(member, np.arange(100))
        archive.comment = b"PK\x05\x06 is no end here"
    result = run(program, source, target)
    check(result.returncode == 0, f"data descriptor: {result.stderr.decode()}")
    with np.load(target) as loaded:
        check(same(np.arange(100), loaded["a"]), "data descriptor")


def check_npz_many(program, folder):
    """More members than 16 bits count: the 64-bit end record, read and written."""
    source, target = f"{folder}/in.npz", f"{folder}/out.npz"
    count = 65537
    with zipfile.ZipFile(source, "w") as archive:
        member = f"{folder}/in.npy"
        np.save(member, np.float32(3))
        data = open(member, "rb").read()
        for i in range(count):
            archive.writestr(f"{i}.npy", data)
    result = run(program, source, target)
    check(result.returncode == 0, f"many members: {result.stderr.decode()}")
    check(npz_names(target) == [f"{i}.npy" for i in range(count)], "many members")


def check_npz_unknown_method(program, folder):
    source, target = f"{folder}/in.npz", f"{folder}/refused.npz"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.npy", b"x" * 1000)
    result = run(program, source, target)
    check(result.returncode == 1 and result.stderr.startswith(b"UNSUPPORTED") and b"a.npy" in result.stderr, "bzip2")
    check(not os.path.exists(target), "nothing written")


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else os.environ["TENFERRO_BUILD_DIR"] + "/tests/support/npy_roundtrip"
    rng = np.random.default_rng(5)
    with tempfile.TemporaryDirectory() as folder:
        check_npy(program, folder, rng)
        check_bool_bytes(program, folder)
        check_pipe(program, folder, rng)
        check_appended(program, folder)
        check_refused(program, folder)
        check_npz(program, folder, rng)
        check_npz_streamed(program, folder)
        check_npz_many(program, folder)
        check_npz_unknown_method(program, folder)
        leftover = [name for name in os.listdir(folder) if name.endswith(".tmp")]
        check(not leftover, f"left behind: {leftover}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
