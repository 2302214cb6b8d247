"""The conformance suite: `make conformance` runs all of it, `make test` its short form. README.md says how it works.

Each case's call is made by the official SDKs and through daytonad, each against an emulator of its own, and what the
emulators recorded is compared.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import sys
import tempfile
import traceback

from harness import compare, differences, processes, python_sdk, recording, rpcs, typescript
from harness.case import Given
from harness.world import World

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# RPCs that no SDK method corresponds to.
WITHOUT_COUNTERPART = {
    "WatchSandbox": "the SDKs have no watching",
    "WatchSnapshot": "the SDKs have no watching",
    "WatchVolume": "the SDKs have no watching",
    "StreamBuildLogs": "the SDKs read a build's log inside of create only, which CreateSandboxStream is compared with",
    "GetDaemonInfo": "the daemon answers it itself, and the SDKs have nothing like it",
    "UploadBuildContext": "the SDKs read files of their own machine; the same upload is compared in the context cases",
}


@dataclasses.dataclass
class Run:
    """One client's half of a case."""

    outcome: object
    recording: object
    called: frozenset = frozenset()


class Suite:
    def __init__(self, bin_dir, directory, files, node):
        self._bin_dir = bin_dir
        self._directory = directory
        self._files = files
        self._node = node
        self._has_context_root = processes.daemon_knows(bin_dir, "--context-root")

    def run(self, case, client):
        directory = tempfile.mkdtemp(dir=self._directory)
        flags = {**case.emulator, **({"--jwt": True} if case.credential == "jwt" else {})}
        with processes.Emulator(self._bin_dir, directory, flags) as emulator:
            world = World(emulator)
            given = Given(case.given(world) if case.given else {})
            given["files"] = str(self._files)
            called = frozenset()
            if client == "daemon":
                outcome, called = self._daemon(case, emulator, world, given, directory)
            else:
                world.begin()
                if client == "python":
                    sdk = python_sdk.PythonSdk(emulator, case)
                    outcome = python_sdk.outcome_of(lambda: case.python(sdk, given))
                else:
                    outcome = self._node.outcome_of(emulator, case, given)
            return Run(outcome, recording.read(emulator.requests(), given, emulator.leaked_credentials()), called)

    def _daemon(self, case, emulator, world, given, directory):
        flags = ["--target", case.target] if case.target else []
        if case.needs == "contexts":
            flags += ["--context-root", given.files]
        environment = processes.credential(case.credential)
        with processes.Daemon(self._bin_dir, directory, emulator.url, flags, environment) as daemon:
            world.begin()
            with rpcs.Rpcs(daemon.address, emulator.mark) as calls:
                outcome = rpcs.outcome_of(lambda: case.rpc(calls, given))
                return outcome, frozenset(calls.called)

    def why_not(self, case):
        """Why a case cannot be run with this build; None if it can."""
        if case.needs == "contexts" and not self._has_context_root:
            return "the daemon has no --context-root"
        return None


@dataclasses.dataclass
class Report:
    compared: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skipped: dict = dataclasses.field(default_factory=dict)  # name of a case to the reason
    called: set = dataclasses.field(default_factory=set)


def show(run):
    lines = [f"    {run.outcome.words}" + (f" ({run.outcome.message})" if run.outcome.message else "")]
    for request in run.recording.requests:
        lines.append(f"    {request.in_full}" + (f" {request.body}" if request.body else ""))
    return "\n".join(lines)


def judge(case, runs, expected, report):
    """Compares the clients of a case; `runs` has a Run object, or the error that ended it, by client."""
    broken = {client: run for client, run in runs.items() if isinstance(run, BaseException)}
    if broken:
        for client, error in broken.items():
            trace = "".join(traceback.format_exception(error))
            report.failures.append(f"FAIL {case.name}: the {client} half could not be run\n{trace}")
        return
    daemon = runs.pop("daemon")
    report.called |= daemon.called
    if daemon.outcome.not_served_yet:
        report.skipped[case.name] = daemon.outcome.message
        return
    for sdk, run in runs.items():
        found = list(compare.requests(daemon.recording, run.recording))
        found += compare.outcomes(daemon.outcome, run.outcome)
        unexpected = [line for line in found if not expected.covers(case.name, sdk, line)]
        report.compared += 1
        if unexpected:
            listed = "\n".join(f"  {line}" for line in unexpected)
            report.failures.append(
                f"FAIL {case.name} ({sdk})\n{listed}\n  the daemon:\n{show(daemon)}\n  the {sdk} SDK:\n{show(run)}"
            )


def run_cases(suite, cases, jobs, expected):
    report = Report()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = []
        for case in cases:
            if reason := suite.why_not(case):
                report.skipped[case.name] = reason
                continue
            clients = ["daemon", "python"] + (["typescript"] if case.typescript else [])
            pending.append((case, {client: pool.submit(suite.run, case, client) for client in clients}))
        for case, futures in pending:
            runs = {client: future.exception() or future.result() for client, future in futures.items()}
            judge(case, runs, expected, report)
    return report


def check_coverage(report):
    """Every RPC is compared, or named as having no counterpart."""
    for name in sorted(rpcs.names() - report.called - WITHOUT_COUNTERPART.keys()):
        report.failures.append(f"FAIL coverage: no case calls {name}; add one, or say in run.py why there is none")
    for name in sorted(WITHOUT_COUNTERPART.keys() - rpcs.names()):
        report.failures.append(f"FAIL coverage: run.py names {name}, which is no RPC")


def absolute(path):
    return pathlib.Path(path).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=absolute, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--env-dir", type=absolute, default=ROOT / "build" / "test-env" / "conformance")
    parser.add_argument("--short", action="store_true", help="only the cases that stand for the others")
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 2), help="how many calls at a time")
    parser.add_argument("case", nargs="*", help="names of cases, or how they begin; all if none is given")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="conformance-") as directory:
        directory = pathlib.Path(directory)
        os.chdir(directory)  # Away from any .env file that the SDK would read.
        stubs = directory / "stubs"
        rpcs.generate_stubs(ROOT, stubs)
        from cases import ALL, local_files

        files = local_files.write(directory / "files")

        cases = [case for case in ALL if case.short or not options.short]
        cases = [case for case in cases if not options.case or any(case.name.startswith(name) for name in options.case)]
        expected = differences.ExpectedDifferences(HERE / "expected_differences.yaml")
        with typescript.TypeScriptSdk(options.env_dir / "node" / "node_modules", directory) as node:
            report = run_cases(Suite(options.bin_dir, directory, files, node), cases, options.jobs, expected)

    complete = not options.short and not options.case
    if complete:
        check_coverage(report)
        report.failures += [f"FAIL {line}" for line in expected.stale(report.skipped)]
    for line in report.failures:
        print(line, end="\n\n")
    for name, reason in report.skipped.items():
        print(f"SKIPPED {name}: {reason}")
    print(
        f"{len(cases)} cases, {report.compared} comparisons with the SDKs: {len(report.failures)} failed, "
        f"{len(report.skipped)} cases SKIPPED; the rest differs at most as expected_differences.yaml says"
    )
    # Threads of the SDKs keep trying to open the event connection.
    sys.stdout.flush()
    os._exit(1 if report.failures or not cases else 0)


if __name__ == "__main__":
    main()
