"""Attacks by a server in Daytona's place."""

import asyncio
import gzip
import json
import threading
import time
import zlib

import rpc
from attack import attack
from fake_upstream import FakeUpstream, head, text_frame

GROUP = "upstream"
MIB = 1 << 20
LARGE = 60_000_000
# Reasons for refusing an answer.
TOO_MUCH = ["UPSTREAM_RESPONSE_TOO_LARGE", "UPSTREAM_MALFORMED_RESPONSE", "UPSTREAM_FOREIGN_ANSWER", "PAGE_TOO_LARGE"]
TOO_MUCH += ["DAEMON_EXHAUSTED", "UPSTREAM_CONNECTION_LOST", "UPSTREAM_HEADERS_TOO_LARGE"]
# The caller's deadline expired first.
LATE = ["DEADLINE_EXCEEDED"]


def upstream(*answers, events=None):
    """Starts a fake upstream with these answers."""

    def start(scene):
        honest = json.dumps(scene.emulator.ask("GET", f"/api/sandbox/{scene.sandbox}")).encode()
        scene.fake = FakeUpstream({"id": scene.sandbox, "text": honest}, answers, events)
        return scene.closing(scene.fake).url

    return start


def _objects(number):
    return {"sandbox": f"bad-{number}", "max_age": {"seconds": 0}}


def _pages(number):
    return {"filter": {"name_prefix": f"n{number}"}, "page_size": 100}


def _ask(scene, callers, name="GetSandbox", fields=_objects, full=8, also=(), timeout=20, succeeds=False):
    """Callers make calls that the fake answers badly, each with its own `fields`; all must get a documented error in time. `also` lists
    reasons accepted besides the usual ones; with `succeeds`, success is accepted as well."""
    outcomes = []

    def play(number):
        with rpc.Client(scene.address) as client:
            for _ in scene.seconds(full):
                outcomes.append(client.call(name, timeout=timeout, **fields(number)))
                time.sleep(0.02)

    threads = [threading.Thread(target=play, args=[number]) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends = [outcome.reason or outcome.code for outcome in outcomes]
    scene.note(calls=len(outcomes), ends={end: ends.count(end) for end in sorted(set(ends))})
    good = {*TOO_MUCH, *also, *(["OK"] if succeeds else [])}
    # A deadline noticed first by the client has only a code.
    odd = [str(o) for o in outcomes if (o.reason or o.code) not in good or o.reason and not o.is_documented]
    scene.check(not odd, f"{len(odd)} of {len(outcomes)} calls ended oddly: {odd[:1]}")
    scene.check_newcomer(scene.address)
    return outcomes


async def _deep(visitor):
    await visitor.send(head(length=LARGE), *[b"[" * MIB] * (LARGE // MIB))
    await visitor.send(b"[" * (LARGE % MIB))


@attack("deep JSON", GROUP, "objects of 60 MB of `[`, 4 callers", upstream=upstream(("bad-", _deep)), short=True)
def deep_json(scene):
    _ask(scene, 4)


async def _deep_small(visitor):
    await visitor.json(b"[" * (MIB - 1))


@attack("deep JSON, 1 MiB", GROUP, "objects of 1 MiB of `[`, 4 callers", upstream=upstream(("bad-", _deep_small)))
def deep_small_json(scene):
    _ask(scene, 4)


async def _deep_page(visitor):
    await visitor.json(b'{"items":' + b"[" * (15 * MIB))


@attack(
    "deep JSON, list",
    GROUP,
    "pages of 15 MiB of `[`, 4 callers",
    upstream=upstream((r"GET /api/sandbox\?", _deep_page)),
)
def deep_page(scene):
    _ask(scene, 4, "ListSandboxes", _pages)


async def _wide(visitor):
    await visitor.json(b'{"labels":{' + b",".join(b'"%x":""' % number for number in range(90_000)) + b"}}")


@attack(
    "wide JSON", GROUP, "objects with 90,000 labels, just under 1 MiB, 4 callers", upstream=upstream(("bad-", _wide))
)
def wide_json(scene):
    _ask(scene, 4)


BOMB = gzip.compress(b" " * LARGE)


async def _unfinished_bomb(visitor):
    await visitor.send(head(length=len(BOMB) + 1, Content_Encoding="gzip"), BOMB)
    await visitor.until_gone()


@attack(
    "unfinished gzip",
    GROUP,
    "50 answers of 61 KB that inflate to 60 MB, and do not end",
    upstream=upstream(("bad-", _unfinished_bomb)),
    short=True,
)
def unfinished_gzip(scene):
    _ask(scene, 50, full=6, also=LATE, timeout=3 if scene.short else 6)


async def _endless_bomb(visitor):
    # Megabyte after megabyte of spaces, as one gzip stream.
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    await visitor.send(head(Transfer_Encoding="chunked", Content_Encoding="gzip"))
    while True:
        part = compressor.compress(b" " * MIB) + compressor.flush(zlib.Z_SYNC_FLUSH)
        await visitor.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")


@attack(
    "endless gzip", GROUP, "answers that inflate without end, 20 callers", upstream=upstream(("bad-", _endless_bomb))
)
def endless_gzip(scene):
    _ask(scene, 20, also=LATE, timeout=10)


def _list_of(count):
    async def answer(visitor):
        if not hasattr(answer, "body"):
            item = {"name": "n", "state": "started", "labels": {}, "target": "us", "cpu": 1, "memory": 1, "disk": 3}
            items = [{"id": f"00000000-0000-4000-8000-{number:012d}", **item} for number in range(count)]
            answer.body = json.dumps({"items": items, "nextCursor": None}).encode()
        await visitor.json(answer.body)

    return answer


@attack(
    "list of 100,000",
    GROUP,
    "pages of 100,000 items, 4 callers",
    upstream=upstream((r"GET /api/sandbox\?", _list_of(100_000))),
    short=True,
)
def long_list(scene):
    # A page is returned if gRPC can send it, else refused.
    _ask(scene, 4, "ListSandboxes", _pages, succeeds=True)


async def _held_body(visitor):
    await visitor.send(head(length=LARGE), *[b" " * MIB] * ((LARGE - 1) // MIB))
    await visitor.until_gone()


@attack(
    "unfinished bodies", GROUP, "50 objects of 60 MB, but for their last byte", upstream=upstream(("bad-", _held_body))
)
def unfinished_bodies(scene):
    _ask(scene, 50, full=6, also=LATE, timeout=6)


async def _held_page(visitor):
    await visitor.send(head(length=15 * MIB), b" " * (15 * MIB - 1))
    await visitor.until_gone()


@attack(
    "unfinished pages",
    GROUP,
    "100 pages of 15 MiB, but for their last byte",
    upstream=upstream((r"GET /api/sandbox\?", _held_page)),
)
def unfinished_pages(scene):
    _ask(scene, 100, "ListSandboxes", _pages, also=LATE, timeout=8)


async def _large_error(visitor):
    await visitor.send(head("500 Internal Server Error", LARGE), *[b"e" * MIB] * (LARGE // MIB), b"e" * (LARGE % MIB))


@attack("large errors", GROUP, "errors of 60 MB, 10 callers", upstream=upstream(("bad-", _large_error)))
def large_errors(scene):
    _ask(scene, 10, also=[*LATE, "UPSTREAM_UNAVAILABLE", "UPSTREAM_INTERNAL"], timeout=5)


async def _endless_headers(visitor):
    await visitor.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visitor.send(b"X-More: " + b"v" * 1000 + b"\r\n")


async def _large_header(visitor):
    await visitor.send(head(length=2, X_Large="v" * 400_000), b"{}")


def _once(scene, outcomes):
    """Oversized headers have their own error, after one attempt."""
    asked = scene.fake.count("/sandbox/bad-")
    scene.note(requests=asked)
    scene.check(asked <= len(outcomes), f"{asked} requests for {len(outcomes)} calls")


@attack(
    "endless headers",
    GROUP,
    "answers whose headers do not end, 10 callers",
    upstream=upstream(("bad-", _endless_headers)),
    short=True,
)
def endless_headers(scene):
    _once(scene, _ask(scene, 10))


@attack("large headers", GROUP, "a header of 400 KB, 10 callers", upstream=upstream(("bad-", _large_header)))
def large_headers(scene):
    _once(scene, _ask(scene, 10))


async def _interim_answers(visitor):
    while True:
        await visitor.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000)


@attack("endless interim answers", GROUP, "103 without end, 10 callers", upstream=upstream(("bad-", _interim_answers)))
def interim_answers(scene):
    _ask(scene, 10, also=LATE, timeout=6)


async def _endless_trailers(visitor):
    await visitor.send(head(Transfer_Encoding="chunked"), b"2\r\n{}\r\n0\r\n")
    while True:
        await visitor.send(b"X-Trailer: " + b"v" * 1000 + b"\r\n")


@attack(
    "endless trailers",
    GROUP,
    "chunked answers whose trailers do not end",
    upstream=upstream(("bad-", _endless_trailers)),
)
def endless_trailers(scene):
    _ask(scene, 10, also=LATE, timeout=6)


async def _slow(visitor):
    await visitor.send(head(length=1000))
    while True:
        await visitor.send(b" ")
        await asyncio.sleep(0.05)


@attack("slow bodies", GROUP, "300 answers that come byte by byte", upstream=upstream(("bad-", _slow)))
def slow_bodies(scene):
    _ask(scene, 300, full=4, also=LATE, timeout=3)


def _events(send):
    async def connect(visitor):
        await visitor.become_websocket()
        await send(visitor)
        await visitor.until_gone()

    return connect


async def _huge_frame(visitor):
    await visitor.send(text_frame(1 << 40))
    while True:
        await visitor.send(b"4" * MIB)


async def _fragments(visitor):
    await visitor.send(text_frame(2, final=False), b"42")
    while True:
        await visitor.send((text_frame(1000, final=False, continued=True) + b"[" * 1000) * 100)


async def _deep_events(visitor):
    text = b"42" + b"[" * 900_000
    while True:
        await visitor.send(text_frame(len(text)), text)


async def _many_events(visitor):
    text = b'42["sandbox.state.updated",{"sandbox":{"id":"x","state":"started"},"newState":"started","oldState":"x"}]'
    while True:
        await visitor.send((text_frame(len(text)) + text) * 500)


def _event_attack(name, what, send, short=False):
    @attack(f"events, {name}", GROUP, what, upstream=upstream(events=_events(send)), short=short)
    def play(scene):
        for _ in scene.seconds(8, 3):
            time.sleep(0.1)
        scene.note(event_connections=scene.fake.count("socket.io"))
        scene.check(scene.fake.count("socket.io") > 0, "no event connection was opened")

    return play


_event_attack("huge frame", "an event of a terabyte", _huge_frame, short=True)
_event_attack("fragments", "an event in fragments without end", _fragments)
_event_attack("deep", "events of 900 KB of `[`, as fast as possible", _deep_events)
_event_attack("many", "small events, as fast as possible", _many_events)


async def _build_log_url(visitor):
    await visitor.json(json.dumps({"url": f"http://{visitor.host}/api/log/build-logs"}).encode())


async def _endless_log(visitor):
    await visitor.send(head(Transfer_Encoding="chunked"))
    while True:
        await visitor.send(b"100000\r\n" + b"l" * MIB + b"\r\n")


@attack(
    "endless build log",
    GROUP,
    "a log without end and without lines, and 20 callers that do not read it",
    upstream=upstream(("/log/build-logs", _endless_log), ("build-logs-url", _build_log_url)),
)
def endless_log(scene):
    with rpc.Client(scene.address) as client:
        streams = [client.stream("StreamBuildLogs", sandbox=scene.sandbox, follow=True) for _ in range(20)]
        for _ in scene.seconds(8):
            time.sleep(0.1)
        scene.note(logs_asked=scene.fake.count("build-logs"))
        for stream in streams:
            stream.cancel()
    scene.check_newcomer(scene.address)
