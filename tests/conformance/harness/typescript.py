"""Calls through the official TypeScript SDK: one Node process that runs typescript_runner.mjs for all cases."""

import itertools
import json
import os
import pathlib
import subprocess
import threading

from harness import processes
from harness.outcome import Outcome

_RUNNER = pathlib.Path(__file__).with_name("typescript_runner.mjs")
_LIMIT_S = 180


class TypeScriptSdk:
    """May be used by several threads at once."""

    def __init__(self, node_modules, directory):
        environment = {
            "PATH": os.environ["PATH"],
            "NODE_PATH": str(node_modules),
            "NODE_NO_WARNINGS": "1",
        }  # before any SDK runs
        # In its own directory: the SDK reads .env files of the current one.
        self._process = subprocess.Popen(
            ["node", str(_RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=directory,
            env=environment,
        )
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting = {}
        threading.Thread(target=self._read_answers, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()

    def _read_answers(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            waiting["answer"] = answer
            waiting["event"].set()
        for waiting in list(self._waiting.values()):
            waiting["answer"] = {"mistake": "the Node process ended"}
            waiting["event"].set()

    def outcome_of(self, emulator, case, given):
        call, *arguments = case.typescript(given) if callable(case.typescript) else case.typescript
        config = {"apiUrl": emulator.url}
        if case.target:
            config["target"] = case.target
        if case.credential == "jwt":
            config.update(jwtToken=processes.JWT, organizationId=processes.ORGANIZATION)
        else:
            config.update(apiKey=processes.API_KEY)
        waiting = {"event": threading.Event()}
        with self._lock:
            request = {"id": next(self._ids), "call": call, "arguments": arguments, "config": config}
            self._waiting[request["id"]] = waiting
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        if not waiting["event"].wait(_LIMIT_S):
            raise RuntimeError(f"the TypeScript SDK did not come back within {_LIMIT_S} s")
        answer = waiting["answer"]
        if "mistake" in answer:
            raise RuntimeError(answer["mistake"])
        return Outcome(answer["ok"], answer.get("httpStatus"), answer.get("message", ""), answer.get("answer"))
