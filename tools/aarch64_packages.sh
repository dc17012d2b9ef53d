#!/bin/sh
# Unpacks the 64-bit ARM libraries that a cross-compiled build links and runs with into build/aarch64-packages: Debian's
# packages, through an apt of its own there, so that the system's apt and dpkg stay as they are.  Needs no root.
set -eu
packages="libsleef-dev libsleef3 libjansson-dev libjansson4 libcmocka-dev libcmocka0 zlib1g"

out=$(cd "$(dirname "$0")/.." && pwd)/build/aarch64-packages
[ "$(cat "$out/packages" 2>/dev/null)" != "$packages" ] || exit 0
rm -rf "$out"
mkdir -p "$out/apt/lists/partial" "$out/apt/archives/partial"
cd "$out/apt"
: >status
arm64_apt() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User="$(id -un)" \
        -o Dir::State="$PWD" -o Dir::State::status="$PWD/status" -o Dir::Cache="$PWD" "$@" </dev/null
}
arm64_apt update || echo "aarch64_packages: some package lists are missing" >&2
# shellcheck disable=SC2086  # a list of packages
arm64_apt download $packages
for package in *.deb; do
    dpkg-deb -x "$package" "$out"
done
cp -r "$out/lib/." "$out/usr/lib" # one place for what is found at run time
cd "$out"
rm -rf apt
echo "$packages" >packages
