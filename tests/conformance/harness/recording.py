"""What was recorded, in the form in which two recordings can be compared.

Made equal here, because it says nothing of what is asked: ids that each emulator gives anew, what build contexts are
called (the daemon's hashes tell trees apart that are one to the SDKs), the order of query parameters, percent-encoding, the spelling of JSON and of times inside query parameters, how often in a row the same
thing is read while something is waited for, and in how many parts an object goes to the storage.
"""

import base64
import dataclasses
import datetime
import json
import re
import urllib.parse

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# Of a build context; behind a hyphen it is the end of a name that the daemon gave.
_HASH = re.compile(r"(?<![-0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_TIME_WITH_REST = re.compile(_TIME.pattern + r"[^\"]*")

# All others are the transport's business.
_HEADERS = ("authorization", "accept", "content-type", "user-agent")
_OWN_HEADERS = "x-daytona-"
_SOCKET_IO = "/api/socket.io/"
_STORAGE = "/_storage/"


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: tuple
    headers: dict = dataclasses.field(compare=False, default_factory=dict)
    body: object = None

    @property
    def key(self):
        """What tells requests of one call apart: "GET /api/sandbox/{box}"."""
        return f"{self.method} {self.path}"

    @property
    def in_full(self):
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.key}?{query}" if query else self.key


@dataclasses.dataclass(frozen=True)
class Recording:
    requests: tuple
    # Attempts to open the event connection; they come at any time, beside everything else.
    socket_io: int
    # Requests to the object storage that carried what is for the API only.
    leaked: int = 0


class _Names:
    """Stands a word in for each id: "{box}" for what the case made before, "{1}", "{2}" for ids as they turn up, and
    "{context 1}", "{context 2}" for the hashes of contexts."""

    def __init__(self, given):
        self._names = {value: f"{{{name}}}" for name, value in given.items() if _UUID.fullmatch(str(value))}
        self._contexts = {}

    def replace(self, text):
        text = _UUID.sub(lambda found: self._name(found.group().lower()), text)
        return _HASH.sub(lambda found: self._context(found.group()), text)

    def _context(self, digest):
        return self._contexts.setdefault(digest, f"{{context {len(self._contexts) + 1}}}")

    def _name(self, uuid):
        return self._names.setdefault(uuid, f"{{{len(self._names) + 1}}}")

    def replace_all(self, value):
        if isinstance(value, str):
            return self.replace(value)
        if isinstance(value, list):
            return [self.replace_all(item) for item in value]
        if isinstance(value, dict):
            return {self.replace(name): self.replace_all(item) for name, item in value.items()}
        return value


def in_file(path):
    """What an emulator has recorded so far, in the order of arrival.

    It may be writing a request that nobody waits for, as an SDK's next attempt to open the event connection: what
    stands behind the last line feed isn't whole.
    """
    lines = path.read_bytes().split(b"\n")[:-1]
    return sorted((json.loads(line) for line in lines), key=lambda request: request["seq"])


def _path(path, names):
    decoded = [urllib.parse.unquote(segment) for segment in path.split("/")]
    return names.replace("/".join(urllib.parse.quote(segment, safe="{}:") for segment in decoded))


def _query_value(name, value, names):
    if name == "cursor":
        # The emulator's: sort value and id of the last item, base64 of JSON. It answers it, and wants it back as it is.
        cursor = json.loads(base64.b64decode(value, validate=True))
        return names.replace(_TIME_WITH_REST.sub("(time)", json.dumps(cursor, sort_keys=True)))
    if value.startswith("{"):
        value = json.dumps(json.loads(value), sort_keys=True)
    elif _TIME.match(value):
        value = datetime.datetime.fromisoformat(value).astimezone(datetime.timezone.utc).isoformat()
    return names.replace(value)


def _storage_request(recorded, path, query):
    """Of an upload only that there was one: the tar has the file system's times and owners, and may go in parts."""
    method = "PUT" if recorded["method"] == "POST" else recorded["method"]
    headers = {name: value for name, value in recorded["headers"].items() if name.startswith(_OWN_HEADERS)}
    return Request(method, path, query if method == "GET" else (), headers)


def _request(recorded, names):
    path = _path(recorded["path"], names)
    query = tuple(sorted((name, _query_value(name, value, names)) for name, value in recorded["query"]))
    if path.startswith(_STORAGE):
        return _storage_request(recorded, path, query)
    headers = {
        name: value.split(";")[0]
        for name, value in recorded["headers"].items()
        if name in _HEADERS or name.startswith(_OWN_HEADERS)
    }
    return Request(recorded["method"], path, query, headers, names.replace_all(recorded["body"]))


def read(recorded, given, leaked=0):
    """`recorded` as Emulator.requests() gives them, `given` the ids that the case made before, by name."""
    names = _Names(given)
    requests = []
    socket_io = 0
    for entry in recorded:
        if entry["path"].startswith(_SOCKET_IO):
            socket_io += 1
            continue
        request = _request(entry, names)
        repeatable = request.method == "GET" or request.path.startswith(_STORAGE)
        if not (repeatable and requests and requests[-1] == request):
            requests.append(request)
    return Recording(tuple(requests), socket_io, leaked)
