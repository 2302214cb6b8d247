"""What the real control plane was asked is asked of the emulator, which must answer alike: the same status and headers, the
same members of the same types, null where that had null and absent where that had none, and the same words where they
matter.

Usage: emulator_replay_test.py PATH-OF-daytona-emulator

control-plane-v0.190.jsonl and control-plane-v0.190-2.jsonl have the exchanges, one a line, in the order in which they were
answered. departures.txt has what may differ, each with its reason; a line there that is not needed any more fails the test, too.
"""

import concurrent.futures
import fnmatch
import itertools
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
KEY = "emulator-key"

FLAGS = [
    "--listen=127.0.0.1:0",
    "--api-version=0.190",
    "--rate-limit=failed-auth=50/60",
    # Like the recorded server, whose builds and pulls exclude each other.
    "--exclusive-images",
    # Long where the recording observes a transitional state.
    "--build-delay=8s",
    "--delete-delay=2s",
    "--remove-delay=2s",
    "--volume-delay=2s",
    "--create-delay=50ms",
    "--start-delay=50ms",
    "--queue-delay=50ms",
    "--pull-delay=50ms",
]
# Each recording, with the server's settings at that time.
RECORDINGS = {
    "control-plane-v0.190.jsonl": ["--stop-delay=50ms", "--name-lag=0s"],
    "control-plane-v0.190-2.jsonl": [
        # A backup was needed first.
        "--stop-delay=3s",
        "--name-lag=3s",
        "--network-delay=2s",
        "--accept-delay=2s",
    ],
}

# Steps taken but not recorded. The recorded id of the object that they create comes last.
STEPS_BEFORE = {
    "volume delete": [("POST", "/api/volumes", {"name": "v2"}, "ab50425a-109e-4799-93b9-d85ca9f903e9")],
    "pause, sandbox gone": [("DELETE", "/api/sandbox/g4", None, None)],
}

# Cases with these prefixes were sent at once.
AT_ONCE = "same Dockerfile at once"

# Members whose value, not only its type, must be the recording's.
TELLING = {"state", "desiredState", "message", "error", "errorReason", "statusCode", "name", "path", "total", "page"}
LIMIT_S = 30


def send(origin, method, path, request, case):
    headers = {}
    if case != "no key":
        headers["Authorization"] = "Bearer " + ("wrong" if case == "wrong key" else KEY)
    data = None
    if request is not None:
        headers["Content-Type"] = "application/json"
        data = (request if isinstance(request, str) else json.dumps(request)).encode()
    sent = urllib.request.Request(origin + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(sent, timeout=LIMIT_S * 2) as answer:
            return answer.status, answer.headers, parsed(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, parsed(error.read())


def parsed(body):
    return json.loads(body) if body else ""


class Names:
    """The names of the recording and of the emulator for the same thing: ids and cursors."""

    def __init__(self):
        self.ours = {}

    def learn(self, recorded, answered):
        if isinstance(recorded, dict) and isinstance(answered, dict):
            for key, value in recorded.items():
                if key in ("id", "organizationId", "nextCursor") and isinstance(value, str):
                    # An error instead of the answer has none.
                    if isinstance(answered.get(key), str):
                        self.ours[value] = answered[key]
                else:
                    self.learn(value, answered.get(key))
        elif isinstance(recorded, list) and isinstance(answered, list):
            for one, other in zip(recorded, answered):
                self.learn(one, other)

    def translate(self, value):
        text = json.dumps(value)
        for theirs, ours in self.ours.items():
            text = text.replace(theirs, ours)
        return json.loads(text.replace("(110000 times x)", "x" * 110_000))


def states(value, where=""):
    """Every state in an answer, by its place."""
    if isinstance(value, dict):
        found = {where: value["state"]} if "state" in value else {}
        for key, member in value.items():
            found |= states(member, f"{where}.{key}")
        return found
    if isinstance(value, list):
        return {place: state for i, item in enumerate(value) for place, state in states(item, f"{where}[{i}]").items()}
    return {}


def replay_at_once(origin, exchanges, names):
    """For requests sent at once: first the one accepted first, and while it is in progress, the refused ones."""
    accepted = [exchange for exchange in exchanges if exchange["status"] < 400]
    first = min(accepted, key=lambda exchange: exchange["body"]["createdAt"])
    with concurrent.futures.ThreadPoolExecutor(1) as other_thread:
        running = other_thread.submit(replay, origin, first, names)
        while in_progress(origin) == 0 and not running.done():
            time.sleep(0.002)
        answers = [replay(origin, exchange, names) for exchange in exchanges if exchange["status"] >= 400]
        answers.append(running.result())
    answers += [replay(origin, exchange, names) for exchange in accepted if exchange is not first]
    order = [exchange for exchange in exchanges if exchange["status"] >= 400]
    order += [first] + [exchange for exchange in accepted if exchange is not first]
    return zip(order, answers)


def in_progress(origin):
    with urllib.request.urlopen(origin + "/_emulator/connections", timeout=LIMIT_S) as answer:
        return json.loads(answer.read())["inProgress"]


def replay(origin, exchange, names):
    """Repeats the request until the emulator has progressed as far as the server had; then returns the last answer."""
    recorded = names.translate(exchange["body"])
    path = names.translate(exchange["path"])
    request = names.translate(exchange["request"])
    end = time.monotonic() + LIMIT_S
    while True:
        status, headers, body = send(origin, exchange["method"], path, request, exchange["case"])
        same_status = status == exchange["status"]
        # Requests that change nothing may be repeated, and so may refused ones; but a missing route stays missing.
        no_route = status == 404 and body["message"].startswith("Cannot ")
        harmless = not no_route and (exchange["method"] == "GET" or status >= 400)
        there = same_status and (exchange["method"] != "GET" or states(body) == states(recorded))
        if there or not harmless or time.monotonic() > end:
            return status, headers, body
        time.sleep(0.02)


def kind(value):
    return {type(None): "null", bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}[
        type(value)
    ]


def differences(recorded, answered, where="body"):
    """Yields (where, what) for each."""
    if kind(recorded) != kind(answered):
        yield where, f"is {kind(answered)}, was {kind(recorded)}"
    elif isinstance(recorded, dict):
        for key in recorded.keys() - answered.keys():
            yield f"{where}.{key}", "is missing"
        for key in answered.keys() - recorded.keys():
            yield f"{where}.{key}", "is new"
        for key in sorted(recorded.keys() & answered.keys()):
            yield from differences(recorded[key], answered[key], f"{where}.{key}")
    elif isinstance(recorded, list):
        if len(recorded) != len(answered):
            yield where, f"has {len(answered)} items, had {len(recorded)}"
        for one, other in zip(recorded, answered):
            yield from differences(one, other, f"{where}[]")
    elif where.rpartition(".")[2] in TELLING and without_time(recorded) != without_time(answered):
        yield where, f"is {answered!r}, was {recorded!r}"


def without_time(value):
    """The name of a deleted object ends with the time."""
    return re.sub(r"_\d{13}$", "_TIME", value) if isinstance(value, str) else value


class Departures:
    """Lines "CASE | WHERE | WHAT | REASON"; the first three may contain wildcards."""

    def __init__(self, text):
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        self.rules = [[part.strip() for part in line.split("|")] for line in lines]
        for rule in self.rules:
            if len(rule) != 4 or not rule[3]:
                sys.exit(f"departures.txt: not CASE | WHERE | WHAT | REASON: {rule}")
        self.used = set()

    def allow(self, *difference):
        for number, rule in enumerate(self.rules):
            if all(matches(text, pattern) for text, pattern in zip(difference, rule)):
                self.used.add(number)
                return True
        return False

    def unused(self):
        return [rule for number, rule in enumerate(self.rules) if number not in self.used]


def matches(text, pattern):
    # "[]" is literal: only * and ? are wildcards.
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def answers_to(origin, exchanges, names):
    """Yields each exchange with its answer: (status, headers, body)."""
    for at_once, group in itertools.groupby(exchanges, lambda exchange: exchange["case"].startswith(AT_ONCE)):
        if at_once:
            yield from replay_at_once(origin, list(group), names)
            continue
        for exchange in group:
            for method, path, request, recorded_id in STEPS_BEFORE.get(exchange["case"], []):
                _, _, made = send(origin, method, path, request, exchange["case"])
                names.learn({"id": recorded_id}, made if recorded_id else None)
            yield exchange, replay(origin, exchange, names)


def run(origin, recording, departures):
    exchanges = [json.loads(line) for line in (HERE / recording).read_text().splitlines()]
    names = Names()
    failures = 0
    for exchange, (status, headers, body) in answers_to(origin, exchanges, names):
        case = exchange["case"]
        names.learn(exchange["body"], body)
        found = list(differences(names.translate(exchange["body"]), body))
        if status != exchange["status"]:
            found.insert(0, ("status", f"is {status}, was {exchange['status']}"))
        found += [(name, "is missing") for name in exchange["headers"].keys() - headers.keys()]
        found = [difference for difference in found if not departures.allow(case, *difference)]
        failures += len(found)
        for where, what in found:
            print(f"{case} | {where} | {what}")
    print(f"{recording}: {len(exchanges)} exchanges, {failures} failures")
    return failures


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    departures = Departures((HERE / "departures.txt").read_text())
    failures = 0
    for recording, flags in RECORDINGS.items():
        process = subprocess.Popen([sys.argv[1], *FLAGS, *flags], stdout=subprocess.PIPE, text=True)
        try:
            url = process.stdout.readline().removeprefix("listening on ").strip()
            failures += run(url.removesuffix("/api"), recording, departures)
        finally:
            process.terminate()
            process.wait(10)
    for rule in departures.unused():
        failures += 1
        print(f"departures.txt: not needed any more: {' | '.join(rule)}")
    print(f"{len(departures.rules)} kinds of departures")
    sys.exit(0 if failures == 0 else 1)


if __name__ == "__main__":
    main()
