"""One program, that many CPUs and guest threads.  Imports nothing that loads a BLAS: libraries read both when they load."""

import os
import sys

# Idle workers of the peers sleep soon (0.4 ms) instead of spinning into the next measurement; pauses let them.
QUIET_WORKERS = {"OPENBLAS_THREAD_TIMEOUT": "20", "GOMP_SPINCOUNT": "10000"}
# glibc's malloc asks for huge pages, as NumPy does for its own arrays and we do: torch does not by itself.
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def pin(threads, **variables):
    """Starts this program anew if it is not pinned yet."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < threads:
        sys.exit(f"{sys.argv[0]}: {threads} threads asked for, {len(allowed)} CPUs to run on")
    os.sched_setaffinity(0, allowed[:threads])
    wanted = {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads), **variables}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable, *sys.argv])
