#!/bin/sh
# Every public header compiles alone, as C11 and as C++17: check_headers.sh CC CXX
set -eu
cd "$(dirname "$0")/../include"
strict="-Wall -Wextra -Wpedantic -Wshadow -Wundef -Wconversion -Werror -fsyntax-only -I."
# shellcheck disable=SC2086  # options
for header in tenferro.h tenferro/*.h tapp.h tapp/*.h; do
    program=$(printf '#include <%s>\nextern int not_empty;' "$header")
    echo "$program" | "$1" -std=c11 $strict -Wstrict-prototypes -x c -
    echo "$program" | "$2" -std=c++17 $strict -x c++ -
done
