"""Attacks by the content of calls: many entries, long texts, odd names, and endless repetition."""

import gzip
import os
import pty
import select
import struct
import subprocess
import threading
import time

import grpc

import frames
import rpc
from attack import attack

MIB = 1 << 20
CJK = "名"
# Changes the direction of the following text on a terminal; starts a terminal command, in 7 and in 8 bits.
CONTROLS = "\u202e\u2066\x1b[31m\x9b31m\x07\u200f"


def _labels(count):
    return {f"{number:x}": "" for number in range(count)}


def _refused(scene, what, outcome, allowed, needs_reason=True):
    scene.check(outcome.code in allowed, f"{what} is answered {outcome}")
    if needs_reason and not outcome.ok:
        scene.check(outcome.is_documented, f"{what} is refused without a documented reason: {outcome}")


# Codes of requests refused for their size.
REFUSALS = ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")


def _repeat(scene, name, fields, full=8, callers=1, pause=0.2, needs_reason=True, allowed=REFUSALS):
    """The same call over and over, each refused; the request is built in advance."""
    serialized = rpc.request(name, **fields).SerializeToString()
    outcomes = []

    def play():
        with rpc.Client(scene.address) as client:
            for _ in scene.seconds(full):
                outcomes.append(client.send(name, serialized))
                time.sleep(pause)

    threads = [threading.Thread(target=play) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scene.note(request_mib=round(len(serialized) / MIB, 1), requests=len(outcomes))
    scene.note(longest_answer_ms=round(1000 * max((outcome.seconds for outcome in outcomes), default=0)))
    for outcome in outcomes:
        _refused(scene, f"a request of {len(serialized) / MIB:.1f} MiB", outcome, allowed, needs_reason)
        if scene.faults:
            break
    scene.check_newcomer(scene.address)


@attack("a million labels", "one message", "CreateSandbox with a million labels", p99_factor=2, short=True)
def million_labels(scene):
    # gRPC itself refuses requests above its limit, without our reasons.
    _repeat(scene, "CreateSandbox", {"spec": {"labels": _labels(1_000_000)}}, needs_reason=False)


@attack("four million labels", "one message", "CreateSandbox with four million labels", p99_factor=2)
def four_million_labels(scene):
    _repeat(scene, "CreateSandbox", {"spec": {"labels": _labels(4_000_000)}}, full=5, needs_reason=False)


@attack("labels, 4 MiB", "one message", "CreateSandbox with as many labels as a message takes, 4 callers", p99_factor=2)
def allowed_labels(scene):
    _repeat(scene, "CreateSandbox", {"spec": {"labels": _labels(270_000)}}, callers=4)


@attack("environment, 4 MiB", "one message", "the same with env", p99_factor=2)
def allowed_env(scene):
    _repeat(scene, "CreateSandbox", {"spec": {"env": _labels(270_000)}}, callers=4)


@attack(
    "filter, a million labels",
    "one message",
    "ListSandboxes with a filter of a million labels",
    listener="read_only",
    p99_factor=2,
)
def million_label_filter(scene):
    _repeat(scene, "ListSandboxes", {"filter": {"labels": _labels(1_000_000)}}, needs_reason=False)


@attack(
    "filter, 1 MiB of labels",
    "one message",
    "the same with as many as a reader's message takes, 4 callers",
    listener="read_only",
    p99_factor=2,
    short=True,
)
def allowed_label_filter(scene):
    _repeat(scene, "ListSandboxes", {"filter": {"labels": _labels(80_000)}}, callers=4)


@attack("filter, 1 MiB of states", "one message", "the same with a million states", listener="read_only", p99_factor=2)
def states_filter(scene):
    _repeat(scene, "ListSandboxes", {"filter": {"states": [5] * 1_000_000}}, callers=4)


@attack(
    "filter, 1 MiB of texts",
    "one message",
    "the same with 250,000 states by their text",
    listener="read_only",
    p99_factor=2,
)
def texts_filter(scene):
    _repeat(
        scene, "ListSandboxes", {"filter": {"state_texts": [f"{number:x}" for number in range(150_000)]}}, callers=4
    )


@attack("labels to find, 1 MiB", "one message", "FindSandbox by 80,000 labels", listener="read_only", p99_factor=2)
def labels_to_find(scene):
    _repeat(scene, "FindSandbox", {"labels": _labels(80_000)}, callers=4)


@attack("page token of 1 MB", "one message", "ListSandboxes with it", listener="read_only", p99_factor=2)
def page_token(scene):
    _repeat(scene, "ListSandboxes", {"page_token": "A" * 1_000_000}, callers=4)


@attack(
    "states to wait for, 1 MiB", "one message", "WaitSandbox for a million states", listener="read_only", p99_factor=2
)
def states_to_wait_for(scene):
    fields = {"sandbox": scene.sandbox, "states": [20] * 1_000_000, "timeout": {"seconds": 1}}
    _repeat(scene, "WaitSandbox", fields, callers=4, allowed=(*REFUSALS, "DEADLINE_EXCEEDED"))


@attack("volumes, 4 MiB", "one message", "CreateSandbox with 400,000 mounts", p99_factor=2)
def mounts(scene):
    _repeat(scene, "CreateSandbox", {"spec": {"volumes": [{"volume": "v", "mount_path": "/"}] * 400_000}}, callers=4)


@attack("lists of networks, 4 MiB", "one message", "CreateSandbox with 300,000 networks", p99_factor=2)
def networks(scene):
    _repeat(scene, "CreateSandbox", {"spec": {"network_allow_list": ["10.0.0.0/8"] * 300_000}}, callers=4)


@attack("image steps, 4 MiB", "one message", "CreateSandbox with an image of 600,000 steps", p99_factor=2)
def image_steps(scene):
    image = {"base_image": "debian", "steps": [{"workdir": ""}] * 600_000}
    _repeat(scene, "CreateSandbox", {"spec": {"declarative_image": image}}, callers=4)


@attack("packages, 4 MiB", "one message", "CreateSandbox with an image of 700,000 packages to install", p99_factor=2)
def packages(scene):
    steps = [{"pip_install": {"packages": ["a'b"] * 700_000}}]
    _repeat(
        scene, "CreateSandbox", {"spec": {"declarative_image": {"base_image": "debian", "steps": steps}}}, callers=4
    )


@attack("Dockerfile, 4 MiB", "one message", "CreateSandbox with a Dockerfile of two million lines", p99_factor=2)
def dockerfile(scene):
    _repeat(scene, "CreateSandbox", {"spec": {"dockerfile": "FROM a\n" + "R\n" * 2_000_000}}, callers=4)


@attack(
    "compressed requests", "one message", "64 KB that stand for 64 MB of zeros, over and over", p99_factor=2, short=True
)
def compressed(scene):
    path, message, _ = rpc.method("GetSandbox")
    packed = gzip.compress(message(sandbox="\0" * 64_000_000).SerializeToString())
    headers = frames.call_headers(path, (b"grpc-encoding", b"gzip"))
    sent = 0
    with frames.Connection(scene.address) as connection:
        for _ in scene.seconds(8):
            stream = connection.new_stream()
            connection.send(frames.frame(frames.HEADERS, frames.END_HEADERS, stream, headers))
            sent += connection.send_data(stream, struct.pack(">BI", 1, len(packed)) + packed, frames.END_STREAM)
            time.sleep(0.05)
    scene.note(sent=sent, connection_open=connection.usable)
    with rpc.Client(scene.address) as client:
        serialized = message(sandbox="\0" * 64_000_000).SerializeToString()
        outcome = client.send("GetSandbox", serialized, compression=grpc.Compression.Gzip)
    _refused(scene, "a compressed request", outcome, REFUSALS)


@attack(
    "long names and values",
    "errors",
    "names of 100,000 characters, CJK, dots; 50 bad labels; each error must arrive",
    short=True,
)
def long_names(scene):
    refusals = ["INVALID_REQUEST", "UNPARSABLE_REQUEST", "BODY_TOO_LARGE"]
    names = {
        "a CJK name of 3,000": CJK * 3000,
        "a CJK name of 100,000": CJK * 100_000,
        "a name of 100,000": "n" * 100_000,
        "`.`": ".",
        "`..`": "..",
    }
    with rpc.Client(scene.address) as client:
        for what, name in names.items():
            scene.check_outcome(
                f"create {what}", client.call("CreateSandbox", spec={"name": name}), "INVALID_ARGUMENT", refusals
            )
            outcome = client.call("CreateVolume", name=name)
            scene.check_outcome(f"create a volume {what}", outcome, "INVALID_ARGUMENT", refusals)
            spec = {"name": name, "image": "debian:12.9"}
            scene.check_outcome(
                f"create a snapshot {what}",
                client.call("CreateSnapshot", spec=spec),
                "INVALID_ARGUMENT",
                refusals,
            )
            scene.check_outcome(f"get {what}", client.call("GetSandbox", sandbox=name), "INVALID_ARGUMENT", refusals)
            scene.check_outcome(
                f"delete {what}", client.call("DeleteSandbox", sandbox=name), "INVALID_ARGUMENT", refusals
            )
        # A missing object, with the longest accepted name.
        for length in (255, 128, 64):
            outcome = client.call("GetSandbox", sandbox=CJK * length)
            if outcome.code != "INVALID_ARGUMENT":
                scene.check_outcome(f"get a CJK name of {length}", outcome, "NOT_FOUND", ["SANDBOX_NOT_FOUND"])
        mounts = [{"volume": CJK * 30, "mount_path": CJK * 30 + str(number)} for number in range(50)]
        outcome = client.call("CreateSandbox", spec={"volumes": mounts})
        scene.check_outcome("50 bad mounts", outcome, "INVALID_ARGUMENT", refusals)
        bad = {f"\x00{CJK * 100}{number}": CJK * 100 + "\x00" for number in range(50)}
        outcome = client.call("CreateSandbox", spec={"labels": bad})
        if not outcome.ok:
            scene.check_outcome("50 bad labels", outcome, "INVALID_ARGUMENT", refusals)
        outcome = client.call("CreateSandbox", spec={"env": {f"{CJK * 100}{number}=": "\x00" for number in range(50)}})
        if not outcome.ok:
            scene.check_outcome("50 bad env names", outcome, "INVALID_ARGUMENT", refusals)


@attack(
    "long reasons from Daytona",
    "errors",
    "errorReason and messages of 4 to 64 KiB, ASCII and CJK; each error must arrive",
    short=True,
)
def long_reasons(scene):
    with rpc.Client(scene.address) as client:
        for size in (4096, 65536):
            for text in ("r" * size, CJK * (size // 3)):
                broken = scene.emulator.create_sandbox()
                force = {"state": "error", "errorReason": text}
                scene.emulator.ask("POST", f"/_emulator/sandboxes/{broken}", force)
                outcome = client.call("WaitSandbox", sandbox=broken, states=[6], timeout=20)
                what = f"errorReason of {len(text.encode())} bytes"
                scene.check_outcome(what, outcome, "FAILED_PRECONDITION", ["SANDBOX_FAILED"])
                body = {
                    "statusCode": 400,
                    "message": text,
                    "error": "Bad Request",
                    "path": "/api/sandbox",
                    "timestamp": "x",
                }
                scene.emulator.fault({"path_regex": "/sandbox/refused", "times": 1}, {"status": 400, "body": body})
                outcome = client.call("GetSandbox", sandbox="refused", max_age={"seconds": 0})
                what = f"a refusal of {len(text.encode())} bytes"
                scene.check_outcome(what, outcome, "INVALID_ARGUMENT", ["UPSTREAM_BAD_REQUEST"])


@attack("same refusals", "log", "20,000 refused calls of one caller; the log stays short", listener="read_only")
def same_refusals(scene):
    sent = 0
    with rpc.Client(scene.address) as client:
        for _ in scene.seconds(30, 2):
            outcome = client.call("DeleteSandbox", sandbox="x")
            sent += 1
            client.send("GetSandbox", b"\xff\xff")
            client.call("GetSandbox", sandbox="\x01")
            if sent >= 7000:
                break
    scene.note(calls=3 * sent)
    _refused(scene, "a change at the listener for readers", outcome, allowed=("PERMISSION_DENIED",))


@attack("same failures of Daytona", "log", "calls that fail upstream over and over; the log stays short")
def same_failures(scene):
    scene.emulator.fault({"path_regex": "/sandbox/failing"}, {"status": 500, "body": "no"})
    scene.emulator.fault({"path_regex": "/sandbox/dropped"}, {"drop": True})
    scene.emulator.fault({"path_regex": "/sandbox/broken"}, {"malformed_body": True})
    calls = 0

    def play(number):
        nonlocal calls
        with rpc.Client(scene.address) as client:
            for _ in scene.seconds(10, 2):
                for name in ("failing", "dropped", "broken"):
                    client.call("GetSandbox", sandbox=f"{name}-{number}", max_age={"seconds": 0}, timeout=0.3)
                    calls += 1

    threads = [threading.Thread(target=play, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scene.note(calls=calls)


@attack("rate limits", "log", "Daytona refuses each call for its rate limit; the log stays short")
def rate_limits(scene):
    limit = {"rate_limit": {"throttler": "authenticated", "retry_after_s": 0}}
    scene.emulator.fault({"path_regex": "/sandbox/limited"}, limit)
    calls = []

    def play():
        with rpc.Client(scene.address) as client:
            for _ in scene.seconds(10, 2):
                calls.append(client.call("GetSandbox", sandbox="limited", max_age={"seconds": 0}, timeout=0.2).code)

    threads = [threading.Thread(target=play) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scene.note(calls=len(calls))


def _on_a_terminal(command, limit=20):
    """The output of a command on a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower) as process:
        os.close(follower)
        out, end = b"", time.monotonic() + limit
        while time.monotonic() < end:
            if not select.select([leader], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(leader, 65536)
            except OSError:
                break
            if not part:
                break
            out += part
        if process.poll() is None:
            process.kill()
    os.close(leader)
    return out.decode(errors="replace")


@attack("terminal controls", "command line", "texts that would control the terminal of daytonactl")
def terminal_controls(scene):
    marked = scene.emulator.create_sandbox(name="marked", labels={"label": CONTROLS}, env={"NAME": CONTROLS})
    scene.emulator.ask("POST", f"/_emulator/sandboxes/{marked}", {"state": "error", "errorReason": f"why {CONTROLS}"})
    body = {"statusCode": 400, "message": f"no {CONTROLS}", "error": "Bad Request", "path": "/api/x", "timestamp": "x"}
    scene.emulator.fault({"path_regex": "/sandbox/refused"}, {"status": 400, "body": body})
    daytonactl = [str(scene.bin_dir / "daytonactl"), "--address", scene.address]
    for arguments in (["get", "marked"], ["list"], ["get", "refused"], ["start", "marked"], ["get", CONTROLS]):
        shown = _on_a_terminal([*daytonactl, "sandbox", *arguments])
        found = [f"U+{ord(control):04X}" for control in set(CONTROLS) - set("[31m") if control in shown]
        words = " ".join(arguments[:1] if arguments[-1] == CONTROLS else arguments)
        scene.check(not found, f"sandbox {words} writes {', '.join(sorted(found))} to the terminal")
