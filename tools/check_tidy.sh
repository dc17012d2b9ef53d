#!/bin/sh
# clang-tidy over the library and the tool: check_tidy.sh BUILD_DIR [SECONDS].  Files changed since the last commit on
# the main branch come first; after SECONDS no further file is started, and the number left out is printed.
set -eu
cd "$(dirname "$0")/.."
build=$1
seconds=${2:-100000}
end=$(($(date +%s) + seconds))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse -q --verify HEAD~1 || true)
{
    if [ -n "$base" ]; then git diff --name-only --diff-filter=d "$base" -- 'src/*.c' 'cli/*.c'; fi
    git ls-files --cached --others --exclude-standard -- 'src/*.c' 'cli/*.c'
} | awk '!seen[$0]++' | while read -r file; do # kernels of other processors are not in the build
    ! grep -q "/$file\"" "$build/compile_commands.json" || echo "$file"
done >"$work/files"

# shellcheck disable=SC2016  # expanded by the inner shell
xargs -P "$(nproc)" -n 1 sh -c '
    [ "$(date +%s)" -lt "$2" ] || { echo "$3" >>"$1/left"; exit 0; }
    clang-tidy --quiet -p "$0" "$3" >"$1/$$.log" 2>/dev/null || { cat "$1/$$.log"; exit 1; }
' "$build" "$work" "$end" <"$work/files" || exit 1
if [ -f "$work/left" ]; then
    echo "clang-tidy: out of time, $(wc -l <"$work/left") of $(wc -l <"$work/files") files not checked"
fi
