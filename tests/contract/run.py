"""The contract suite: the daemon's requests and the emulator's answers are valid against Daytona's OpenAPI document.

The daemon's half of each conformance case runs, and every RPC with every field set; in between stands a proxy that
keeps each exchange. README.md says more.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "conformance")]

from harness import processes, rpcs  # noqa: E402
from harness.case import Given  # noqa: E402
from harness.world import World  # noqa: E402

import emulator_routes  # noqa: E402
from lists import Relaxations, Unmapped  # noqa: E402
from recording_proxy import RecordingProxy  # noqa: E402
from specification import Specification  # noqa: E402

# Paths whose operations the daemon uses, or omits for a stated reason.
MAPPED = ("/sandbox", "/snapshots", "/volumes", "/object-storage")
# Fields of requests that no call sets.
NEVER_SET = {
    "UploadBuildContextRequest": "uploads are no calls with one request; tests/integration has them",
    "BuildContextHeader": "part of uploads",
}


@dataclasses.dataclass
class Run:
    exchanges: list
    # Answers are the emulator's own, not faults requested by the case.
    genuine: bool
    # Messages and fields that were set in requests.
    fields: set = dataclasses.field(default_factory=set)
    not_served_yet: str = ""


class _NotingRpcs(rpcs.Rpcs):
    """Notes which fields are set."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.fields = set()

    def call(self, method_name, /, **fields):
        _, request, _ = self._methods[method_name]
        self._note(request(**fields))
        return super().call(method_name, **fields)

    def _note(self, message):
        for field, value in message.ListFields():
            self.fields.add((message.DESCRIPTOR.name, field.name))
            if field.message_type is None or field.message_type.file.package.startswith("google"):
                continue
            if field.message_type.GetOptions().map_entry:
                continue
            for item in value if field.is_repeated else [value]:
                self._note(item)


class Suite:
    def __init__(self, bin_dir, directory, files):
        self._bin_dir = bin_dir
        self._directory = directory
        self._files = files
        self.has_context_root = processes.daemon_knows(bin_dir, "--context-root")

    def _emulator(self, proxy, flags=None):
        directory = tempfile.mkdtemp(dir=self._directory)
        flags = {"--build-log-url-base": proxy.origin, **(flags or {})}
        return directory, processes.Emulator(self._bin_dir, directory, flags)

    def run(self, case):
        with RecordingProxy() as proxy:
            flags = {**case.emulator, **({"--jwt": True} if case.credential == "jwt" else {})}
            directory, emulator = self._emulator(proxy, flags)
            with emulator:
                proxy.begin(emulator.origin)
                world = World(emulator)
                given = Given(case.given(world) if case.given else {})
                given["files"] = str(self._files)
                flags = ["--target", case.target] if case.target else []
                flags += ["--context-root", given.files] if self.has_context_root else []
                environment = processes.credential(case.credential)
                with processes.Daemon(self._bin_dir, directory, f"{proxy.origin}/api", flags, environment) as daemon:
                    world.begin()
                    with _NotingRpcs(daemon.address, emulator.mark) as calls:
                        outcome = rpcs.outcome_of(lambda: case.rpc(calls, given))
            return Run(
                proxy.exchanges,
                genuine=world.is_genuine,
                fields=calls.fields,
                not_served_yet=outcome.message if outcome.not_served_yet else "",
            )

    def run_routes(self):
        """The emulator's routes that the daemon does not use."""
        with RecordingProxy() as proxy:
            _, emulator = self._emulator(proxy)
            with emulator:
                proxy.begin(emulator.origin)
                world = World(emulator)

                def ask(method, path, body=None):
                    emulator.ask(method, f"/api{path}", body, expect=False, origin=proxy.origin)

                emulator_routes.answer_all(ask, world)
            return Run(proxy.exchanges, genuine=True)


@dataclasses.dataclass
class Report:
    failures: dict = dataclasses.field(default_factory=dict)  # each error to an example of its place
    skipped: dict = dataclasses.field(default_factory=dict)
    requests: int = 0
    answers: int = 0
    operations: set = dataclasses.field(default_factory=set)
    fields: set = dataclasses.field(default_factory=set)

    def fail(self, what, where):
        self.failures.setdefault(what, where)


def judge(name, run, specification, relaxations, report):
    report.fields |= run.fields
    if run.not_served_yet:
        report.skipped[name] = run.not_served_yet
    for exchange in run.exchanges:
        if not exchange.path.startswith("/api/"):
            continue  # The log proxy's, which the document does not have.
        shown = f"{name}: {exchange.request_body[:2000]!r} -> {exchange.response_body[:2000]!r}"
        if exchange.request_headers.get("user-agent", "").startswith("daytonad/"):
            report.requests += 1
            report.operations.add(specification.operation(exchange))
            for error in specification.request_errors(exchange):
                report.fail(f"the daemon's request: {error}", shown)
        if run.genuine:
            report.answers += 1
            for error in specification.response_errors(exchange):
                if not relaxations.covers(error):
                    report.fail(f"the emulator's answer: {error}", shown)


def all_fields():
    """(message, field) of all that requests can have."""
    found, waiting = set(), list(rpcs.request_descriptors())
    while waiting:
        message = waiting.pop()
        for field in message.fields:
            if (message.name, field.name) in found:
                continue
            found.add((message.name, field.name))
            inner = field.message_type
            if inner is not None and not inner.GetOptions().map_entry and not inner.file.package.startswith("google"):
                waiting.append(inner)
    return found


def check_completeness(specification, report):
    operations = {name for name in specification.operations if name.split(" ")[1].startswith(MAPPED)}
    for fault in Unmapped(HERE / "unmapped_operations.yaml").faults(
        operations, specification.removed, report.operations
    ):
        report.fail(fault, "completeness")
    for message, field in sorted(all_fields() - report.fields):
        if message not in NEVER_SET:
            report.fail(f"{message}.{field}: no call sets it; add one to every_field.py", "completeness")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 2), help="how many calls at a time")
    options = parser.parse_args()

    report = Report()
    specification = Specification()
    relaxations = Relaxations(HERE / "relaxations.yaml")
    with tempfile.TemporaryDirectory(prefix="contract-") as directory:
        directory = pathlib.Path(directory)
        rpcs.generate_stubs(ROOT, directory / "stubs")
        from cases import ALL, local_files

        import every_field

        suite = Suite(options.bin_dir.resolve(), directory, local_files.write(directory / "files"))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            runs = {case.name: pool.submit(suite.run, case) for case in every_field.CASES + ALL}
            runs["emulator's routes"] = pool.submit(suite.run_routes)
            for name, future in runs.items():
                if error := future.exception():
                    report.fail(f"{name}: could not be run", "".join(traceback.format_exception(error)))
                else:
                    judge(name, future.result(), specification, relaxations, report)
    check_completeness(specification, report)
    for line in relaxations.stale():
        report.fail(line, "completeness")

    for what, where in report.failures.items():
        print(f"FAIL {what}\n  in {where}\n")
    for name, reason in report.skipped.items():
        print(f"SKIPPED {name}: {reason}")
    print(
        f"{len(runs)} runs, {report.requests} requests of the daemon, {report.answers} answers of the emulator: "
        f"{len(report.failures)} faults, {len(report.skipped)} runs SKIPPED"
    )
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
