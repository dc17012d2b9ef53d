#!/bin/sh
# Installs the Debian packages that a purpose needs: build (default), test, bench, ci or aarch64 (cross-compiling).  Does nothing if all are there;
# without root or password-free sudo it prints the one line to run, and fails.
set -eu

build="gcc libc6-dev cmake ninja-build pkg-config libsleef-dev libjansson-dev libopenblas0-pthread"
bench="python3 python3-numpy python3-torch"
test="python3 python3-numpy libcmocka-dev g++ binutils zlib1g"
ci="clang clang-format clang-tidy cppcheck doxygen libclang-rt-14-dev valgrind git"
aarch64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"

case "${1:-build}" in
build) packages="$build" ;;
bench) packages="$build $bench" ;;
test) packages="$build $test" ;;
ci) packages="$build $test $ci" ;;
aarch64) packages="$build $test $aarch64" ;;
*)
    echo "usage: tools/setup.sh [build|test|bench|ci|aarch64]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian system; what must be installed is listed in docs/building.md" >&2
    exit 0
fi

install_missing() {
    missing=""
    for package in $packages; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0

    if [ "$(id -u)" = 0 ]; then
        as_root="env"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo env"
    else
        echo "Packages are missing.  Please run:" >&2
        echo "sudo apt-get install$missing"
        exit 1
    fi
    echo "setup: installing$missing"
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null
    # shellcheck disable=SC2086  # a list of packages
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing </dev/null
}

install_missing
if [ "${1:-build}" = aarch64 ]; then
    "$(dirname "$0")/aarch64_packages.sh"
fi
