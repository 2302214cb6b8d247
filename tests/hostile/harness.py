"""What attacks have in common: the emulator and the daemon as processes of their own, the witness beside them, and the scene
that an attack plays in."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

import rpc
from witness import memory_mib

HERE = pathlib.Path(__file__).resolve().parent
API_KEY = "emulator-key"
# The daemon is killed above it, so that the machine survives.
GUARD_MIB = 1536
# No process outlives the attacks, however they end.
TIED = ["setpriv", "--pdeathsig", "KILL"]

QUICK = [f"--{step}-delay=1ms" for step in "create start stop delete archive queue build pull remove volume".split()]
QUICK += ["--name-lag=0ms", "--accept-delay=0ms", "--network-delay=0ms"]
NO_RATE_LIMIT = [
    f"--rate-limit={name}=100000000/60" for name in ("authenticated", "sandbox-create", "sandbox-lifecycle")
]


def wait_until(what, condition, limit=30):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {limit} s in vain: {what}")
        time.sleep(0.005)


def becomes_true(condition, limit):
    """Whether the condition holds within `limit` seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def end_process(process, limit=15):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


class Emulator:
    def __init__(self, bin_dir, flags=(), port=0):
        command = [
            *TIED,
            str(bin_dir / "daytona-emulator"),
            f"--listen=127.0.0.1:{port}",
            *QUICK,
            *NO_RATE_LIMIT,
            *flags,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().removeprefix("listening on ").strip()
        if not self.url:
            raise RuntimeError(f"the emulator did not start: {command}")
        self.origin = self.url.removesuffix("/api")

    @property
    def port(self):
        return int(self.origin.rsplit(":", 1)[1])

    def close(self):
        end_process(self._process)
        self._process.stdout.close()

    def kill(self):
        self._process.kill()
        self._process.wait()

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.origin + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(asked, timeout=60) as response:
            text = response.read()
        return json.loads(text) if text else None

    def fault(self, match, fault):
        self.ask("POST", "/_emulator/faults", {"match": match, "fault": fault})

    def mend(self):
        self.ask("DELETE", "/_emulator/faults")

    def create_sandbox(self, **fields):
        """Creates a sandbox; returns its id once it is started."""
        made = self.ask("POST", "/api/sandbox", fields)["id"]
        wait_until("a sandbox is started", lambda: self.ask("GET", f"/api/sandbox/{made}")["state"] == "started")
        return made


class Daemon:
    """A daemon with a listener for all, one for readers and one on TCP. `limits` are resource limits as prlimit takes them; stderr goes
    into a file, or to what `stderr` says. `port` is that of TCP."""

    def __init__(self, bin_dir, directory, api_url, flags=(), limits=(), stderr=None, port=0):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.address = f"unix:{directory}/d.sock"
        self.read_only = f"unix:{directory}/r.sock"
        self.log_file = directory / "daemon.log"
        address_file = directory / "addresses"
        address_file.unlink(missing_ok=True)
        command = TIED + (["prlimit", *limits] if limits else [])
        command += [str(bin_dir / "daytonad"), "--api-url", api_url, "--listen", self.address]
        command += ["--listen-read-only", self.read_only, "--listen", f"127.0.0.1:{port}"]
        command += ["--address-file", str(address_file), "--health-interval", "1h", *flags]

        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=stderr or log,
                env={"PATH": os.environ["PATH"], "DAYTONA_API_KEY": API_KEY},
            )
        # An empty file has not been written yet.
        serves = becomes_true(lambda: self.has_ended or address_file.exists() and address_file.read_text(), 10)
        if self.has_ended or not serves:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"the daemon did not start: {self.log()[-2000:]}")
        self.tcp = next(line for line in address_file.read_text().split() if line.startswith("127."))

    @property
    def pid(self):
        return self.process.pid

    @property
    def has_ended(self):
        return self.process.poll() is not None

    @property
    def rss_mib(self):
        return memory_mib(self.pid, "VmRSS")

    @property
    def peak_mib(self):
        return memory_mib(self.pid, "VmHWM")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        end_process(self.process)

    def log(self):
        return self.log_file.read_text(errors="replace")


def knows(bin_dir, program, flag):
    """Whether this build's program supports the flag."""
    return flag in subprocess.run([str(bin_dir / program), "--help"], capture_output=True, text=True, check=True).stdout


class Witness:
    def __init__(self, daemon, address, sandbox):
        max_age = {"seconds": 24 * 3600}
        request = rpc.request("GetSandbox", sandbox=sandbox, max_age=max_age).SerializeToString()
        command = [sys.executable, HERE / "witness.py", address, request.hex(), str(daemon.pid), str(GUARD_MIB)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def enter(self, phase):
        self._process.stdin.write(phase + "\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def end(self):
        out, _ = self._process.communicate(timeout=90)
        return json.loads(out.splitlines()[-1])

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Scene:
    """What an attack runs in, and where it reports its findings."""

    def __init__(self, options, directory):
        self.bin_dir = options.bin_dir
        self.short = options.short
        self.directory = pathlib.Path(directory)
        self.figures = {}
        self.faults = []
        self.emulator = None
        self.daemon = None
        self.sandbox = ""
        self._open = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()

    def start_emulator(self, *flags):
        self.emulator = Emulator(self.bin_dir, flags)
        self._open.callback(lambda: self.emulator.close())
        return self.emulator

    def begin(self):
        """An emulator with an honest sandbox."""
        self.start_emulator()
        self.sandbox = self.emulator.create_sandbox(name="honest")

    def start_daemon(self, api_url, flags=(), limits=(), name="daemon", **rest):
        daemon = Daemon(self.bin_dir, self.directory / name, api_url, flags, limits, **rest)
        self._open.callback(daemon.close)
        return daemon

    def start_witness(self, address):
        witness = Witness(self.daemon, address, self.sandbox)
        self._open.callback(witness.close)
        return witness

    def closing(self, thing):
        """Closes it when the scene ends."""
        self._open.callback(thing.close)
        return thing

    def knows(self, flag, program="daytonad"):
        return knows(self.bin_dir, program, flag)

    def seconds(self, full, short=1.5):
        """Iterates for that long, while the daemon lives."""
        end = time.monotonic() + (short if self.short else full)
        while time.monotonic() < end and not self.daemon.has_ended:
            yield

    def note(self, **figures):
        self.figures.update(figures)

    def check(self, condition, fault):
        if not condition:
            self.faults.append(fault)

    def check_outcome(self, what, outcome, code, reasons):
        """The real code and reason reach a client of gRPC's C core with its default limits."""
        good = outcome.code == code and outcome.reason in reasons
        self.check(good, f"{what}: {outcome}, where {code} {' or '.join(reasons)} belongs")

    def check_end(self, daemon, limit=10, what="it"):
        """The SIGTERM already sent ends it cleanly."""
        began = time.monotonic()
        ended = becomes_true(lambda: daemon.has_ended, limit)
        self.note(**{f"seconds_to_end_{what}": round(time.monotonic() - began, 1)})
        self.check(ended, f"SIGTERM does not end {what} within {limit} s")
        if not ended:
            daemon.kill()
        else:
            self.check(daemon.process.returncode == 0, f"{what} ended with status {daemon.process.returncode}")

    def check_newcomer(self, address, limit=10):
        """A new connection is accepted and served."""

        def served():
            with rpc.Client(address) as client:
                return client.call("GetSandbox", sandbox=self.sandbox, timeout=2).ok

        self.check(
            becomes_true(served, limit), f"no new connection at {address.split(':')[0]} is served within {limit} s"
        )
