#!/bin/sh
# Runs the unit tests of a build under valgrind: check_valgrind.sh BUILD_DIR.  Any error or definite leak fails.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# valgrind does not know AVX-512; a guest's threads only make it slow
export TENFERRO_ISA=avx2 OPENBLAS_NUM_THREADS=1
# shellcheck disable=SC2016  # expanded by the inner shell
find "$1/tests/unit" -type f -perm -u+x -print0 | sort -z | xargs -0 -P "$(nproc)" -n 1 sh -c '
    log=$(mktemp)
    if ! timeout 600 valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
        --errors-for-leak-kinds=definite,indirect --trace-children=no --suppressions="$0/tests/valgrind.supp" \
        "$1" >"$log" 2>&1; then
        echo "FAILED: $1"
        cat "$log"
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
' "$top"
