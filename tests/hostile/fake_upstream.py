"""A malicious Daytona: it answers for one honest sandbox, and as the attack says for the rest."""

import asyncio
import base64
import hashlib
import re
import struct
import threading

ACCEPT_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def head(status="200 OK", length=None, **headers):
    fields = {"Content-Type": "application/json", "X-Daytona-Api-Version": "0.226.0"}
    fields |= {name.replace("_", "-"): str(value) for name, value in headers.items()}
    if length is not None:
        fields["Content-Length"] = str(length)
    return f"HTTP/1.1 {status}\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in fields.items()) + b"\r\n"


def text_frame(size, final=True, continued=False):
    """The head of a WebSocket frame with text."""
    first = (0x80 if final else 0) | (0 if continued else 1)
    if size < 126:
        return bytes([first, size])
    return struct.pack(">BBH", first, 126, size) if size < 65536 else struct.pack(">BBQ", first, 127, size)


class FakeUpstream:
    """`answers` are pairs of a pattern for "METHOD /path?query" and a coroutine function that gets a Visitor; the first that matches is
    taken."""

    def __init__(self, honest, answers, events=None):
        self._honest = honest
        self._answers = [(re.compile(pattern), answer) for pattern, answer in answers]
        self._events = events
        self.requests = []
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[started], daemon=True)
        self._thread.start()
        started.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api"

    def count(self, pattern):
        return sum(1 for line in list(self.requests) if re.search(pattern, line))

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, started):
        asyncio.set_event_loop(self._loop)

        async def serve():
            # The other side may break off.
            self._loop.set_exception_handler(lambda *_: None)
            self._server = await asyncio.start_server(self._visit, "127.0.0.1", 0, backlog=1000)
            self.port = self._server.sockets[0].getsockname()[1]
            started.set()

        self._loop.run_until_complete(serve())
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))

    async def _visit(self, reader, writer):
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line = request.split("\r\n")[0].rsplit(" ", 1)[0]
                self.requests.append(line)
                length = re.search(r"(?i)\ncontent-length: *(\d+)", request)
                await reader.readexactly(int(length.group(1)) if length else 0)
                await self._answer(line, Visitor(reader, writer, request))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, line, visitor):
        for pattern, answer in self._answers:
            if pattern.search(line):
                return await answer(visitor)
        if "/socket.io/" in line and self._events:
            return await self._events(visitor)
        if "/api/sandbox/honest" in line or "GET /api/sandbox/" in line and self._honest["id"] in line:
            return await visitor.json(self._honest["text"])
        if "/api/config" in line:
            return await visitor.json(b'{"version": "0.226.0"}')
        return await visitor.json(
            b'{"statusCode": 404, "message": "Cannot GET", "error": "Not Found"}', "404 Not Found"
        )


class Visitor:
    def __init__(self, reader, writer, request):
        self._reader = reader
        self._writer = writer
        self._request = request

    @property
    def host(self):
        return re.search(r"(?i)\nhost: *(\S+)", self._request).group(1)

    async def send(self, *parts):
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()

    async def json(self, body, status="200 OK"):
        await self.send(head(status, len(body)), body)

    async def until_gone(self):
        """Until the other side closes."""
        while await self._reader.read(65536):
            pass
        raise ConnectionResetError

    async def become_websocket(self):
        """The handshakes of WebSocket, Engine.IO and Socket.IO."""
        key = re.search(r"(?i)\nsec-websocket-key: *(\S+)", self._request).group(1).encode()
        accept = base64.b64encode(hashlib.sha1(key + ACCEPT_KEY, usedforsecurity=False).digest())
        await self.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        await self.send(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        for text in (
            b'0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
            b'40{"sid":"b"}',
        ):
            await self.send(text_frame(len(text)), text)
