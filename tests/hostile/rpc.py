"""Calls to the daemon through stubs generated from proto/, their outcomes, and which of these the contract allows."""

import dataclasses
import functools
import hashlib
import importlib
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import time

import grpc
from google.rpc import error_details_pb2, status_pb2

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVICES = {
    "daytona_service": "DaytonaService",
    "snapshot_service": "SnapshotService",
    "volume_service": "VolumeService",
    "build_service": "BuildService",
    "daemon_service": "DaemonService",
}
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
# Each channel has its own connections.
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


def generate_stubs(directory):
    subprocess.run([ROOT / "client" / "python" / "generate.sh", directory, sys.executable], check=True)
    sys.path.insert(0, str(directory))


def messages(name):
    """The generated module of daytonad/v1/NAME.proto."""
    return importlib.import_module(f"daytonad.v1.{name}_pb2")


def method(name):
    """(path, class of the request, class of the response) of an RPC."""
    for module_name, service in SERVICES.items():
        module = messages(module_name)
        found = module.DESCRIPTOR.services_by_name[service].methods_by_name.get(name)
        if found:
            return (
                f"/daytonad.v1.{service}/{name}",
                getattr(module, f"{name}Request"),
                getattr(module, f"{name}Response"),
            )
    raise KeyError(name)


def request(name, /, **fields):
    return method(name)[1](**fields)


def tar_of(name, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def context_hash(archive_path, content):
    """The SDK's hash of a context that is one file."""
    return hashlib.md5(archive_path.encode() + content, usedforsecurity=False).hexdigest()


@functools.cache
def documented_reasons():
    """Reasons of the table in common.proto, each with its codes."""
    reasons, last = {}, None
    for line in (ROOT / "proto" / "daytonad" / "v1" / "common.proto").read_text().splitlines():
        row = re.match(r"// \| ([A-Z_]*) +\| ([A-Z_, ]*)\|", line)
        if row:
            last = row.group(1) or last
            reasons.setdefault(last, set()).update(re.findall(r"[A-Z_]+", row.group(2)))
    return reasons


@dataclasses.dataclass
class Outcome:
    code: str
    reason: str = ""
    metadata: dict = dataclasses.field(default_factory=dict)
    message: str = ""
    has_retry_info: bool = False
    seconds: float = 0.0
    answer: object = None

    @property
    def ok(self):
        return self.code == "OK"

    @property
    def is_documented(self):
        return self.ok or self.code in documented_reasons().get(self.reason, ())

    def __str__(self):
        return f"{self.code} {self.reason or '(no reason)'}: {self.message[:160]}" if not self.ok else "OK"


def outcome_of_error(error, seconds=0.0):
    outcome = Outcome(error.code().name, message=error.details() or "", seconds=seconds)
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    for detail in status_pb2.Status.FromString(details).details if details else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            outcome.reason, outcome.metadata = info.reason, dict(info.metadata)
        outcome.has_retry_info |= detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR)
    return outcome


class Client:
    """One caller with one connection."""

    def __init__(self, address, options=(), metadata=()):
        self._channel = grpc.insecure_channel(address, options=[*UNLIMITED, *OWN_CONNECTION, *options])
        self._metadata = list(metadata)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._channel.close()

    def call(self, name, /, timeout=30, **fields):
        return self.send(name, request(name, **fields).SerializeToString(), timeout)

    def send(self, name, serialized, timeout=30, **options):
        """A unary call with an already serialized request."""
        path, _, response = method(name)
        began = time.monotonic()
        try:
            call = self._channel.unary_unary(path, response_deserializer=response.FromString)
            answer = call(serialized, timeout=timeout, metadata=self._metadata, **options)
            return Outcome("OK", seconds=time.monotonic() - began, answer=answer)
        except grpc.RpcError as error:
            return outcome_of_error(error, time.monotonic() - began)

    def upload(self, requests, timeout=30):
        """UploadBuildContext with an iterator of requests."""
        path, message, response = method("UploadBuildContext")
        began = time.monotonic()
        try:
            call = self._channel.stream_unary(path, message.SerializeToString, response.FromString)
            return Outcome("OK", answer=call(requests, timeout=timeout), seconds=time.monotonic() - began)
        except grpc.RpcError as error:
            return outcome_of_error(error, time.monotonic() - began)

    def start(self, name, /, timeout=60, **fields):
        """A call in the background: a grpc future."""
        path, message, response = method(name)
        call = self._channel.unary_unary(path, message.SerializeToString, response.FromString)
        return call.future(message(**fields), timeout=timeout, metadata=self._metadata)

    def stream(self, name, /, timeout=60, **fields):
        """The iterator of a server stream."""
        path, message, response = method(name)
        call = self._channel.unary_stream(path, message.SerializeToString, response.FromString)
        return call(message(**fields), timeout=timeout, metadata=self._metadata)


def outcome_of_future(future, timeout=60):
    try:
        return Outcome("OK", answer=future.result(timeout))
    except grpc.FutureTimeoutError:
        return Outcome("NEVER_ENDED")
    except grpc.FutureCancelledError:
        return Outcome("CANCELLED")
    except grpc.RpcError as error:
        return outcome_of_error(error)
