"""Runs example.py as its README says, against the daemon and the emulator, and checks what it prints.

BIN_DIR names the directory with daytonad and daytona-emulator. Run it with a Python that has requirements.txt installed.
"""

import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ.get("BIN_DIR", HERE.parents[1] / "build/release/bin"))
LIMIT_S = 30  # for each thing that is waited for


def first_line(process):
    ready, _, _ = select.select([process.stdout], [], [], LIMIT_S)
    return process.stdout.readline() if ready else ""


class ExampleTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.work = pathlib.Path(directory.name)
        self.address = f"unix:{self.work}/d.sock"
        emulator = self.start(
            [BIN / "daytona-emulator", "--listen", "127.0.0.1:0", "--api-key", "test-key"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(emulator.stdout.close)
        url = re.fullmatch(r"listening on (\S+)\n", first_line(emulator)).group(1)
        self.daemon = self.start(
            [BIN / "daytonad", "--api-url", url, "--listen", self.address],
            env={**os.environ, "DAYTONA_API_KEY": "test-key"},
        )

    def start(self, command, **options):
        process = subprocess.Popen(command, **options)
        self.addCleanup(process.wait, LIMIT_S)
        self.addCleanup(process.terminate)
        return process

    def await_daemon(self):
        import grpc

        with grpc.insecure_channel(self.address) as channel:
            grpc.channel_ready_future(channel).result(timeout=LIMIT_S)

    def run_example(self, address):
        return subprocess.run(
            [sys.executable, HERE / "example.py"],
            env={**os.environ, "DAYTONAD_ADDRESS": address, "PYTHONPATH": str(self.work / "stubs")},
            capture_output=True,
            text=True,
            timeout=4 * LIMIT_S,
            check=False,
        )

    def details_by_the_readme(self):
        """Reason and HTTP status of an error, read by the lines that proto/README.md shows."""
        readme = (HERE.parents[1] / "proto" / "README.md").read_text()
        shown = {}
        exec(re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1), shown)
        sys.path.insert(0, str(self.work / "stubs"))
        import grpc
        from daytonad.v1 import daytona_service_pb2, daytona_service_pb2_grpc

        with grpc.insecure_channel(self.address) as channel:
            stub = daytona_service_pb2_grpc.DaytonaServiceStub(channel)
            try:
                stub.GetSandbox(daytona_service_pb2.GetSandboxRequest(sandbox="no-such-sandbox"))
            except grpc.RpcError as error:
                reason, metadata, delay = shown["details"](error)
                self.assertEqual(delay.total_seconds(), 0)
                return reason, metadata["http_status"]
        return None

    def test_example_does_what_it_says(self):
        subprocess.run([HERE / "generate.sh", self.work / "stubs", sys.executable], check=True)
        self.await_daemon()

        example = self.run_example(self.address)

        self.assertEqual(example.returncode, 0, example.stdout + example.stderr)
        lines = example.stdout.splitlines()
        self.assertRegex(lines[0], r"^example.py is uploaded as [0-9a-f]{32}$")
        for expected in (
            r"^Step 2/4 : RUN python -m pip install requests$",  # from the build log
            r'^Step 3/4 : COPY \["example.py", "/srv/example.py"\]$',
            r"^snapshot python-example-\w+ is active$",
            r"^sandbox [0-9a-f-]{36} is started, with \d+ CPU$",
            r"^as expected: NOT_FOUND, SANDBOX_NOT_FOUND: .",
            r"^sandbox [0-9a-f-]{36} is destroyed$",
            r"^snapshot python-example-\w+ is deleted$",
        ):
            self.assertTrue(any(re.search(expected, line) for line in lines), f"{expected} in\n{example.stdout}")

        self.assertEqual(self.details_by_the_readme(), ("SANDBOX_NOT_FOUND", "404"))

        nowhere = self.run_example(f"unix:{self.work}/nowhere.sock")
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn("error: UNAVAILABLE", nowhere.stderr)

        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(LIMIT_S), 0)


if __name__ == "__main__":
    unittest.main()
