#!/bin/bash
# smoke_test.sh BENCH BIN_DIR SDK_DIR SCRATCH_DIR: the benchmark runs, and its report has all points and bars. No timing
# counts.
set -euo pipefail
bench=$1
bin_dir=$2
sdk_dir=$3
report=$4/smoke-report.json
scenarios=(reads waiters polling-waiters watchers log-followers process)
rm -f "$report"
"$bench" "${scenarios[@]/#/--scenario=}" --seconds 0.2 --hold 0.2 --waiters 20 --watchers 20 --followers 5 --in-flight 20 \
  --bin-dir "$bin_dir" --sdk-dir "$sdk_dir" --report "$report"
python3 - "$report" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    report = json.load(file)
assert report["version"] and report["date"] and report["daemon"].endswith("/daytonad"), report
for fact in ("cores", "model", "kernel", "compiler", "build_type"):
    assert report["machine"][fact], fact
points = [(point["name"], point["callers"]) for point in report["points"]]
assert points == [(name, callers) for name in ("cached read", "uncached read") for callers in (1, 16, 128)], points
for point in report["points"]:
    for figures in (point["floor"], point["daytonad"], point["ratio"]):
        for name in ("p50_us", "p99_us", "calls_per_second", "cpu_us_per_call"):
            assert figures[name] > 0, (point, name)
    assert point["floor"]["calls"] > 0 and point["daytonad"]["calls"] > 0, point
assert not report["failures"], report["failures"]
scenarios = {figure["scenario"] for figure in report["figures"]}
assert len(scenarios) >= 6, scenarios
bars = {bar["name"]: bar for bar in report["bars"]}
assert len(bars) == len(report["bars"]), "two bars of one name"
assert bars["uncached read, 16 callers: CPU per call over floor"]["run"]
assert not bars["10,000 watchers of one sandbox: last told over floor"]["run"]
for bar in report["bars"]:
    assert bar["unit"] and bar["limit"] > 0, bar
    assert bar["holds"] == (bar["value"] <= bar["limit"] if bar["run"] else None), bar
PYTHON
