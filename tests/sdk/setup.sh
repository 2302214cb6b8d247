#!/usr/bin/env bash
# Creates the environments of the tests that need the official SDKs: build/test-env/python (a venv) and
# build/test-env/node (node_modules). Does nothing if both exist with the pinned versions. May run several times at
# once.
#
# Usage: setup.sh [python] [node]   (both, if none is named)
#
#   TEST_ENV_DIR       where to create them instead
#   REQUIREMENTS_DIR   which requirements.txt and package.json to follow; those beside this file, if not given
set -euo pipefail

here=$(cd "${REQUIREMENTS_DIR:-$(dirname "$0")}" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
env_dir=${TEST_ENV_DIR:-$root/build/test-env}
mkdir -p "$env_dir"
exec 9>"$env_dir/.lock"
flock 9

# Whether DIR was created from exactly these files.
is_current() {
  local stamp=$1
  shift
  [[ -f $stamp && $(cat "$stamp") == "$(cat "$@" | sha256sum)" ]]
}

setup_python() {
  local stamp=$env_dir/python/.stamp
  is_current "$stamp" "$here/requirements.txt" && return
  rm -rf "$env_dir/python"
  python3 -m venv "$env_dir/python"
  "$env_dir/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  sha256sum <"$here/requirements.txt" >"$stamp"
}

setup_node() {
  local stamp=$env_dir/node/.stamp
  is_current "$stamp" "$here/package.json" "$here/package-lock.json" && return
  rm -rf "$env_dir/node"
  mkdir -p "$env_dir/node"
  cp "$here/package.json" "$here/package-lock.json" "$env_dir/node/"
  (cd "$env_dir/node" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  cat "$here/package.json" "$here/package-lock.json" | sha256sum >"$stamp"
}

parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(python node)
for part in "${parts[@]}"; do
  case $part in
    python | node) "setup_$part" ;;
    *)
      echo "setup.sh: unknown part \"$part\"; parts are python and node" >&2
      exit 2
      ;;
  esac
done
