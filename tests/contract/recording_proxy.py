"""A proxy before the emulator that records each exchange completely, including answers."""

import dataclasses
import http.client
import http.server
import threading
import urllib.parse


@dataclasses.dataclass
class Exchange:
    method: str
    path: str
    query: list
    request_headers: dict
    request_body: bytes
    status: int = 0
    response_headers: dict = dataclasses.field(default_factory=dict)
    response_body: bytes = b""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _forward(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        exchange = Exchange(self.command, path, urllib.parse.parse_qsl(query, keep_blank_values=True), headers, body)
        connection = http.client.HTTPConnection(self.server.upstream, timeout=120)
        try:
            connection.request(self.command, self.path, body or None, {**headers, "host": self.server.upstream})
            answer = connection.getresponse()
            exchange.status = answer.status
            exchange.response_headers = {name.lower(): value for name, value in answer.getheaders()}
            self._answer(exchange, answer)
            self.server.exchanges.append(exchange)
        except (OSError, http.client.HTTPException):
            # One end is gone, and with it the exchange.
            self.close_connection = True
        finally:
            connection.close()

    def _answer(self, exchange, answer):
        """Forwards the answer piece by piece: a build's log arrives as it is written."""
        chunked = "transfer-encoding" in exchange.response_headers
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        while piece := answer.read1(65536):
            exchange.response_body += piece
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward


class RecordingProxy:
    """`exchanges` has those answered completely."""

    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.exchanges = self.exchanges = []
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def begin(self, upstream):
        """`upstream` is the origin of the emulator."""
        self._server.upstream = upstream.removeprefix("http://")
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
