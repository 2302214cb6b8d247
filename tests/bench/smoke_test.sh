#!/bin/bash
# smoke_test.sh BENCH BIN_DIR SCRATCH_DIR: the benchmark runs, and its report has all points and bars. No timing counts.
set -euo pipefail
bench=$1
bin_dir=$2
report=$3/smoke-report.json
rm -f "$report"
"$bench" --seconds 0.2 --bin-dir "$bin_dir" --report "$report"
python3 - "$report" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    report = json.load(file)
assert report["version"] and report["date"], report
for fact in ("cores", "model", "kernel", "compiler", "build_type"):
    assert report["machine"][fact], fact
points = [(point["name"], point["callers"]) for point in report["points"]]
assert points == [("uncached read", callers) for callers in (1, 16, 128)], points
for point in report["points"]:
    for figures in (point["floor"], point["daytonad"], point["ratio"]):
        for name in ("p50_us", "p99_us", "calls_per_second", "cpu_us_per_call"):
            assert figures[name] > 0, (point, name)
    assert point["floor"]["calls"] > 0 and point["daytonad"]["calls"] > 0, point
names = [bar["name"] for bar in report["bars"]]
assert "uncached read, 16 callers: CPU per call over floor" in names, names
for bar in report["bars"]:
    assert bar["holds"] == (bar["value"] <= bar["limit"]) and bar["unit"], bar
PYTHON
