"""Attacks with build contexts: uploads that send nothing, trees with colliding hashes, a sparse file."""

import contextlib
import threading
import time

import rpc
from attack import attack


def _upload(archive_path, content, context_hash="", announced=0):
    message = rpc.messages("build_service").UploadBuildContextRequest
    header = {"archive_path": archive_path, "context_hash": context_hash, "size": announced}
    yield message(header=header)
    yield message(data=content)


def _hold_uploads(scene, count, **header):
    """Uploads that send only a header, until the returned stack is closed."""
    message = rpc.messages("build_service").UploadBuildContextRequest
    release = threading.Event()

    def requests(number):
        yield message(header={"archive_path": f"idle-{number}", "context_hash": f"{number:032x}", **header})
        release.wait(120)

    def play(number):
        with rpc.Client(scene.address) as client:
            client.upload(requests(number), timeout=120)

    threads = [threading.Thread(target=play, args=[number], daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    stack = contextlib.ExitStack()
    stack.callback(lambda: [thread.join(10) for thread in threads])
    stack.callback(release.set)
    return stack


@attack("idle uploads", "uploads", "uploads that send only their header; an honest upload must go through", short=True)
def idle_uploads(scene):
    with _hold_uploads(scene, 8), rpc.Client(scene.address) as client:
        content = b"honest"
        outcome = client.upload(
            _upload("honest", rpc.tar_of("honest", content), rpc.context_hash("honest", content)), timeout=15
        )
        scene.check(outcome.ok, f"an honest upload beside 8 idle ones: {outcome}")


@attack(
    "announced sizes",
    "uploads",
    "uploads that announce the spool's whole size and send nothing; an honest upload must go through",
    flags=("--spool-dir", "{directory}", "--spool-limit", "64MiB"),
)
def announced_sizes(scene):
    with _hold_uploads(scene, 3, context_hash="", size=64 << 20), rpc.Client(scene.address) as client:
        outcome = client.upload(_upload("honest", rpc.tar_of("honest", b"honest")), timeout=15)
        scene.check(outcome.ok, f"an honest upload beside 3 that announced 64 MiB each: {outcome}")


@attack(
    "contexts with equal hashes",
    "uploads",
    "two trees for which the SDK's hash is the same must not be taken for one another",
)
def equal_hashes(scene):
    def create(client, name, content):
        file = {"content": content, "archive_path": name}
        steps = [{"add_local_file": {"file": file, "remote_path": "/x"}}]
        spec = {"declarative_image": {"base_image": "debian:12.9", "steps": steps}}
        return client.call("CreateSandbox", spec=spec)

    with rpc.Client(scene.address) as client:
        outcomes = [create(client, "a", b"bcd"), create(client, "ab", b"cd")]
    scene.check(all(outcome.ok for outcome in outcomes), f"creates with contexts: {[str(o) for o in outcomes]}")
    objects = {item["key"] for item in scene.emulator.ask("GET", "/_emulator/storage")["objects"]}
    scene.note(objects=len(objects))
    scene.check(len(objects) == 2, f"{len(objects)} contexts in storage for two trees")


@attack(
    "sparse file",
    "uploads",
    "a file of 200 GiB without content, named by path",
    flags=("--context-root", "{directory}"),
)
def sparse_file(scene):
    with open(scene.directory / "sparse", "wb") as sparse:
        sparse.truncate(200 << 30)
    file = {"daemon_path": str(scene.directory / "sparse"), "archive_path": "sparse"}
    steps = [{"add_local_file": {"file": file, "remote_path": "/x"}}]
    spec = {"declarative_image": {"base_image": "debian:12.9", "steps": steps}}
    with rpc.Client(scene.address) as client:
        outcome = client.call("CreateSandbox", spec=spec, timeout=20)
    scene.note(answer_ms=round(outcome.seconds * 1000))
    reasons = ["CONTEXT_TOO_LARGE", "INVALID_REQUEST"]
    scene.check_outcome("a sparse file of 200 GiB", outcome, "INVALID_ARGUMENT", reasons)
