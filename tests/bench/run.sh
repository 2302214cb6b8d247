#!/bin/bash
# What `make bench` calls: run.sh BUILD_DIR [flags of daytonad-bench]. Prints a table, writes build/bench/report.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: run.sh BUILD_DIR [flags of daytonad-bench]}
shift
exec "$build/tests/daytonad-bench" --bin-dir "$build/bin" --static-daemon build/static/bin/daytonad \
  --sdk-dir tests/bench/sdk --sdk-env build/test-env --report build/bench/report.json "$@"
