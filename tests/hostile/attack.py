"""Defines attacks, lists them, and runs and judges one."""

import dataclasses
import tempfile
import time
import traceback
from typing import Callable

import harness

PEAK_MIB = 256
# An honest call that takes longer was delayed by the attack, not by a busy machine. Floods use up the cores themselves.
STALL_MS = 1000
FLOOD_STALL_MS = 5000
# One caller must not fill a disk.
LOG_LINES = 500
# The effect of a busy machine's scheduler on a p99, regardless of the daemon.
NOISE_MS = 5
FLOODS = ("connections", "streams and messages", "frames")
ALL = []


@dataclasses.dataclass
class Attack:
    name: str
    # The group in docs/hostile.md.
    group: str
    what: str
    play: Callable
    # The daemon's listener that the honest caller uses: `address`, `read_only` or `tcp`.
    listener: str = "address"
    flags: tuple = ()
    descriptors: int | None = None
    # Whether it is part of the short form in `make test`.
    short: bool = False
    # Starts the daemon's upstream, in addition to the emulator, and returns its URL.
    upstream: Callable | None = None
    emulator_flags: tuple = ()
    # How much slower than without the attack the honest caller's p99 may be.
    p99_factor: float | None = None
    # False: `play` starts its own daemons, and there is no honest caller.
    beside: bool = True


def attack(name, group, what, **rest):
    def register(play):
        ALL.append(Attack(name, group, what, play, **rest))
        return play

    return register


def _judge(attack, seen, scene, short):
    quiet, during = seen["phases"]["quiet"], seen["phases"].get("attack", {"calls": 0, "failed": 0})
    scene.note(
        peak_mib=seen["peak_mib"],
        quiet_p99_ms=quiet["p99_ms"],
        p99_ms=during.get("p99_ms"),
        p99_ratio=round(during.get("p99_ms", 0) / max(quiet["p99_ms"], 0.1), 1),
        stall_ms=during.get("max_ms", 0),
        honest_calls=during["calls"],
        honest_failed=during["failed"],
    )
    if seen["guard_struck"]:
        # All other findings follow from that.
        scene.faults[:] = [f"killed by the guard at {harness.GUARD_MIB} MiB of memory; {PEAK_MIB} are allowed"]
        return
    scene.check(seen["peak_mib"] <= PEAK_MIB, f"{seen['peak_mib']:.0f} MiB of memory; {PEAK_MIB} are allowed")
    scene.check(during["calls"] > 0, "the honest caller made no call")
    scene.check(during["failed"] == 0, f"{during['failed']} honest calls failed: {during.get('errors')}")
    # The short form runs beside other tests: it reports times without asserting them.
    if not short:
        allowed = FLOOD_STALL_MS if attack.group in FLOODS else STALL_MS
        scene.check(scene.figures["stall_ms"] <= allowed, f"an honest call took {scene.figures['stall_ms']:.0f} ms")
    if attack.p99_factor and not short:
        allowed = max(attack.p99_factor * quiet["p99_ms"], NOISE_MS)
        scene.check(
            scene.figures["p99_ms"] <= allowed, f"the honest p99 is {scene.figures['p99_ratio']} times the quiet one"
        )


def _play_beside_honest_caller(attack, scene, options):
    scene.start_emulator(*attack.emulator_flags)
    scene.sandbox = scene.emulator.create_sandbox(name="honest")
    url = attack.upstream(scene) if attack.upstream else scene.emulator.url
    limits = [f"--nofile={attack.descriptors}"] if attack.descriptors else []
    flags = [flag.format(directory=scene.directory) for flag in attack.flags]
    scene.daemon = scene.start_daemon(url, flags, limits)
    scene.address = getattr(scene.daemon, attack.listener)
    witness = scene.start_witness(scene.address)
    # The first call fills the cache.
    scene.check_newcomer(scene.address)
    witness.enter("quiet")
    time.sleep(1 if options.short else 3)
    witness.enter("attack")
    began = time.monotonic()
    try:
        attack.play(scene)
        # However short the attack, the honest caller makes some calls.
        time.sleep(max(0.0, began + 1 - time.monotonic()))
    finally:
        witness.enter("after")
        if scene.daemon.has_ended:
            scene.check(False, f"the daemon ended with status {scene.daemon.process.returncode}")
        elif not options.short:
            time.sleep(3)
            scene.note(settled_mib=round(scene.daemon.rss_mib, 1))
        seen = witness.end()
        _judge(attack, seen, scene, options.short)
    lines = scene.daemon.log().splitlines()
    scene.note(log_lines=len(lines))
    scene.check(len(lines) <= LOG_LINES, f"{len(lines)} lines of log; {LOG_LINES} are allowed")


def run(attack, options):
    """The row of an attack: its figures, and the bars it missed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hostile-") as directory, harness.Scene(options, directory) as scene:
        try:
            if attack.beside:
                _play_beside_honest_caller(attack, scene, options)
            else:
                attack.play(scene)
        except Exception as error:  # An error of the attack itself, or of what it connected to; the other attacks continue.
            scene.check(False, f"{type(error).__name__}: {error}")
            scene.note(trace=traceback.format_exc())
        if scene.faults and scene.daemon:
            scene.note(log_end=scene.daemon.log()[-1500:])
    return {
        "name": attack.name,
        "group": attack.group,
        "what": attack.what,
        "passed": not scene.faults,
        "faults": scene.faults,
        "seconds": round(time.monotonic() - began, 1),
        "figures": scene.figures,
    }
