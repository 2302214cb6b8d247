#!/usr/bin/env bash
# Runs buf at the version that package-lock.json pins, installing it into build/lint-env first where it is missing.
#
#   tests/lint/buf.sh lint
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
env=$root/build/lint-env

# npm writes .package-lock.json last, so a broken installation is made again.
if [ ! "$env/node_modules/.package-lock.json" -nt "$here/package-lock.json" ]; then
  mkdir -p "$env"
  cp "$here/package.json" "$here/package-lock.json" "$env/"
  (cd "$env" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts </dev/null >&2)
fi
cd "$root"
exec "$env/node_modules/.bin/buf" "$@"
