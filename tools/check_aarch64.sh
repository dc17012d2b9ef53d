#!/bin/sh
# Builds for 64-bit ARM, warnings as errors, and runs the tests under qemu: all with the NEON kernels, those of the
# engines again with the portable ones.  Skips, and says so, where Debian's cross-compiler cannot be had.
set -eu
cd "$(dirname "$0")/.."
export TENFERRO_TEST_CASES="${TENFERRO_TEST_CASES:-1000}" # an emulator is some ten times slower
jobs=$(nproc)

if ! tools/setup.sh aarch64 || ! [ -e build/aarch64-packages/packages ]; then
    echo "skipped: no cross-compiler, emulator or libraries for aarch64"
    exit 0
fi
cmake --preset aarch64
cmake --build --preset aarch64 --parallel "$jobs"
TENFERRO_ISA=neon ctest --preset aarch64 --parallel "$jobs"
TENFERRO_ISA=portable ctest --preset aarch64 --parallel "$jobs" \
    -R '^unit\.(kernels|microkernels|contract_engine|copy|ops_contract|prims)$'

stripped=build/aarch64/libtenferro.stripped.so
aarch64-linux-gnu-strip -o "$stripped" build/aarch64/libtenferro.so
echo "$(wc -c <"$stripped") bytes stripped"
