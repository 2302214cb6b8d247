"""Builds a snapshot with a file of this machine, creates a sandbox from it, and deletes both.

That is the Daytona API through daytonad, without key or SDK.

The daemon's address is taken from DAYTONAD_ADDRESS; README.md says how to run this.
"""

import hashlib
import io
import os
import pathlib
import stat
import sys
import tarfile
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2

from daytonad.v1 import (
    build_service_pb2,
    build_service_pb2_grpc,
    daytona_service_pb2,
    daytona_service_pb2_grpc,
    image_pb2,
    snapshot_service_pb2,
    snapshot_service_pb2_grpc,
)

CHUNK_BYTES = 1024 * 1024
# The service config of every client of daytonad: which calls gRPC may retry while a daemon stops.
SERVICE_CONFIG = pathlib.Path(__file__).resolve().parents[1] / "service_config.json"


def error_info(error: grpc.RpcError) -> error_details_pb2.ErrorInfo:
    """The reason and metadata of an error, for programs. Empty if the error is not the daemon's own."""
    info = error_details_pb2.ErrorInfo()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                if detail.Unpack(info):
                    return info
    return info


def upload_context(builds, path):
    """Uploads a small file as a build context and returns its name in an image."""
    name = os.path.basename(path)
    with open(path, "rb") as file:
        content = file.read()
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    # For a directory, see BuildContextHeader.
    records = f"context {len(name.encode())}\n{name}file {mode:o} 0 0 {len(content)}\n".encode() + content
    digest = hashlib.sha256(records).hexdigest()[:32]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(path, arcname=name)

    def messages():
        header = build_service_pb2.BuildContextHeader(archive_path=name, context_hash=digest)
        yield build_service_pb2.UploadBuildContextRequest(header=header)
        packed.seek(0)
        while data := packed.read(CHUNK_BYTES):
            yield build_service_pb2.UploadBuildContextRequest(data=data)

    return image_pb2.FileSource(
        archive_path=name, context_hash=builds.UploadBuildContext(messages()).context_hash
    )


def image_with(file):
    image = image_pb2.Image(base_image="python:3.12-slim")
    image.steps.add().pip_install.packages.append("requests")
    copy = image.steps.add().add_local_file
    copy.file.CopyFrom(file)
    copy.remote_path = "/srv/"
    image.steps.add().workdir = "/srv"
    return image


def create_snapshot(snapshots, name, image):
    """Shows states and the build log as they come, and returns the snapshot."""
    request = snapshot_service_pb2.CreateSnapshotStreamRequest()
    request.spec.name = name
    request.spec.declarative_image.CopyFrom(image)
    request.timeout.FromSeconds(600)
    for event in snapshots.CreateSnapshotStream(request):
        match event.WhichOneof("event"):
            case "snapshot":
                print(f"snapshot {name}: {event.snapshot.state_text}", flush=True)
            case "log":  # bytes: a chunk may end inside a line or a character
                sys.stdout.buffer.write(event.log.data)
                sys.stdout.buffer.flush()
            case "warning":
                print(f"warning: {event.warning.message}", flush=True)
            case "result":
                print(f"snapshot {name} is {event.result.state_text}", flush=True)
                return event.result
    raise RuntimeError("the stream ended without a result")


def main():
    address = os.environ.get("DAYTONAD_ADDRESS", "unix:/run/daytonad/daytonad.sock")
    name = f"python-example-{uuid.uuid4().hex[:8]}"
    options = [("grpc.service_config", SERVICE_CONFIG.read_text())]
    with grpc.insecure_channel(address, options) as channel:
        snapshots = snapshot_service_pb2_grpc.SnapshotServiceStub(channel)
        builds = build_service_pb2_grpc.BuildServiceStub(channel)
        sandboxes = daytona_service_pb2_grpc.DaytonaServiceStub(channel)

        file = upload_context(builds, __file__)
        print(f"{file.archive_path} is uploaded as {file.context_hash}", flush=True)
        snapshot = create_snapshot(snapshots, name, image_with(file))

        create = daytona_service_pb2.CreateSandboxRequest()
        create.spec.snapshot = snapshot.name
        create.spec.labels["made-by"] = "python-example"
        create.spec.env["GREETING"] = "hello"
        sandbox = sandboxes.CreateSandbox(create).sandbox
        print(f"sandbox {sandbox.id} is {sandbox.state_text}, with {sandbox.cpu:g} CPU")

        try:
            sandboxes.GetSandbox(daytona_service_pb2.GetSandboxRequest(sandbox="no-such-sandbox"))
        except grpc.RpcError as error:
            print(f"as expected: {error.code().name}, {error_info(error).reason}: {error.details()}")

        delete = daytona_service_pb2.DeleteSandboxRequest(sandbox=sandbox.id, wait=True)
        print(f"sandbox {sandbox.id} is {sandboxes.DeleteSandbox(delete).sandbox.state_text}")
        snapshots.DeleteSnapshot(snapshot_service_pb2.DeleteSnapshotRequest(snapshot=snapshot.id, wait=True))
        print(f"snapshot {name} is deleted")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as failure:
        sys.exit(f"error: {failure.code().name} {error_info(failure).reason}: {failure.details()}")
