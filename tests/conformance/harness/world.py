"""Set-up of a case: creates objects in its emulator, and makes it fail."""

from harness.processes import wait_until


class World:
    def __init__(self, emulator):
        self._emulator = emulator
        self._faults = []
        self._forced = False

    def sandbox(self, name, **fields):
        """Creates a started sandbox and returns its id. `fields` are members of the create request."""
        _, created = self._emulator.ask("POST", "/api/sandbox", {"name": name, **fields})
        self._reach("/api/sandbox/", created["id"], "started")
        return created["id"]

    def stopped_sandbox(self, name, **fields):
        sandbox = self.sandbox(name, **fields)
        self._emulator.ask("POST", f"/api/sandbox/{sandbox}/stop")
        self._reach("/api/sandbox/", sandbox, "stopped")
        return sandbox

    def deleted_sandbox(self, name):
        sandbox = self.sandbox(name)
        self._emulator.ask("DELETE", f"/api/sandbox/{sandbox}")
        gone = lambda: self._emulator.ask("GET", f"/api/sandbox/{sandbox}", expect=False)[0] == 404
        wait_until(f"sandbox {sandbox} is gone", gone)
        return sandbox

    def sandbox_forced_into(self, state, name, **forced):
        """Creates a sandbox that stays in the given state."""
        sandbox = self.sandbox(name)
        self._forced = True
        self._emulator.ask("POST", f"/_emulator/sandboxes/{sandbox}", {"state": state, **forced})
        return sandbox

    def snapshot(self, name, **fields):
        """Creates an active snapshot and returns its id."""
        _, created = self._emulator.ask("POST", "/api/snapshots", {"name": name, "imageName": "debian:12", **fields})
        self._reach("/api/snapshots/", created["id"], "active")
        return created["id"]

    def inactive_snapshot(self, name):
        snapshot = self.snapshot(name)
        self._emulator.ask("POST", f"/api/snapshots/{snapshot}/deactivate")
        return snapshot

    def volume(self, name):
        """Creates a ready volume and returns its id."""
        _, created = self._emulator.ask("POST", "/api/volumes", {"name": name})
        self._reach("/api/volumes/", created["id"], "ready")
        return created["id"]

    def volume_in_state(self, state, name):
        _, created = self._emulator.ask("POST", "/api/volumes", {"name": name})
        if state != "pending_create":
            self._reach("/api/volumes/", created["id"], state)
        return created["id"]

    def fault(self, method, path_regex, times=None, **fault):
        """After the set-up, requests fail as described in emulator/README.md."""
        body = fault.get("body")
        if isinstance(body, dict) and "message" in body:
            # Daytona's own format: what is written otherwise comes from a proxy, and proves nothing.
            fault["body"] = {"path": "/api/x", "statusCode": fault["status"], "error": "Error", **body}
        match = {"method": method, "path_regex": path_regex}
        if times is not None:
            match["times"] = times
        self._faults.append({"match": match, "fault": fault})

    @property
    def is_genuine(self):
        """Whether the emulator behaves normally: no forced states and no faults."""
        return not self._faults and not self._forced

    def begin(self):
        """Ends the set-up: requests from now on are compared."""
        for fault in self._faults:
            self._emulator.ask("POST", "/_emulator/faults", fault)
        self._emulator.mark()

    def _reach(self, path, object_id, state):
        get = lambda: self._emulator.ask("GET", path + object_id)[1]["state"]
        wait_until(f"{path}{object_id} is {state}", lambda: get() == state)
