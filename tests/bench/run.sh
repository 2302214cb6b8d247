#!/bin/bash
# What `make bench` calls: run.sh BUILD_DIR [flags of daytonad-bench]. Prints a table, writes build/bench/report.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: run.sh BUILD_DIR [flags of daytonad-bench]}
shift
exec "$build/tests/daytonad-bench" --bin-dir "$build/bin" --report build/bench/report.json "$@"
