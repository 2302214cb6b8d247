"""Stops of the daemon during calls: no outcome is lost, and clients with two daemons notice nothing."""

import contextlib
import threading
import time

import grpc

import frames
import rpc
from attack import attack
from harness import becomes_true

GROUP = "process"
# Daytona takes a moment for each request, so that calls are in progress when the daemon ends.
SLOW = {"delay_ms": 30}
BESIDES = {"beside": False}


def _until_it_fails(address, number, sandbox, outcomes):
    """One client: calls of all kinds, one after another, until one fails."""
    with rpc.Client(address, [("grpc.enable_retries", 0)]) as client:
        at = number
        while True:
            at += 1
            if at % 4 == 3:
                outcome = _watch_for_a_moment(client, sandbox)
            elif at % 4 == 2:
                outcome = client.call("ListSandboxes", page_size=10, timeout=20)
            else:
                # From memory, or from Daytona.
                outcome = client.call("GetSandbox", sandbox=sandbox, max_age={"seconds": 3600 * (at % 2)}, timeout=20)
            if not outcome.ok:
                outcomes.append(outcome)
                return


def _watch_for_a_moment(client, sandbox):
    stream = client.stream("WatchSandbox", sandbox=sandbox, timeout=20)
    try:
        next(stream)
        time.sleep(0.02)
        stream.cancel()
        return rpc.Outcome("OK")
    except grpc.RpcError as error:
        return rpc.outcome_of_error(error)


@attack(
    "SIGTERM under calls",
    GROUP,
    "12 stops under 40 clients each; how many of the 480 end in a bare CANCELLED",
    **BESIDES,
)
def stopped_under_calls(scene):
    scene.begin()
    scene.emulator.fault({"path_regex": "/api/"}, SLOW)
    outcomes = []
    for turn in range(12):
        daemon = scene.start_daemon(scene.emulator.url, ["--drain-timeout", "5s"], name=f"turn-{turn}")
        threads = []
        for number in range(40):
            arguments = (daemon.address, number, scene.sandbox, outcomes)
            threads.append(threading.Thread(target=_until_it_fails, args=arguments))
            threads[-1].start()
        time.sleep(0.7)
        daemon.terminate()
        for thread in threads:
            thread.join()
        scene.check_end(daemon)
    ends = [f"{outcome.code} {outcome.reason}".strip() for outcome in outcomes]
    bare = sum(1 for outcome in outcomes if outcome.code != "UNAVAILABLE" and not outcome.reason)
    without_delay = sum(1 for outcome in outcomes if outcome.reason == "SHUTTING_DOWN" and not outcome.has_retry_info)
    scene.note(ends={end: ends.count(end) for end in sorted(set(ends))}, bare=bare)
    # gRPC tells a client of the shutdown and resets calls that arrive in between: the remaining window.
    scene.check(bare <= len(outcomes) // 100, f"{bare} of {len(outcomes)} calls ended without a reason")
    scene.check(without_delay == 0, f"{without_delay} calls were refused without RetryInfo")


@attack(
    "restarts in turn",
    GROUP,
    "two daemons, each stopped 6 times under 20 clients that know both; no call fails",
    **BESIDES,
)
def restarts_in_turn(scene):
    scene.begin()
    scene.emulator.fault({"path_regex": "/api/"}, SLOW)
    flags = ["--drain-timeout", "5s"]
    daemons = [scene.start_daemon(scene.emulator.url, flags, name=f"first-{number}") for number in range(2)]
    target = "ipv4:" + ",".join(daemon.tcp for daemon in daemons)
    options = [("grpc.service_config", (rpc.ROOT / "client" / "service_config.json").read_text())]
    # A refused client reconnects soon.
    options += [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
    outcomes, over = [], threading.Event()

    def play(number):
        with rpc.Client(target, options) as client:
            while not over.is_set():
                for fields in ({}, {"max_age": {"seconds": 0}}):
                    outcomes.append(client.call("GetSandbox", sandbox=scene.sandbox, timeout=20, **fields))
                outcomes.append(client.call("ListSandboxes", page_size=10, timeout=20))

    threads = [threading.Thread(target=play, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        time.sleep(0.5)
        daemons[turn % 2].terminate()
        scene.check_end(daemons[turn % 2])
        port = int(daemons[turn % 2].tcp.rsplit(":", 1)[1])
        daemons[turn % 2] = scene.start_daemon(scene.emulator.url, flags, name=f"turn-{turn}", port=port)
    over.set()
    for thread in threads:
        thread.join()
    failed = [str(outcome) for outcome in outcomes if not outcome.ok]
    scene.note(calls=len(outcomes), failed=len(failed))
    scene.check(not failed, f"{len(failed)} of {len(outcomes)} calls failed: {failed[:1]}")


# A change that Daytona delays: its call, its fields, and what its error must name.
HELD_CHANGES = [
    ("CreateSandbox", {"spec": {"name": "held-create"}}, {"sandbox_name": "held-create"}),
    ("CreateSandbox", {"spec": {}}, {"sandbox_name": ""}),
    ("CreateSnapshot", {"spec": {"name": "held-snapshot", "image": "debian:12.9"}}, {"snapshot_name": "held-snapshot"}),
    ("CreateVolume", {"name": "held-volume"}, {"volume_name": "held-volume"}),
    ("StopSandbox", {"sandbox": "{}"}, {"sandbox_id": "{}"}),
    ("DeleteSandbox", {"sandbox": "{}"}, {"sandbox_id": "{}"}),
]


@attack(
    "stopped with changes at Daytona",
    GROUP,
    "a drain ends while changes are at Daytona; each call says so",
    short=True,
    **BESIDES,
)
def stopped_with_changes(scene):
    scene.begin()
    daemon = scene.start_daemon(scene.emulator.url, ["--drain-timeout", "1s"])
    for method in ("POST", "DELETE"):
        scene.emulator.fault({"method": method, "path_regex": "/(sandbox|snapshots|volumes)"}, {"hold": True})
    calls = []
    with contextlib.ExitStack() as stack:
        for number, (name, fields, _) in enumerate(HELD_CHANGES):
            client = stack.enter_context(rpc.Client(daemon.address))
            fields = {
                key: value.format(scene.sandbox) if isinstance(value, str) else value for key, value in fields.items()
            }
            calls.append(client.start(name, request_id=f"held-{number}", **fields))

        def at_daytona():
            requests = scene.emulator.ask("GET", "/_emulator/connections")["inProgress"]
            return requests >= len(calls) - 1

        # Two changes of one sandbox run one after the other.
        scene.check(becomes_true(at_daytona, 10), "the changes did not come to Daytona")
        daemon.terminate()
        outcomes = [rpc.outcome_of_future(call, 20) for call in calls]
    ends = {}
    for outcome, (name, _, named) in zip(outcomes, HELD_CHANGES):
        ends[name] = str(outcome)[:80]
        told = outcome.metadata
        if name == "DeleteSandbox" and told.get("outcome") != "unknown":
            # It was waiting for the stop; nothing was sent.
            scene.check(outcome.reason == "SHUTTING_DOWN" and outcome.has_retry_info, f"{name}: {outcome}")
            continue
        good = outcome.code == "UNAVAILABLE" and told.get("outcome") == "unknown" and outcome.has_retry_info
        scene.check(good, f"{name} that is at Daytona ends with {outcome}, {told}, RetryInfo: {outcome.has_retry_info}")
        for key, value in named.items():
            value = value.format(scene.sandbox)
            scene.check(told.get(key, "") == value if value else told.get(key), f"{name}: {key} is {told.get(key)!r}")
    scene.note(ends=ends)
    scene.emulator.mend()
    scene.check_end(daemon)


@attack("stopped with unread streams", GROUP, "SIGTERM while 200 callers read nothing", **BESIDES)
def stopped_with_unread_streams(scene):
    scene.begin()
    daemon = scene.start_daemon(scene.emulator.url, ["--drain-timeout", "1s"])
    path, message, _ = rpc.method("WatchSandbox")
    body = frames.grpc_message(message(sandbox=scene.sandbox).SerializeToString())
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            first = frames.settings(initial_window_size=0)
            connection = stack.enter_context(frames.Connection(daemon.address, first, reads=False))
            connection.send(frames.frame(frames.HEADERS, frames.END_HEADERS, 1, frames.call_headers(path)))
            connection.send(frames.frame(frames.DATA, frames.END_STREAM, 1, body))
        time.sleep(1)
        daemon.terminate()
        scene.check_end(daemon)
