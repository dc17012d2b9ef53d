"""This machine: what its probes say, how it is called in a report, the programs of this folder, memory for arrays."""

import bisect
import ctypes
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

import numpy

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("TENFERRO_BUILD_DIR") or SOURCE / "build/release")
SHARED = pathlib.Path(os.environ.get("TENFERRO_SHARED") or SOURCE.parent / "shared/data")


def run_rows(name, threads, *arguments):
    """The rows of a program of this folder, as its JSON file has them."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "rows.json")
        done = subprocess.run([BUILD / f"bench/bench_{name}", "--threads", str(threads), "--json", file, *arguments],
                              check=False, stdout=subprocess.DEVNULL)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"bench_{name} failed")
        return json.loads(file.read_text())["rows"]


def run_program(name, options):
    """{case: samples} of a program of this folder."""
    rows = run_rows(name, options.threads, *(["--quick"] if options.quick else []))
    return {row["case"]: row["samples"] for row in rows}


def openblas():
    """The library, or None."""
    try:
        return ctypes.CDLL("libopenblas.so.0")
    except OSError:
        return None


def openblas_version():
    version = getattr(openblas(), "openblas_get_config", None)
    if version is None:
        return "none"
    version.restype = ctypes.c_char_p
    return " ".join(version().decode().split()[:2])


def machine_text(library):
    """CPU, caches, and the software that was compared, for the report."""
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), "unknown CPU")
    caches = []
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            caches.append(f"L{level} {size}")
    context = library.context(1)
    chosen = library.describe(context)
    return (f"{cpu}, {os.cpu_count()} CPUs, {', '.join(caches)}; our kernels: {chosen.get('isa', '?')}; "
            f"guest: {openblas_version()}; NumPy {numpy.__version__}.")


class Machine:
    """What bench_probe found."""

    def __init__(self, probe):
        self.rates = {case: statistics.median(samples) for case, samples in probe.items()}
        self.flops = 1e9 * max((v for k, v in self.rates.items() if k.startswith("fma")), default=float("inf"))

    def rate(self, kind, bytes_):
        """Bytes a second over the smallest working set probed that holds so many, or the largest one."""
        sizes = sorted(int(k[len(kind) + 1:-3]) << 10 for k in self.rates if k.startswith(kind))
        size = sizes[min(bisect.bisect_left(sizes, bytes_), len(sizes) - 1)]
        return 1e9 * self.rates[f"{kind}_{size >> 10}KiB"]

    def move_seconds(self, read, written):
        """Reading and writing at the rate of a copy, or of a fill where almost all is written."""
        kind = "fill" if written > 4 * read else "copy"
        return (read + written) / self.rate(kind, read + written)


class Arrays(ctypes.Structure):
    _fields_ = [("dst", ctypes.c_void_p), ("a", ctypes.c_void_p), ("b", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


class Limits:
    """The kernels of limits.c in this process, for limits measured in turn with ours."""

    def __init__(self, threads):
        self.threads = threads
        self.rate = ctypes.CDLL(os.fspath(BUILD / "bench/bench_limits.so")).limit_rate
        self.rate.restype = ctypes.c_double
        self.scratch = room(1 << 24, numpy.uint8)

    def moving(self, kind, bytes_, dst, a, b=None, passes=1):
        """Seconds in which the best kernel moves `bytes_` (all of them together) over these arrays; passes 0: again and again,
        so that what fits stays in a cache."""
        share = {"read": 1, "fill": 1, "copy": 2, "triad": 3}[kind]
        arrays = Arrays(dst.ctypes.data, a.ctypes.data, (a if b is None else b).ctypes.data,
                        bytes_ // share // 512 * 512)
        return bytes_ / self.rate(kind.encode(), self.threads, ctypes.byref(arrays), ctypes.c_size_t(passes))

    def operations(self, kind, threads=None):
        """Operations a second: "fma_avx512"; infinite where there is no such kernel."""
        data = self.scratch.ctypes.data
        arrays = Arrays(data, data, data, 0)
        return self.rate(kind.encode(), threads or self.threads, ctypes.byref(arrays),
                         ctypes.c_size_t(10)) or float("inf")


def room(count, dtype):
    """Memory for so many elements, at the begin of a cache line, written once.  NumPy asks for huge pages if it is large."""
    dtype = numpy.dtype(dtype)
    whole = numpy.empty(count * dtype.itemsize + 64, numpy.uint8)
    begin = -whole.ctypes.data % 64
    part = whole[begin:begin + count * dtype.itemsize].view(dtype)
    part.fill(1)
    return part
