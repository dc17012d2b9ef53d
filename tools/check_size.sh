#!/bin/sh
# The stripped library stays below 2 MiB: check_size.sh LIBRARY
set -eu
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$1"
bytes=$(wc -c <"$stripped")
echo "$1: $bytes bytes stripped"
[ "$bytes" -lt 2097152 ]
