#!/bin/sh
# Fuzzes every target for SECONDS (20): tools/fuzz.sh [SECONDS].  Starts from fuzz/corpus; what it finds stays in
# build/fuzz/found (inputs that crash in build/fuzz).  Copy a crash into fuzz/corpus/<name> with its fix.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-20}
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
for target in build/fuzz/fuzz/fuzz_*; do
    name=${target##*/fuzz_}
    mkdir -p "build/fuzz/found/$name"
    echo "$name"
done | xargs -P "$(nproc)" -I NAME sh -c '
    build/fuzz/fuzz/fuzz_NAME -max_total_time='"$seconds"' -timeout=10 -rss_limit_mb=2048 -artifact_prefix=build/fuzz/NAME- \
        build/fuzz/found/NAME fuzz/corpus/NAME >build/fuzz/NAME.log 2>&1 ||
        { tail -n 60 build/fuzz/NAME.log; exit 1; }
    echo "NAME: $(tail -n 1 build/fuzz/NAME.log)"
'
