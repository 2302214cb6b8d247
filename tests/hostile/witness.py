"""Runs beside an attack in its own process: an honest caller, and a guard of the machine's memory.

    witness.py ADDRESS REQUEST_HEX PID GUARD_MIB

The caller has one connection and makes one GetSandbox after another, one each 5 ms, or as soon as the one before is
answered. The guard looks at the daemon's memory each 20 ms, and kills the daemon above GUARD_MIB. Lines on stdin name
phases ("quiet", "attack"); the end of stdin ends it, and what was seen goes to stdout as JSON.
"""

import json
import os
import signal
import sys
import threading
import time

import grpc

METHOD = "/daytonad.v1.DaytonaService/GetSandbox"
INTERVAL = 0.005
# Above this a call counts as failed.
DEADLINE = 40


def memory_mib(pid, key):
    """VmRSS, VmHWM or VmSize of a process; 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


class Guard(threading.Thread):
    def __init__(self, pid, limit_mib):
        super().__init__(daemon=True)
        self._pid = pid
        self._limit_mib = limit_mib
        self.peak_mib = 0.0
        self.struck = False

    def run(self):
        while True:
            self.look()
            if not self.struck and memory_mib(self._pid, "VmRSS") > self._limit_mib:
                self.struck = True
                os.kill(self._pid, signal.SIGKILL)
            time.sleep(0.02)

    def look(self):
        self.peak_mib = max(self.peak_mib, memory_mib(self._pid, "VmHWM"))


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Phase:
    def __init__(self):
        self.latencies = []
        self.errors = []

    def summary(self):
        ordered = sorted(self.latencies)
        return {
            "calls": len(self.latencies),
            "failed": len(self.errors),
            "errors": sorted(set(self.errors))[:5],
            "p50_ms": round(percentile(ordered, 0.5) * 1000, 2),
            "p99_ms": round(percentile(ordered, 0.99) * 1000, 2),
            "max_ms": round(ordered[-1] * 1000, 1) if ordered else 0.0,
        }


class Caller(threading.Thread):
    def __init__(self, address, request):
        super().__init__(daemon=True)
        self._address = address
        self._request = request
        self.phases = {"start": Phase()}
        self.phase = "start"
        self.ended = threading.Event()

    def run(self):
        with grpc.insecure_channel(self._address) as channel:
            get = channel.unary_unary(METHOD)
            due = time.monotonic()
            while not self.ended.is_set():
                phase = self.phases[self.phase]
                began = time.monotonic()
                try:
                    get(self._request, timeout=DEADLINE)
                except grpc.RpcError as error:
                    phase.errors.append(f"{error.code().name}: {error.details()}"[:200])
                now = time.monotonic()
                phase.latencies.append(now - began)
                # Late calls are not made up for: slow calls would add up to a stall that did not occur.
                due = max(due + INTERVAL, now)
                time.sleep(due - now)


def main():
    address, request, pid, guard_mib = sys.argv[1:]
    guard = Guard(int(pid), float(guard_mib))
    guard.start()
    caller = Caller(address, bytes.fromhex(request))
    caller.start()
    for line in sys.stdin:
        name = line.strip()
        caller.phases.setdefault(name, Phase())
        caller.phase = name
        print(name, flush=True)
    guard.look()
    caller.ended.set()
    caller.join(DEADLINE + 5)
    phases = {name: phase.summary() for name, phase in caller.phases.items()}
    print(
        json.dumps({"peak_mib": round(guard.peak_mib, 1), "guard_struck": guard.struck, "phases": phases}), flush=True
    )
    os._exit(0)


if __name__ == "__main__":
    main()
