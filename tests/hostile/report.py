"""The figures of a run: a line for each attack while it runs, a JSON file, and the table of docs/hostile.md.

    report.py REPORT [BEFORE]     prints the table, with the figures of an older run beside those of REPORT
"""

import json
import pathlib
import sys


def _memory(figures):
    peak = figures.get("peak_mib")
    return "-" if peak is None else f"{peak:.0f} MiB"


def _stall(figures):
    stall = figures.get("stall_ms")
    return "-" if stall is None else f"{stall:,.0f} ms"


def line(row):
    figures = row["figures"]
    shown = f"{'ok  ' if row['passed'] else 'FAIL'} {row['name']:<28} {row['seconds']:>5.1f} s  {_memory(figures):>9}  "
    shown += f"stall {_stall(figures):>9}"
    if figures.get("p99_ratio"):
        shown += f"  p99 {figures['p99_ms']} ms, {figures['p99_ratio']} times the quiet one"
    own = {
        key: value
        for key, value in figures.items()
        if key not in ("peak_mib", "stall_ms", "p99_ms", "p99_ratio", "quiet_p99_ms", "trace", "log_end")
    }
    shown += f"\n       {own}"
    return shown + "".join(f"\n       missed: {fault}" for fault in row["faults"])


def write(path, rows, options):
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"short": options.short, "passed": all(row["passed"] for row in rows), "attacks": rows}
    path.write_text(json.dumps(whole, indent=1) + "\n")
