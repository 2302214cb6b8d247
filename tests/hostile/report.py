"""The figures of a run: a line for each attack while it runs, a JSON file, and the tables of docs/hostile.md.

    report.py [REPORT]             writes the figures of build/hostile/report.json into the tables of docs/hostile.md
    report.py --before REPORT ...  keeps figures of an older build, for the columns "before"
"""

import argparse
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BEFORE = HERE / "before.json"
DOCUMENT = ROOT / "docs" / "hostile.md"
# Figures with their own columns, and those only in the JSON file.
NOT_LISTED = {"peak_mib", "stall_ms", "p99_ms", "p99_ratio", "quiet_p99_ms", "trace", "log_end"}


def _peak(row):
    if any(fault.startswith("killed by the guard") for fault in row["faults"]):
        return "killed at 1.5 GiB"
    peak = row["figures"].get("peak_mib")
    return "" if peak is None else f"{peak:.0f} MiB"


def _stall(row):
    stall = row["figures"].get("stall_ms")
    return "" if stall is None else f"{stall:,.0f} ms"


def line(row):
    figures = row["figures"]
    shown = f"{'ok  ' if row['passed'] else 'FAIL'} {row['name']:<32} {row['seconds']:>5.1f} s"
    shown += f"  {_peak(row):>17}  stall {_stall(row) or '-':>9}"
    if "p99_ratio" in figures:
        shown += f"  p99 {figures['p99_ms']} ms, {figures['p99_ratio']} times the quiet one"
    shown += f"\n       {({key: value for key, value in figures.items() if key not in NOT_LISTED})}"
    return shown + "".join(f"\n       missed: {fault[:400]}" for fault in row["faults"])


def write(path, rows, options):
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"short": options.short, "passed": all(row["passed"] for row in rows), "attacks": rows}
    path.write_text(json.dumps(whole, indent=1) + "\n")


def _verdict(row):
    return "holds" if row["passed"] else "fails"


def _table(pairs, with_figures):
    head = ["attack", "what it does"]
    head += ["memory before", "after", "stall before", "after"] if with_figures else []
    head += ["verdict before", "after"]
    lines = [head, ["---"] * len(head)]
    for old, new in pairs:
        row = new or old
        cells = [row["name"], row["what"]]
        for figure in (_peak, _stall, _verdict) if with_figures else (_verdict,):
            cells += [figure(old) if old else "", figure(new) if new else ""]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def tables(before, after):
    """One table for each group; rows by name, which may be missing on either side."""
    parts = []
    names = [*after, *(name for name in before if name not in after)]
    pairs = [(before.get(name), after.get(name)) for name in names]
    for group in dict.fromkeys((new or old)["group"] for old, new in pairs):
        of_group = [(old, new) for old, new in pairs if (new or old)["group"] == group]
        with_figures = any(_stall(new or old) for old, new in of_group)
        parts.append(f"### {group.capitalize()}\n\n" + _table(of_group, with_figures))
    return "\n\n".join(parts)


def read(path):
    return json.loads(path.read_text())["attacks"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", nargs="+", type=pathlib.Path, metavar="REPORT")
    parser.add_argument("report", nargs="?", type=pathlib.Path, default=ROOT / "build" / "hostile" / "report.json")
    options = parser.parse_args()
    if options.before:
        kept = {}
        for row in [row for report in options.before for row in read(report)]:
            figures = {key: row["figures"][key] for key in ("peak_mib", "stall_ms") if key in row["figures"]}
            # A killed process is reported there.
            faults = [fault for fault in row["faults"] if fault.startswith("killed")]
            same = {key: row[key] for key in ("name", "group", "what", "passed")}
            kept[row["name"]] = {**same, "figures": figures, "faults": faults}
        BEFORE.write_text(json.dumps(kept, indent=1) + "\n")
        return
    before = json.loads(BEFORE.read_text())
    after = {row["name"]: row for row in read(options.report)} if options.report.exists() else {}
    begin, end = "<!-- tables: tests/hostile/report.py -->", "<!-- end of tables -->"
    written = f"{begin}\n\n{tables(before, after)}\n\n{end}"
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(re.sub(f"{begin}.*{end}", lambda _: written, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
