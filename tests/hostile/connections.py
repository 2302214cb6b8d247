"""Attacks with connections: too many, silent ones, short ones, and many callers who wait."""

import asyncio
import contextlib
import time

import grpc

import frames
import rpc
from attack import attack

DESCRIPTORS = 1024


def _open_many(scene, address, count, first=frames.PREFACE + frames.settings()):
    """As many connections as are accepted."""
    opened = []
    for _ in range(count):
        try:
            connection = frames.connect(address, timeout=1)
            connection.sendall(first)
            opened.append(connection)
        except OSError:
            break
    scene.note(connections=len(opened))
    return opened


def _hold_connections(scene, address, first=frames.PREFACE + frames.settings()):
    opened = _open_many(scene, address, 1100, first)
    for _ in scene.seconds(3, 1.5):
        time.sleep(0.1)
    # A connected caller can still read from Daytona.
    with contextlib.ExitStack() as stack:
        for connection in opened[len(opened) // 2 :]:
            stack.callback(connection.close)
        for connection in opened[: len(opened) // 2]:
            connection.close()
        scene.check_newcomer(address)
    scene.check_newcomer(address)
    scene.check_newcomer(scene.daemon.tcp)


@attack(
    "connections, Unix", "connections", "1,100 connections on the socket at 1,024 descriptors", descriptors=DESCRIPTORS
)
def unix_connections(scene):
    _hold_connections(scene, scene.address)


@attack(
    "connections, TCP",
    "connections",
    "the same on a port of loopback",
    descriptors=DESCRIPTORS,
    listener="tcp",
    short=True,
)
def tcp_connections(scene):
    _hold_connections(scene, scene.address)


@attack(
    "silent connections",
    "connections",
    "1,100 connections that send nothing, at 1,024 descriptors",
    descriptors=DESCRIPTORS,
    listener="tcp",
)
def silent_connections(scene):
    _hold_connections(scene, scene.address, b"")


@attack(
    "upstream under connections",
    "connections",
    "1,100 connections, and what must go to Daytona meanwhile",
    descriptors=DESCRIPTORS,
)
def upstream_under_connections(scene):
    with rpc.Client(scene.address) as client:
        client.call("GetSandbox", sandbox=scene.sandbox)
        opened = _open_many(scene, scene.daemon.tcp, 1100)
        outcomes = []
        for _ in scene.seconds(3):
            outcomes.append(client.call("GetSandbox", sandbox=scene.sandbox, max_age={"seconds": 0}))
            time.sleep(0.02)
        for connection in opened:
            connection.close()
    failed = [str(outcome) for outcome in outcomes if not outcome.ok]
    scene.note(uncached_reads=len(outcomes), uncached_failed=len(failed))
    scene.check(not failed, f"{len(failed)} of {len(outcomes)} reads that go to Daytona failed: {failed[:1]}")
    scene.check_newcomer(scene.address)
    scene.check_newcomer(scene.daemon.tcp)


@attack("connection churn", "connections", "connections that are closed at once, as fast as possible")
def churn(scene):
    opened, refused = 0, 0
    for _ in scene.seconds(8):
        for address in (scene.daemon.tcp, scene.address):
            try:
                connection = frames.connect(address, timeout=1)
                connection.sendall(frames.PREFACE)
                connection.close()
                opened += 1
            except OSError:
                refused += 1
    scene.note(connections=opened, refused=refused)
    scene.check_newcomer(scene.address)
    scene.check_newcomer(scene.daemon.tcp)


async def _read_held(address, name):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    path, message, response = rpc.method("GetSandbox")
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        get = channel.unary_unary(path, message.SerializeToString, response.FromString)
        try:
            await get(message(sandbox=name), timeout=60)
            return rpc.Outcome("OK")
        except grpc.RpcError as error:
            return rpc.outcome_of_error(error)


@attack(
    "callers with held reads",
    "connections",
    "800 callers with one read each, which Daytona holds back, at 1,024 descriptors",
    descriptors=DESCRIPTORS,
)
def held_reads(scene):
    scene.emulator.fault({"path_regex": "/sandbox/held-"}, {"hold": True})

    async def play():
        def start(numbers):
            return [asyncio.create_task(_read_held(scene.address, f"held-{number}")) for number in numbers]

        # The second half starts once the first holds all connections to Daytona.
        calls = start(range(400))
        await asyncio.sleep(2)
        calls += start(range(400, 800))
        await asyncio.sleep(3)
        await asyncio.to_thread(scene.emulator.mend)
        _, pending = await asyncio.wait(calls, timeout=30)
        for call in pending:
            call.cancel()
        return [call.result() for call in calls if call.done()], len(pending)

    outcomes, unanswered = asyncio.run(play())
    codes = [outcome.code for outcome in outcomes]
    scene.note(outcomes={code: codes.count(code) for code in sorted(set(codes))}, unanswered=unanswered)
    scene.check(unanswered == 0, f"{unanswered} calls never ended")
    # Normally not found. For a refused connection, the client library reports UNAVAILABLE without a reason.
    odd = [str(o) for o in outcomes if o.code not in ("NOT_FOUND", "UNAVAILABLE") and not o.is_documented]
    scene.check(not odd, f"{len(odd)} calls ended oddly: {odd[:1]}")
    scene.check_newcomer(scene.address)
    scene.check_newcomer(scene.daemon.tcp)
