"""The attacks: `make hostile` runs all of them, `make test` the short form. README.md explains the output."""

import argparse
import concurrent.futures
import pathlib
import resource
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import attack  # noqa: E402
import report  # noqa: E402
import rpc  # noqa: E402


def absolute(path):
    return pathlib.Path(path).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=absolute, default=ROOT / "build" / "release" / "bin")
    parser.add_argument(
        "--short", action="store_true", help="only the attacks that stand for the others, each for a moment"
    )
    parser.add_argument("--report", type=absolute, default=ROOT / "build" / "hostile" / "report.json")
    parser.add_argument("--jobs", type=int, default=1, help="attacks at a time; with more than one, times say little")
    parser.add_argument("--list", action="store_true", help="names all attacks")
    parser.add_argument("attack", nargs="*", help="names of attacks, or how they begin; all if none is given")
    options = parser.parse_args()

    # The callers need descriptors as well.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = []
    with tempfile.TemporaryDirectory(prefix="hostile-stubs-") as stubs:
        rpc.generate_stubs(stubs)
        import connections, floods, messages, process, stops, uploads, upstreams  # noqa: E401, F401

        chosen = [one for one in attack.ALL if one.short or not options.short]
        chosen = [one for one in chosen if not options.attack or one.name.startswith(tuple(options.attack))]
        if options.list:
            print("\n".join(f"{one.name}: {one.what}" for one in chosen))
            return 0
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for row in pool.map(lambda one: attack.run(one, options), chosen):
                rows.append(row)
                print(report.line(row), flush=True)
                report.write(options.report, rows, options)
    failed = [row["name"] for row in rows if not row["passed"]]
    print(f"{len(rows)} attacks, {len(failed)} missed a bar" + (f": {', '.join(failed)}" if failed else ""))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
