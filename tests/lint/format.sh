#!/usr/bin/env bash
# Formats our C++ and protos in place; with --check only says, by its exit code and a diff, whether they are formatted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ "${1:-}" = --check ]; then
  clang_format=(--dry-run --Werror)
  buf_format=(--diff --exit-code)
else
  clang_format=(-i)
  buf_format=(--write)
fi

failed=0
find daemon emulator client tests \( -name node_modules -prune \) -o \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 --no-run-if-empty clang-format-14 "${clang_format[@]}" || failed=1
for protos in proto wire; do
  tests/lint/buf.sh format "$protos" "${buf_format[@]}" || failed=1
done
exit $failed
