#!/usr/bin/env bash
# All linters. Each runs even after a failure; the last lines list the failures.
#
#   tests/lint/run.sh BUILD_DIR [JOBS] [--changed]    --changed is for tidy.py
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
build=${1:?usage: tests/lint/run.sh BUILD_DIR [JOBS] [--changed]}
jobs=${2:-$(nproc)}

passed=0
failed=()
check() { # name, command...
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed+=("$name")
    echo "-- $name failed: $*" >&2
  fi
}

shell_scripts() {
  git ls-files -z --cached --others --exclude-standard |
    xargs -0 grep --files-with-matches --null --max-count=1 -E '^#!/(usr/bin/env bash|bin/(ba)?sh)' --
}

for rule in layers coroutines repo; do
  check "$rule, self-test" python3 "tests/lint/check_$rule.py" --self-test
  check "$rule" python3 "tests/lint/check_$rule.py"
done
check "format (make format mends it)" tests/lint/format.sh --check
check "buf lint" tests/lint/buf.sh lint
check "shellcheck" bash -c 'xargs -0 --no-run-if-empty shellcheck' < <(shell_scripts)
check "clang-tidy" python3 tests/lint/tidy.py "$build" "$jobs" "${@:3}"

echo
echo "lint: $passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ] || { printf "  failed: %s\n" "${failed[@]}"; exit 1; }
