"""The emulator and the daemon as child processes, each with its own directory, on ports chosen by the system."""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import grpc

from harness import recording

API_KEY = "emulator-key"
# Formed like a JWT; the emulator checks no more.
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjb25mb3JtYW5jZSJ9.c2lnbmF0dXJl"
ORGANIZATION = "11111111-2222-4333-8444-555555555555"

# Marks the harness's own requests, which are not compared.
HARNESS = "conformance-harness"

# Everything happens at once, so that no call has to wait; a case can override this.
QUICK = {
    f"--{step}-delay": "1ms"
    for step in ("create", "start", "stop", "delete", "archive", "queue", "build", "pull", "remove", "volume")
}
QUICK |= {f"--{delay}": "0ms" for delay in ("name-lag", "accept-delay", "deactivate-delay", "network-delay")}
# README.md says why.
QUICK["--events"] = "off"

# The Python SDK clears the environment temporarily.
_PATH = os.environ["PATH"]


def credential(kind):
    """The daemon's environment for a Case's kind of credential."""
    if kind == "jwt":
        return {"DAYTONA_JWT_TOKEN": JWT, "DAYTONA_ORGANIZATION_ID": ORGANIZATION}
    return {"DAYTONA_API_KEY": API_KEY}


def wait_until(what, condition, limit=60):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {limit} s in vain: {what}")
        time.sleep(0.005)


def _end(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Emulator:
    """A fresh emulator that records its requests. `flags` is a dictionary that overrides QUICK."""

    def __init__(self, bin_dir, directory, flags=None):
        self.record_file = pathlib.Path(directory) / "requests.jsonl"
        command = [
            str(pathlib.Path(bin_dir) / "daytona-emulator"),
            "--listen=127.0.0.1:0",
            "--record",
            self.record_file,
        ]
        command += [flag if value is True else f"{flag}={value}" for flag, value in {**QUICK, **(flags or {})}.items()]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PATH": _PATH})
        self.url = self._process.stdout.readline().removeprefix("listening on ").strip()
        if not self.url:
            self._process.wait()
            raise RuntimeError(f"the emulator did not start: {command}")
        self.origin = self.url.removesuffix("/api")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _end(self._process)
        self._process.stdout.close()

    def ask(self, method, path, body=None, expect=True, origin=None):
        """A request of the harness; returns (status, JSON or None). With `expect`, a status from 400 on is an error.
        `origin` is that of a proxy to the emulator."""
        headers = {"Authorization": f"Bearer {API_KEY}", "User-Agent": HARNESS, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((origin or self.origin) + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, text, content_type = response.status, response.read(), response.headers["Content-Type"] or ""
        except urllib.error.HTTPError as error:
            status, text, content_type = error.code, error.read(), error.headers["Content-Type"] or ""
        if expect and status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {text.decode(errors='replace')}")
        return status, json.loads(text) if text and "json" in content_type else None

    def mark(self):
        """Everything before this is set-up, and not compared."""
        self.ask("GET", "/api/health?mark")

    def leaked_credentials(self):
        """The number of requests to the object storage with a credential for the API only."""
        status, storage = self.ask("GET", "/_emulator/storage", expect=False)
        return storage["foreignCredentials"] if status == 200 else 0

    def requests(self):
        """The requests since the last mark, without the harness's own; complete once the callers are done."""
        kept = []
        for request in recording.in_file(self.record_file):
            if request["headers"].get("user-agent") != HARNESS:
                kept.append(request)
            elif request["query"] == [["mark", ""]]:
                kept.clear()
        return kept


def _upstream_answers(address):
    """What the health service says of `upstream`; its two messages are encoded by hand, without stubs."""
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        serving = b"\x08\x01"
        try:
            return check(b"\x0a\x08upstream", timeout=60) == serving
        except grpc.RpcError:
            return False


def daemon_knows(bin_dir, flag):
    """Whether this build's daemon supports the flag."""
    command = [str(pathlib.Path(bin_dir) / "daytonad"), "--help"]
    return flag in subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Daemon:
    """A daemon on a UNIX socket that has already reached its upstream."""

    def __init__(self, bin_dir, directory, api_url, flags, environment):
        directory = pathlib.Path(directory)
        self.log_file = directory / "daemon.log"
        address_file = directory / "addresses"
        command = [
            str(pathlib.Path(bin_dir) / "daytonad"),
            "--api-url",
            api_url,
            "--listen",
            f"unix:{directory}/d.sock",
        ]
        # It checks whether upstream answers when it starts, and not again. It answers nothing from memory and receives
        # no events, since its requests are compared.
        command += ["--address-file", str(address_file), "--health-interval", "1h"]
        command += ["--cache-lifetime", "0", "--events", "off", *flags]
        environment = {"PATH": _PATH, **environment}
        with open(self.log_file, "wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        wait_until("the daemon serves", lambda: self._has_ended() or address_file.exists() and address_file.read_text())
        self.address = "" if self._has_ended() else address_file.read_text().splitlines()[0]
        wait_until("the daemon's upstream answers", lambda: self._has_ended() or _upstream_answers(self.address))
        if self._has_ended():
            raise RuntimeError(f"the daemon did not start: {self.log_file.read_text()}")

    def _has_ended(self):
        return self._process.poll() is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _end(self._process)
