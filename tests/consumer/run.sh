#!/bin/sh
# Installs a build into a folder of its own, moves that folder, and builds and runs users' programs against it, by
# pkg-config and by CMake: run.sh BUILD_DIR VERSION CC CXX
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1 version=$2 cc=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/installed" # an installed tree may be moved
config=$(find "$work/installed" -name tenferro.pc)
PKG_CONFIG_PATH=$(dirname "$config")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH

echo "pkg-config"
[ "$(pkg-config --modversion tenferro)" = "$version" ]
flags=$(pkg-config --cflags --libs tenferro)
# shellcheck disable=SC2086  # options
{
    "$cc" -std=c11 -Wall -Wextra -Werror "-DTENFERRO_EXPECTED_VERSION=\"$version\"" "$here/consumer.c" -o "$work/c" $flags
    "$cc" -std=c11 -Wall -Wextra -Werror "$here/consumer_tapp.c" -o "$work/tapp" $flags
    "$cxx" -std=c++17 -Wall -Wextra -Werror "$here/consumer.cpp" -o "$work/cpp" $flags
}
"$work/c"
"$work/tapp"
"$work/cpp"

echo "find_package"
cmake -S "$here/cmake" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/installed" \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DEXPECTED_VERSION="$version" >"$work/log" ||
    { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" || { cat "$work/log"; exit 1; }
unset LD_LIBRARY_PATH
"$work/build/consumer_c"
"$work/build/consumer_tapp"
"$work/build/consumer_cpp"

if [ -x "$work/installed/bin/tenferro" ]; then
    echo "the installed tool"
    "$work/installed/bin/tenferro" info >/dev/null
fi
