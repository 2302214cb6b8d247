"""Faults of the process: an unread log, a kill, stale sockets, exhausted memory."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import frames
import rpc
from attack import attack
from harness import API_KEY, TIED, becomes_true, wait_until
from witness import memory_mib

GROUP = "process"
MIB = 1 << 20
# Daytona takes a moment for each request, so that calls are in progress when the daemon ends.
SLOW = {"delay_ms": 30}
BESIDES = {"beside": False}


class FullPipe:
    """A pipe behind the daemon's stderr that nobody reads."""

    def __init__(self):
        self._reader, self.writer = os.pipe()
        # Reopened, so that the daemon's own descriptor stays blocking.
        self._filler = os.open(f"/proc/self/fd/{self.writer}", os.O_WRONLY | os.O_NONBLOCK)

    def fill(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self._filler, b"x" * 4096)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self._filler, b"x")

    def close_reader(self):
        os.close(self._reader)
        self._reader = None

    def close(self):
        for descriptor in (self._reader, self.writer, self._filler):
            if descriptor is not None:
                os.close(descriptor)


def _log_lines(scene, daemon):
    """Calls that cause log lines, and an honest one beside them."""
    with rpc.Client(daemon.address) as client, rpc.Client(daemon.read_only) as reader:
        for _ in range(10):
            for _ in range(20):
                reader.call("DeleteSandbox", sandbox="x", timeout=0.5)
            client.call("GetSandbox", sandbox="failing", max_age={"seconds": 0}, timeout=0.2)
            outcome = client.call("GetSandbox", sandbox=scene.sandbox, max_age={"seconds": 0}, timeout=5)
            if not outcome.ok:
                return outcome
    return outcome


@attack(
    "full log pipe",
    GROUP,
    "nobody reads the pipe behind stderr: calls are served, SIGTERM ends it",
    short=True,
    **BESIDES,
)
def full_log_pipe(scene):
    scene.begin()
    scene.emulator.fault({"path_regex": "/sandbox/failing"}, {"status": 500, "body": "no"})
    flags = ["--drain-timeout", "1s", "--log-level", "debug"]
    for what in ("before_start", "later", "reader_gone"):
        pipe = scene.closing(FullPipe())
        if what == "before_start":
            pipe.fill()
        try:
            daemon = scene.start_daemon(scene.emulator.url, flags, name=what, stderr=pipe.writer)
        except RuntimeError as error:
            scene.check(False, f"{what}: {error}")
            continue
        if what == "later":
            pipe.fill()
        elif what == "reader_gone":
            pipe.close_reader()
        outcome = _log_lines(scene, daemon)
        scene.check(outcome.ok, f"{what}: an honest call is answered {outcome}")
        daemon.terminate()
        scene.check_end(daemon, 8, what)


def _create_all(daemon, specs, on_answer=None):
    """Creates with 20 callers, each spec with its own request id; outcomes by name."""
    outcomes, waiting, lock = {}, list(specs), threading.Lock()

    def play():
        with rpc.Client(daemon.address) as client:
            while True:
                with lock:
                    if not waiting:
                        return
                    name = waiting.pop(0)
                outcome = client.call("CreateSandbox", spec=specs[name], request_id=f"id-{name}", timeout=30)
                with lock:
                    outcomes[name] = outcome
                    if on_answer:
                        on_answer(len(outcomes))

    threads = [threading.Thread(target=play) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@attack(
    "killed amid creates",
    GROUP,
    "kill -9 in the middle of 200 named creates; the same request ids give the same sandboxes",
    **BESIDES,
)
def killed_amid_creates(scene):
    scene.begin()
    scene.emulator.fault({"path_regex": "/api/"}, SLOW)
    flags = []
    if scene.knows("--state-dir"):
        state = scene.directory / "state"
        state.mkdir(mode=0o700)
        flags = ["--state-dir", str(state)]
    else:
        scene.check(False, "the daemon has no --state-dir")
    specs = {f"named-{number}": {"name": f"named-{number}", "labels": {"number": str(number)}} for number in range(200)}
    daemon = scene.start_daemon(scene.emulator.url, flags, name="first")
    before = _create_all(daemon, specs, lambda count: daemon.kill() if count == 90 else None)
    daemon = scene.start_daemon(scene.emulator.url, flags, name="second")
    after = _create_all(daemon, specs)
    failed = [str(outcome) for outcome in after.values() if not outcome.ok]
    answered = {name: outcome for name, outcome in before.items() if outcome.ok}
    changed = [n for n, o in answered.items() if after[n].ok and after[n].answer.sandbox.id != o.answer.sandbox.id]
    listed = scene.emulator.ask("GET", "/api/sandbox?limit=200")
    names = [item["name"] for item in listed["items"]]
    scene.note(answered_before=len(answered), failed_after=len(failed), changed=len(changed))
    scene.check(20 < len(answered) < 200, f"{len(answered)} creates were answered before the kill")
    scene.check(not failed, f"{len(failed)} of 200 repeated creates failed: {failed[:1]}")
    scene.check(not changed, f"{len(changed)} repeated creates gave another sandbox")
    scene.check(len(set(names)) == len(names), "sandboxes were made twice")


def _start_on(scene, directory):
    """A daemon that may fail to start."""
    command = [
        *TIED,
        str(scene.bin_dir / "daytonad"),
        "--api-url",
        scene.emulator.url,
        "--listen",
        f"unix:{directory}/d.sock",
    ]
    environment = {"PATH": os.environ["PATH"], "DAYTONA_API_KEY": API_KEY}
    with open(directory / "log", "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


@attack(
    "one stale socket",
    GROUP,
    "4 daemons at once on the socket of one that was killed, again and again; one stays",
    short=True,
    **BESIDES,
)
def stale_socket(scene):
    scene.begin()
    directory = scene.directory / "stale"
    directory.mkdir()
    both, none = 0, 0
    turns = 4 if scene.short else 25
    processes = [_start_on(scene, directory)]
    try:
        for _ in range(turns):
            wait_until("a daemon serves", lambda: _serves(scene, directory))
            for process in processes:
                process.kill()
                process.wait()
            processes = [_start_on(scene, directory) for _ in range(4)]
            one_left = becomes_true(lambda: sum(process.poll() is None for process in processes) <= 1, 2)
            time.sleep(0.2)
            alive = sum(process.poll() is None for process in processes)
            both += alive > 1 and not one_left
            none += alive == 0
            if alive == 0:
                processes = [_start_on(scene, directory)]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    scene.note(turns=turns, several=both, none=none)
    scene.check(both == 0, f"in {both} of {turns} turns more than one daemon stayed up")
    scene.check(none == 0, f"in {none} of {turns} turns no daemon stayed up")


def _serves(scene, directory):
    with rpc.Client(f"unix:{directory}/d.sock") as client:
        return client.call("GetSandbox", sandbox=scene.sandbox, timeout=1).ok


@attack(
    "little address space",
    GROUP,
    "RLIMIT_AS 64 MiB above what it has at rest, and large calls: no SIGSEGV, no UNIMPLEMENTED",
    short=True,
    **BESIDES,
)
def little_address_space(scene):
    scene.begin()
    with contextlib.closing(scene.start_daemon(scene.emulator.url, name="unlimited")) as daemon:
        with rpc.Client(daemon.address) as client:
            client.call("GetSandbox", sandbox=scene.sandbox)
        at_rest = memory_mib(daemon.pid, "VmSize")
    codes, ends = [], []
    for more in (64,) if scene.short else (4, 16, 32, 64, 128):
        limits = [f"--as={int(at_rest + more) * MIB}"]
        try:
            daemon = scene.start_daemon(scene.emulator.url, limits=limits, name=f"with-{more}-more")
        except RuntimeError as error:
            # It may report that this is too little.
            ends.append(str(error)[-100:])
            continue
        codes += _fill_memory(scene, daemon)
        if becomes_true(lambda: daemon.has_ended, 0.5):
            status = daemon.process.returncode
            ends.append(status)
            scene.check(status != -signal.SIGSEGV, f"with {more} MiB it ended by SIGSEGV")
            scene.check(daemon.log().strip(), f"with {more} MiB it ended without a word")
        else:
            scene.check_newcomer(daemon.address)
            daemon.close()
    scene.note(codes={code: codes.count(code) for code in sorted(set(codes))}, ends=ends)
    scene.check("UNIMPLEMENTED" not in codes, f"{codes.count('UNIMPLEMENTED')} calls were answered UNIMPLEMENTED")


def _fill_memory(scene, daemon):
    """Unfinished messages, and calls beside them; the codes of the calls."""
    size = 3_900_000
    headers = frames.call_headers(rpc.method("CreateSandbox")[0])
    codes = []
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(rpc.Client(daemon.address))
        for number in range(40):
            if daemon.has_ended:
                break
            with contextlib.suppress(OSError):
                connection = stack.enter_context(frames.Connection(daemon.address))
                connection.send(frames.frame(frames.HEADERS, frames.END_HEADERS, 1, headers))
                connection.send_data(1, frames.grpc_message(bytes(size - 1), size))
            for fields in ({"sandbox": scene.sandbox}, {"sandbox": f"absent-{number}", "max_age": {"seconds": 0}}):
                codes.append(client.call("GetSandbox", timeout=5, **fields).code)
    return codes


@attack("memory after a peak", GROUP, "what is left 10 s after large messages, lists and uploads", **BESIDES)
def memory_after_a_peak(scene):
    scene.begin()
    for number in range(100):
        scene.emulator.create_sandbox(name=f"large-{number}", labels={f"label-{at}": "v" * 100 for at in range(25)})
    daemon = scene.start_daemon(scene.emulator.url)
    with rpc.Client(daemon.address) as client:
        client.call("GetSandbox", sandbox=scene.sandbox)
        quiet = daemon.rss_mib
        client.send("CreateSandbox", rpc.request("GetSandbox", sandbox="n" * 60_000_000).SerializeToString())

    message = rpc.messages("build_service").UploadBuildContextRequest

    def play(number):
        with rpc.Client(daemon.address) as client:
            for _ in range(10):
                client.call("ListSandboxes", page_size=100, filter={"name_prefix": "large"}, timeout=10)
                client.call("CreateSandbox", spec={"dockerfile": "n" * 3_900_000}, timeout=10)

            def parts():
                yield message(header={"archive_path": "a", "context_hash": f"{number:032x}"})
                for _ in range(16):
                    yield message(data=os.urandom(MIB))

            client.upload(parts())

    threads = [threading.Thread(target=play, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peak = daemon.peak_mib
    time.sleep(10)
    scene.note(quiet_mib=round(quiet, 1), peak_mib=round(peak, 1), settled_mib=round(daemon.rss_mib, 1))
    scene.check(peak <= 256, f"{peak:.0f} MiB of memory; 256 are allowed")
    scene.check(daemon.rss_mib <= 64, f"{daemon.rss_mib:.0f} MiB are left; 64 are allowed")
