"""The differences between two recordings, one line for each.

A line reads "POST /api/sandbox: body.target: daemon has none, sdk has \\"us\\""; expected_differences.yaml matches it.
"""

import collections
import difflib
import json

_ABSENT = object()
_ONLY = "only "


def _show(value):
    return "none" if value is _ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _difference(where, daemon, sdk):
    return f"{where}: daemon has {_show(daemon)}, sdk has {_show(sdk)}"


def _values(where, daemon, sdk):
    """Differences inside two JSON values, each with its path."""
    if isinstance(daemon, dict) and isinstance(sdk, dict):
        for name in sorted(daemon.keys() | sdk.keys()):
            yield from _values(f"{where}.{name}", daemon.get(name, _ABSENT), sdk.get(name, _ABSENT))
    elif isinstance(daemon, list) and isinstance(sdk, list) and len(daemon) == len(sdk):
        for index, (ours, theirs) in enumerate(zip(daemon, sdk)):
            yield from _values(f"{where}[{index}]", ours, theirs)
    elif daemon != sdk or type(daemon) is not type(sdk):
        yield _difference(where, daemon, sdk)


def _grouped(query):
    values = collections.defaultdict(list)
    for name, value in query:
        values[name].append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _pair(daemon, sdk):
    ours, theirs = _grouped(daemon.query), _grouped(sdk.query)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name, _ABSENT) != theirs.get(name, _ABSENT):
            yield _difference(f"{daemon.key}: query {name}", ours.get(name, _ABSENT), theirs.get(name, _ABSENT))
    ours, theirs = (_ABSENT if request.body is None else request.body for request in (daemon, sdk))
    yield from _values(f"{daemon.key}: body", ours, theirs)
    for name in sorted(daemon.headers.keys() | sdk.headers.keys()):
        ours, theirs = daemon.headers.get(name, _ABSENT), sdk.headers.get(name, _ABSENT)
        if ours != theirs:
            yield _difference(f"{daemon.key}: header {name}", ours, theirs)


def _distinct(requests):
    """The requests without repeated reads, sorted, so that order does not count."""
    seen = []
    for request in requests:
        if request.method != "GET" or request not in seen:
            seen.append(request)
    return sorted(seen, key=lambda request: (request.key, -len(request.query), request.query))


def _sequences(ours, theirs):
    """Differences between two lists of requests whose order counts."""
    keys = [[request.key for request in requests] for requests in (ours, theirs)]
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
    for tag, from_ours, to_ours, from_theirs, to_theirs in matcher.get_opcodes():
        if tag == "equal":
            for daemon_request, sdk_request in zip(ours[from_ours:to_ours], theirs[from_theirs:to_theirs]):
                yield from _pair(daemon_request, sdk_request)
            continue
        for request in ours[from_ours:to_ours]:
            yield f"{_ONLY}daemon: {request.in_full}"
        for request in theirs[from_theirs:to_theirs]:
            yield f"{_ONLY}sdk: {request.in_full}"


def requests(daemon, sdk):
    """Differences between the requests of two Recordings."""
    if daemon.socket_io != sdk.socket_io:
        yield f"event connection: {'only sdk' if sdk.socket_io else 'only daemon'} tries to open it"
    if daemon.leaked:
        yield f"object storage: {daemon.leaked} requests of the daemon carried a credential of the API"
    found = list(_sequences(daemon.requests, sdk.requests))
    if any(line.startswith(_ONLY) for line in found):
        # Concurrent reads arrive in any order, and repeatedly.
        unordered = list(_sequences(_distinct(daemon.requests), _distinct(sdk.requests)))
        if len(unordered) < len(found):
            order = [_show([request.key for request in recording.requests]) for recording in (daemon, sdk)]
            found = [f"order of requests: daemon has {order[0]}, sdk has {order[1]}", *unordered]
    yield from found


def outcomes(daemon, sdk):
    """Differences between the outcomes of two calls."""
    if daemon.words != sdk.words:
        yield f"outcome: daemon has {daemon.words}, sdk has {sdk.words}"
    elif daemon.ok and daemon.answer is not None and sdk.answer is not None:
        yield from _values("answer", daemon.answer, sdk.answer)
