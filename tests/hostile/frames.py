"""HTTP/2 written by hand, for frames that no library would send. RFC 9113 defines frames, RFC 7541 header blocks."""

import socket
import struct
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
INITIAL_WINDOW_SIZE = 0x4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    numbers = {"header_table_size": 1, "max_concurrent_streams": 3, "initial_window_size": 4, "max_header_list_size": 6}
    pairs = [struct.pack(">HI", numbers[name], value) for name, value in values.items()]
    return frame(SETTINGS, 0, 0, b"".join(pairs))


def number(value, prefix_bits, first=0):
    """An HPACK integer."""
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def literal(name, value):
    """A field that is not added to the table."""
    return b"\x00" + number(len(name), 7) + name + number(len(value), 7) + value


def indexed(name, value):
    """A field that is added to the table, where it has index 62 from then on."""
    return b"\x40" + number(len(name), 7) + name + number(len(value), 7) + value


def call_headers(path, *more):
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path.encode()), (b":authority", b"localhost")]
    fields += [(b"content-type", b"application/grpc"), (b"te", b"trailers"), *more]
    return b"".join(literal(name, value) for name, value in fields)


def grpc_message(serialized, announced=None):
    return struct.pack(">BI", 0, len(serialized) if announced is None else announced) + serialized


def connect(address, timeout=5):
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        target = address.removeprefix("unix:")
    else:
        connection = socket.socket(socket.AF_INET)
        host, _, port = address.rpartition(":")
        target = (host, int(port))
    connection.settimeout(timeout)
    try:
        connection.connect(target)
    except OSError:
        connection.close()
        raise
    return connection


class Connection:
    """One connection. Unless `reads` is false, a thread reads what comes, and keeps the flow-control windows; without it the caller is
    one that takes nothing. `send` is false once the daemon has closed the connection."""

    def __init__(self, address, first=None, reads=True):
        self._socket = connect(address)
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._window = 65535
        self._initial_window = 65535
        self._stream_windows = {}
        self._next_stream = 1
        self.closed = False
        self.goaway = False
        self.frames = [0] * 256
        self.send(PREFACE + (first if first is not None else settings()))
        if reads:
            threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with self._changed:
            self.closed = True
            self._changed.notify_all()
        try:
            # Wakes the thread that reads.
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    @property
    def usable(self):
        return not self.closed and not self.goaway

    def new_stream(self):
        stream = self._next_stream
        self._next_stream += 2
        return stream

    def send(self, data):
        if self.closed:
            return False
        try:
            with self._sending:
                self._socket.sendall(data)
            return True
        except OSError:  # Also when nothing is read for the socket's timeout.
            self.closed = True
            return False

    def send_data(self, stream, data, flags=0):
        """Within the daemon's windows; False if they do not grow within 5 s."""
        data = memoryview(data)
        while data:
            with self._changed:
                if not self._changed.wait_for(lambda: self.closed or self._room(stream) > 0, 5) or self.closed:
                    return False
                size = min(len(data), self._room(stream), 16384)
                self._window -= size
                self._stream_windows[stream] = self._stream_windows.get(stream, self._initial_window) - size
            last = flags if size == len(data) else 0
            if not self.send(frame(DATA, last, stream, bytes(data[:size]))):
                return False
            data = data[size:]
        return True

    def _room(self, stream):
        return min(self._window, self._stream_windows.get(stream, self._initial_window))

    def _receive(self, size):
        parts = b""
        while len(parts) < size:
            try:
                part = self._socket.recv(min(size - len(parts), 1 << 20))
            except TimeoutError:
                if self.closed:
                    return None
                continue
            except OSError:
                return None
            if not part:
                return None
            parts += part
        return parts

    def _read(self):
        while (head := self._receive(9)) is not None:
            size = int.from_bytes(head[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = self._receive(size)
            if payload is None:
                break
            self._take(kind, flags, stream, payload)
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def _take(self, kind, flags, stream, payload):
        answer = None
        with self._changed:
            self.frames[kind] += 1
            if kind == WINDOW_UPDATE:
                more = struct.unpack(">I", payload)[0]
                if stream == 0:
                    self._window += more
                else:
                    self._stream_windows[stream] = self._stream_windows.get(stream, self._initial_window) + more
            elif kind == SETTINGS and not flags & ACK:
                for at in range(0, len(payload), 6):
                    setting, value = struct.unpack(">HI", payload[at : at + 6])
                    if setting == INITIAL_WINDOW_SIZE:
                        self._stream_windows = {
                            known: left + value - self._initial_window for known, left in self._stream_windows.items()
                        }
                        self._initial_window = value
                answer = frame(SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                answer = frame(PING, ACK, 0, payload)
            elif kind == GOAWAY:
                self.goaway = True
            self._changed.notify_all()
        if answer:
            self.send(answer)
