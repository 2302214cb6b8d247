#!/usr/bin/env bash
# Builds the libFuzzer targets with clang and runs each of them. New inputs are kept in build/fuzz/corpus.
#
#   run.sh [SECONDS] [TARGET...]   60 seconds and all targets, if none are named
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${1:-60}
targets=("${@:2}")
[[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(ls "$here/corpus")

cd "$root"
cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target fuzzers
for target in "${targets[@]}"; do
  learned=build/fuzz/corpus/$target
  mkdir -p "$learned"
  dictionary=()
  [[ -f $here/$target.dict ]] && dictionary=(-dict="$here/$target.dict")
  build/fuzz/tests/fuzz_"$target" -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 -timeout=10 \
    -artifact_prefix="build/fuzz/$target-" "${dictionary[@]}" "$learned" "$here/corpus/$target"
  echo "$target: no finding in $seconds s"
done
