"""The soak: mixed load, while the connections to Daytona are cut repeatedly. `make soak` runs it.

    soak.py [--bin-dir DIR] [--minutes 10] [--report FILE]

Every call must succeed, or end in an error that its case expects: a caller who repeats what is UNAVAILABLE, with the same request id,
gets what he asked for. Resident memory must be flat after the first fifth of the time.
"""

import argparse
import asyncio
import collections
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import grpc  # noqa: E402

import harness  # noqa: E402
import rpc  # noqa: E402

CALLERS_OF_EACH_KIND = 2
# Between two rounds of creating objects. The outcomes of request ids are kept for an hour, so that memory grows with
# each.
PAUSE = 4
# The object cache fills its share of memory at once.
FLAGS = ["--cache-size", "4MiB"]
# Memory may grow by that much from the first fifth to the end.
GROWTH_MIB = 8
GROWTH_SHARE = 0.1


class Link:
    """A TCP proxy to the emulator, which restarts in its place: the emulator itself would forget all objects."""

    def __init__(self, port):
        self._port = port
        self._writers = set()
        self.restarts = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self._run, args=[started], daemon=True).start()
        started.wait(10)

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda *_: None)
        self._server = self._loop.run_until_complete(self._listen(0))
        self.port = self._server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()

    async def _listen(self, port):
        return await asyncio.start_server(self._visit, "127.0.0.1", port, reuse_address=True, backlog=1000)

    async def _visit(self, reader, writer):
        self._writers.add(writer)
        try:
            onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writers.add(onward_writer)
            await asyncio.gather(self._copy(reader, onward_writer), self._copy(onward_reader, writer))
            self._writers.discard(onward_writer)
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def _restart(self, seconds):
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(seconds)
        self._server = await self._listen(self.port)

    def restart(self, seconds):
        self.restarts += 1
        asyncio.run_coroutine_threadsafe(self._restart(seconds), self._loop).result(30)


class Soak:
    def __init__(self, daemon, emulator, seconds):
        self.daemon = daemon
        self.emulator = emulator
        self.end = time.monotonic() + seconds
        self.counts = collections.Counter()
        self.repeated = 0
        self.unexpected = collections.Counter()
        self._lock = threading.Lock()

    @property
    def over(self):
        return time.monotonic() > self.end or self.daemon.has_ended

    def took(self, kind, outcome, expected=()):
        with self._lock:
            self.counts[kind] += 1
            if not outcome.ok and (outcome.reason or outcome.code) not in expected:
                self.unexpected[f"{kind}: {outcome}"[:200]] += 1
        return outcome

    def call(self, client, method, /, expected=(), **fields):
        """Like a proper caller: repeats a call that is UNAVAILABLE, for a minute."""
        end = time.monotonic() + 60
        while True:
            outcome = client.call(method, timeout=60, **fields)
            if outcome.code != "UNAVAILABLE" or not outcome.has_retry_info or time.monotonic() > end:
                return self.took(method, outcome, expected)
            if method.startswith("Delete"):
                # The answer to the first attempt may have been lost.
                expected = [*expected, f"{method.removeprefix('Delete').upper()}_NOT_FOUND"]
            with self._lock:
                self.repeated += 1
            time.sleep(0.2)

    def change(self, client, method, /, **fields):
        return self.call(client, method, request_id=uuid.uuid4().hex, **fields)


def lives(soak, client):
    """Sandboxes from create to delete."""
    name = f"life-{uuid.uuid4().hex}"
    made = soak.change(client, "CreateSandbox", spec={"name": name, "labels": {"soak": "life"}})
    if not made.ok:
        return
    sandbox = made.answer.sandbox.id
    for change in ("StopSandbox", "StartSandbox"):
        soak.change(client, change, sandbox=sandbox)
        soak.call(client, "GetSandbox", sandbox=sandbox)
    soak.change(client, "DeleteSandbox", sandbox=sandbox, wait=True)
    soak.call(client, "GetSandbox", ["SANDBOX_NOT_FOUND"], sandbox=sandbox)
    time.sleep(PAUSE)


def reads(soak, client):
    for _ in range(20):
        soak.call(client, "GetSandbox", sandbox="standing-1")
        soak.call(client, "GetSandbox", sandbox="standing-2", max_age={"seconds": 0})
    soak.call(client, "ListSandboxes", page_size=10)
    soak.call(client, "FindSandbox", labels={"standing": "yes"})
    time.sleep(0.05)


def watches(soak, client):
    """A watch that is cancelled after some seconds."""
    stream = client.stream("WatchSandbox", sandbox="standing-1", timeout=2)
    try:
        for _ in stream:
            pass
        outcome = rpc.Outcome("OK")
    except grpc.RpcError as error:
        outcome = rpc.outcome_of_error(error)
    expected = ["DEADLINE_EXCEEDED", "UPSTREAM_UNREACHABLE", "UPSTREAM_CONNECTION_LOST"]
    soak.took("WatchSandbox", outcome, expected)


def builds(soak, client):
    """Builds snapshots."""
    name = f"built-{uuid.uuid4().hex}"
    spec = {"name": name, "dockerfile": f"FROM debian:12.9\nRUN echo {name}\n"}
    made = soak.change(client, "CreateSnapshot", spec=spec)
    if made.ok:
        soak.change(client, "DeleteSnapshot", snapshot=made.answer.snapshot.id, wait=True)
    time.sleep(PAUSE)


def volumes(soak, client):
    made = soak.change(client, "CreateVolume", name=f"volume-{uuid.uuid4().hex}", wait=True)
    if made.ok:
        soak.change(client, "DeleteVolume", volume=made.answer.volume.id)
    time.sleep(PAUSE)


def uploads(soak, client):
    content = os.urandom(300_000)
    tar = rpc.tar_of("soak", content)
    message = rpc.messages("build_service").UploadBuildContextRequest

    def parts():
        yield message(header={"archive_path": "soak", "context_hash": rpc.context_hash("soak", content)})
        for at in range(0, len(tar), 65536):
            yield message(data=tar[at : at + 65536])

    for _ in range(60):
        outcome = client.upload(parts())
        if outcome.code != "UNAVAILABLE":
            break
        soak.repeated += 1
        time.sleep(0.2)
    soak.took("UploadBuildContext", outcome)
    soak.emulator.ask("DELETE", "/_emulator/storage")
    time.sleep(0.2)


def rude(soak, client):
    """Calls that are cancelled, run out of time, or are invalid."""
    future = client.start("WaitSandbox", sandbox="standing-1", states=[6])
    time.sleep(random.uniform(0, 0.05))
    future.cancel()
    soak.took(
        "WaitSandbox", client.call("WaitSandbox", sandbox="standing-1", states=[6], timeout=0.05), ["DEADLINE_EXCEEDED"]
    )
    soak.took("CreateSandbox", client.call("CreateSandbox", spec={"ttl_minutes": -5}), ["INVALID_REQUEST"])
    outcome = client.send("GetSandbox", b"\xff\xff")
    soak.took("GetSandbox", outcome, ["UNPARSABLE_REQUEST"])
    time.sleep(0.1)


def callers_of(soak, play):
    # Callers come and go.
    while not soak.over:
        with rpc.Client(soak.daemon.address) as client:
            end = time.monotonic() + 5
            while not soak.over and time.monotonic() < end:
                try:
                    play(soak, client)
                except Exception as error:  # pylint: disable=broad-except
                    soak.took(play.__name__, rpc.Outcome("HARNESS", message=repr(error)))
                    time.sleep(1)


def flatness(samples):
    """Memory (MiB) of the second fifth and of the last one."""
    fifth = max(1, len(samples) // 5)
    return statistics.median(samples[fifth : 2 * fifth] or samples), statistics.median(samples[-fifth:])


def run(options, directory):
    emulator = harness.Emulator(options.bin_dir)
    link = Link(emulator.port)
    for number in (1, 2):
        emulator.create_sandbox(name=f"standing-{number}", labels={"standing": "yes" if number == 1 else "no"})
    daemon = harness.Daemon(options.bin_dir, directory, f"http://127.0.0.1:{link.port}/api", FLAGS)
    samples = []
    try:
        soak = Soak(daemon, emulator, options.minutes * 60)
        kinds = [lives, reads, watches, builds, volumes, uploads, rude]
        threads = [
            threading.Thread(target=callers_of, args=(soak, play))
            for play in kinds
            for _ in range(CALLERS_OF_EACH_KIND)
        ]
        for thread in threads:
            thread.start()
        next_restart = time.monotonic() + 10
        while not soak.over:
            time.sleep(1)
            samples.append(daemon.rss_mib)
            if time.monotonic() > next_restart:
                link.restart(random.uniform(0.1, 2))
                next_restart = time.monotonic() + 20
        for thread in threads:
            thread.join()
        early, late = flatness(samples)
        faults = [f"{count} times {what}" for what, count in soak.unexpected.most_common()]
        if daemon.has_ended:
            faults.append(f"the daemon ended with status {daemon.process.returncode}")
        if late > early * (1 + GROWTH_SHARE) and late > early + GROWTH_MIB:
            faults.append(f"memory grew from {early:.1f} to {late:.1f} MiB")
        return {
            "minutes": options.minutes,
            "calls": dict(soak.counts),
            "repeated": soak.repeated,
            "upstream_restarts": link.restarts,
            "early_mib": round(early, 1),
            "late_mib": round(late, 1),
            "peak_mib": round(daemon.peak_mib, 1),
            "log_lines": len(daemon.log().splitlines()),
            "memory_mib": [round(sample, 1) for sample in samples[:: max(1, len(samples) // 60)]],
            "faults": faults,
        }
    finally:
        daemon.close()
        emulator.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=lambda text: pathlib.Path(text).resolve(), default=ROOT / "build/release/bin")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--report", type=pathlib.Path, default=ROOT / "build/hostile/soak.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        rpc.generate_stubs(pathlib.Path(directory) / "stubs")
        result = run(options, directory)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: value for key, value in result.items() if key not in ("memory_mib", "faults")}, indent=1))
    for fault in result["faults"]:
        print(f"missed: {fault}")
    print(f"{sum(result['calls'].values())} calls in {options.minutes:g} minutes: {len(result['faults'])} faults")
    return 1 if result["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
