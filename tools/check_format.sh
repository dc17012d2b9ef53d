#!/bin/sh
# Fails if a C or C++ file is not formatted as .clang-format says; --fix formats them all.
set -eu
cd "$(dirname "$0")/.."
mode="--dry-run --Werror"
[ "${1:-}" = --fix ] && mode="-i"
# shellcheck disable=SC2086  # options
git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' '*.cpp' | xargs -0 -r clang-format $mode
