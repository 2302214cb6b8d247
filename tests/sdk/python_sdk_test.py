"""The official Python SDK against the emulator: the proof that the emulator is faithful. The SDK is unchanged, but for one
option of the library that it uploads with (see allow_plain_http).

Usage: python_sdk_test.py PATH-OF-daytona-emulator (or EMULATOR=PATH). Ends with 0 if every step did what it does against
the real service.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request

import daytona._sync.object_storage
from daytona import (
    CreateSandboxFromImageParams,
    CreateSandboxFromSnapshotParams,
    CreateSnapshotParams,
    Daytona,
    DaytonaConfig,
    DaytonaError,
    Image,
    ListSandboxesQuery,
    Resources,
    VolumeMount,
)
from obstore.store import S3Store
from daytona.common.errors import DaytonaAuthenticationError, DaytonaConflictError, DaytonaNotFoundError

SHORT_DELAYS = [
    "--create-delay=150ms",
    "--start-delay=100ms",
    "--stop-delay=100ms",
    "--delete-delay=100ms",
    "--queue-delay=100ms",
    "--build-delay=2500ms",
    "--pull-delay=100ms",
    "--remove-delay=100ms",
    "--volume-delay=50ms",
]


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_error(kind, text, action):
    try:
        action()
    except kind as error:
        expect(re.search(text, str(error)), f"error {error!r} does not say {text!r}")
        return
    raise AssertionError(f"no {kind.__name__} was raised")


def wait_until(what, condition, tries=100):
    """Polls until the service reaches a state by itself."""
    pause = __import__("time").sleep
    for _ in range(tries):
        if condition():
            return
        pause(0.05)
    raise AssertionError(f"never: {what}")


def allow_plain_http():
    """The SDK's upload library refuses http:// unless told otherwise, and the SDK offers no option for that."""

    def store(*arguments, client_options=None, **others):
        return S3Store(*arguments, client_options={**(client_options or {}), "allow_http": True}, **others)

    daytona._sync.object_storage.S3Store = store


def control(url, path, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url.removesuffix('/api')}/_emulator/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def storage_requests(url):
    requests = json.loads(control(url, "requests"))["requests"]
    return [request for request in requests if request["path"].startswith("/_storage/")]


def sandboxes(daytona):
    params = CreateSandboxFromSnapshotParams(name="one", labels={"team": "a"}, env_vars={"A": "1"}, auto_stop_interval=30)
    one = daytona.create(params)
    expect(one.state == "started", f"created, but {one.state}")
    expect(one.labels == {"team": "a", "code-toolbox-language": "python"}, f"labels are {one.labels}")
    expect((one.env, one.auto_stop_interval, one.cpu) == ({"A": "1"}, 30, 1), "fields did not come back")
    expect_error(DaytonaConflictError, "Sandbox with name one already exists", lambda: daytona.create(params))

    expect(daytona.get("one").id == one.id, "get by name")
    expect(daytona.get(one.id).name == "one", "get by id")
    expect_error(DaytonaNotFoundError, "Sandbox with ID or name nothing not found", lambda: daytona.get("nothing"))

    two = daytona.create(CreateSandboxFromSnapshotParams(name="two", labels={"team": "a"}))
    listed = list(daytona.list(ListSandboxesQuery(labels={"team": "a"}, limit=1, sort="name", order="asc")))
    expect([item.name for item in listed] == ["one", "two"], f"listed {listed}")
    expect([item.id for item in daytona.list(ListSandboxesQuery(name="tw"))] == [two.id], "list by name prefix")

    one.stop()
    expect(one.state == "stopped", f"stopped, but {one.state}")
    expect_error(DaytonaError, "not in a stoppable state", one.stop)
    expect([item.name for item in daytona.list(ListSandboxesQuery(states=["stopped"]))] == ["one"], "list by state")
    one.start()
    expect(one.state == "started", f"started, but {one.state}")
    expect(one.set_labels({"team": "b"}) == {"team": "b"}, "labels were replaced")
    one.set_autostop_interval(5)
    one.refresh_data()
    expect((one.labels, one.auto_stop_interval) == ({"team": "b"}, 5), "settings did not stay")
    expect(one.get_preview_link(3000).url.startswith("http"), "preview link")

    one.delete()
    expect_error(DaytonaNotFoundError, "not found", lambda: daytona.get("one"))
    two.delete(wait=True)
    expect_error(DaytonaNotFoundError, "not found", lambda: daytona.get(two.id))

    ephemeral = daytona.create(CreateSandboxFromSnapshotParams(ephemeral=True))
    ephemeral.stop()
    expect(ephemeral.state in ("destroyed", "stopped"), f"ephemeral and stopped, but {ephemeral.state}")
    wait_until("the ephemeral sandbox is gone", lambda: not list(daytona.list()))


def sandbox_from_image(daytona):
    logs = []
    params = CreateSandboxFromImageParams(
        name="built",
        image=Image.base("debian:12.9").run_commands("echo from the build"),
        resources=Resources(cpu=2, memory=2, disk=3),
    )
    built = daytona.create(params, timeout=60, on_snapshot_create_logs=logs.append)
    expect((built.state, built.cpu) == ("started", 2), f"built, but {built.state} with {built.cpu} cpu")
    text = "\n".join(logs)
    expect("Step 1/2 : FROM debian:12.9" in text and "from the build" in text, f"build log was {text!r}")
    built.delete()

    failing = CreateSandboxFromImageParams(name="failing", image=Image.base("debian:12.9").run_commands("false"))
    # When an event reports it, the SDK loses the reason.
    expect_error(DaytonaError, "code: 1|BUILD_FAILED", lambda: daytona.create(failing, timeout=60))
    failed = daytona.get("failing")
    expect("returned a non-zero code: 1" in failed.error_reason, f"the reason is {failed.error_reason}")
    failed.delete()


def events(daytona, url):
    """A stop whose end only an event shows: reads of the sandbox still show it as stopping."""
    sandbox = daytona.create(CreateSandboxFromSnapshotParams(name="watched"))
    wait_until("the event connection is up", lambda: json.loads(control(url, "events"))["joined"] == 1)
    stale = json.loads(control(url, f"sandboxes/{sandbox.id}", "POST", {})) | {"state": "stopping"}
    match = {"method": "GET", "path_regex": f"/sandbox/{sandbox.id}$"}
    control(url, "faults", "POST", {"match": match, "fault": {"status": 200, "body": stale}})
    sent = json.loads(control(url, "events"))["sent"]
    sandbox.stop(timeout=30)
    reads = json.loads(control(url, "faults"))[0]["matched"]
    told = json.loads(control(url, "events"))["sent"] - sent
    expect(told == 3 and 1 <= reads <= 10, f"told of {told} changes, read {reads} times")
    control(url, "faults", "DELETE")
    sandbox.delete(wait=True)


def build_contexts(daytona, url):
    os.makedirs("proj/sub/empty")
    with open("proj/a.txt", "w") as file:
        file.write("A\n")
    with open("proj/sub/large.bin", "wb") as file:
        file.write(os.urandom(12_000_000))
    with open("one.txt", "w") as file:
        file.write("one\n")
    with open("requirements.txt", "w") as file:
        file.write("numpy==1.26\n")
    image = (
        Image.base("debian:12.9")
        .add_local_file("one.txt", "/data/")
        .add_local_dir("proj", "/proj")
        .pip_install_from_requirements("requirements.txt")
    )
    built = daytona.create(CreateSandboxFromImageParams(name="with-files", image=image), timeout=60)
    expect(built.state == "started", f"built, but {built.state}")
    hashes = built.build_info.context_hashes
    stored = json.loads(control(url, "storage"))
    expect(len(hashes) == 3 and not stored["uploads"], f"{hashes} and {stored['uploads']}")
    keys = {item["key"].split("/", 1)[1] for item in stored["objects"]}
    expect(keys == {f"{name}/context.tar" for name in hashes}, f"stored are {keys}")
    key = f"{stored['objects'][0]['key'].split('/')[0]}/{hashes[1]}/context.tar"
    tar = tarfile.open(fileobj=io.BytesIO(control(url, f"storage/object?key={urllib.parse.quote(key)}")))
    expect(tar.extractfile("proj/a.txt").read() == b"A\n", "the file is in the archive")
    expect("proj/sub/empty" in tar.getnames(), f"the archive has {tar.getnames()}")
    methods = [request["method"] for request in storage_requests(url)]
    expect(methods.count("PUT") == 5, f"two small archives, and a large one in three parts: {methods}")

    again = daytona.create(CreateSandboxFromImageParams(name="again", image=image), timeout=60)
    expect(again.build_info.context_hashes == hashes, "the same hashes")
    later = [request["method"] for request in storage_requests(url)[len(methods) :]]
    expect(later == ["HEAD"] * 3, f"the second create uploads nothing: {later}")
    expect(json.loads(control(url, "storage"))["foreignCredentials"] == 0, "the API key stays with the API")
    built.delete()
    again.delete()


def snapshots(daytona):
    logs = []
    pulled = daytona.snapshot.create(
        CreateSnapshotParams(name="pulled", image="ubuntu:22.04", resources=Resources(cpu=2, memory=4, disk=5)),
        on_logs=logs.append,
    )
    expect((pulled.state, pulled.mem, pulled.image_name) == ("active", 4, "ubuntu:22.04"), f"pulled is {pulled}")
    expect(any("Created snapshot pulled" in line for line in logs), f"log was {logs}")

    logs.clear()
    image = Image.debian_slim("3.12").run_commands("echo streamed").entrypoint(["sleep", "infinity"])
    built = daytona.snapshot.create(CreateSnapshotParams(name="built", image=image), on_logs=logs.append, timeout=60)
    expect(built.state == "active", f"built is {built.state}")
    expect(any("streamed" in line for line in logs), f"log was {logs}")

    broken = CreateSnapshotParams(name="broken", image=Image.base("debian:12.9").run_commands("exit 3"))
    expect_error(
        DaytonaError,
        "failed to build image: The command '/bin/sh -c exit 3' returned a non-zero code: 3",
        lambda: daytona.snapshot.create(broken, timeout=60),
    )

    names = [item.name for item in daytona.snapshot.list(limit=2).items]
    expect(len(names) == 2 and daytona.snapshot.list().total == 4, f"listed {names}")
    expect(daytona.snapshot.get("built").id == built.id, "get by name")
    sandbox = daytona.create(CreateSandboxFromSnapshotParams(snapshot="pulled"))
    expect((sandbox.state, sandbox.snapshot, sandbox.cpu) == ("started", "pulled", 2), "sandbox from a snapshot")
    sandbox.delete()
    for name in ("pulled", "built", "broken"):
        daytona.snapshot.delete(daytona.snapshot.get(name))
    wait_until("the snapshots are gone", lambda: daytona.snapshot.list().total == 1)


def volumes(daytona):
    volume = daytona.volume.get("data", create=True)
    expect(volume.name == "data", f"volume is {volume}")
    wait_until("the volume is ready", lambda: daytona.volume.get("data").state == "ready")
    mount = VolumeMount(volume_id=volume.id, mount_path="/data")
    sandbox = daytona.create(CreateSandboxFromSnapshotParams(name="user", volumes=[mount]))
    expect(sandbox.volumes[0].volume_id == volume.id, f"mounts are {sandbox.volumes}")
    expect_error(Exception, "in use by one or more sandboxes \\(e.g. user\\)", lambda: daytona.volume.delete(volume))
    sandbox.delete(wait=True)
    daytona.volume.delete(daytona.volume.get("data"))
    wait_until("the volume is gone", lambda: not daytona.volume.list())


def wrong_key(url):
    intruder = Daytona(DaytonaConfig(api_key="wrong", api_url=url, target="us"))
    expect_error(DaytonaAuthenticationError, "Invalid credentials", lambda: intruder.get("x"))


def main():
    emulator = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("EMULATOR")
    if not emulator:
        sys.exit("say where daytona-emulator is: python_sdk_test.py PATH")
    allow_plain_http()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.abspath(emulator)
        # Away from any .env file that the SDK would read.
        os.chdir(folder)
        run(program)
        os.chdir("/")


def run(emulator):
    process = subprocess.Popen([emulator, "--listen=127.0.0.1:0", *SHORT_DELAYS], stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().removeprefix("listening on ").strip()
        daytona = Daytona(DaytonaConfig(api_key="emulator-key", api_url=url, target="us"))
        for step in (sandboxes, sandbox_from_image, snapshots, volumes):
            step(daytona)
            print(f"ok: {step.__name__}", flush=True)
        for step in (events, build_contexts):
            step(daytona, url)
            print(f"ok: {step.__name__}", flush=True)
        wrong_key(url)
        print("ok: wrong_key", flush=True)
    finally:
        process.terminate()
        expect(process.wait(10) == 0, "the emulator did not end cleanly")


if __name__ == "__main__":
    main()
