"""Calls to the daemon through stubs generated from proto/, and their outcomes."""

import subprocess
import sys

import grpc
from google.protobuf import message_factory
from google.rpc import error_details_pb2, status_pb2

from harness.outcome import Outcome

SERVICES = {
    "daytona_service": "DaytonaService",
    "snapshot_service": "SnapshotService",
    "volume_service": "VolumeService",
    "build_service": "BuildService",
    "daemon_service": "DaemonService",
}


def generate_stubs(root, directory):
    """Makes the package daytonad.v1 importable. `root` is the repository's."""
    subprocess.run([root / "client" / "python" / "generate.sh", directory, sys.executable], check=True)
    sys.path.insert(0, str(directory))


def _methods():
    """Every RPC: name, service and descriptor."""
    import importlib

    for module_name, service_name in SERVICES.items():
        module = importlib.import_module(f"daytonad.v1.{module_name}_pb2")
        stub_module = importlib.import_module(f"daytonad.v1.{module_name}_pb2_grpc")
        service = module.DESCRIPTOR.services_by_name[service_name]
        for method in service.methods:
            request = message_factory.GetMessageClass(method.input_type)
            yield method.name, getattr(stub_module, f"{service_name}Stub"), request, method


def names():
    """The names of all RPCs."""
    return {name for name, *_ in _methods()}


def request_descriptors():
    """The descriptors of all requests."""
    return [method.input_type for *_, method in _methods()]


class Rpcs:
    """`call("StopSandbox", sandbox=..., force=True)` and similar; fields as for protobuf's constructors."""

    def __init__(self, address, mark):
        self._mark = mark
        self._channel = grpc.insecure_channel(address)
        self._methods = {name: (stub, request, method) for name, stub, request, method in _methods()}
        self.called = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def held(self, call):
        """Calls made before the compared call."""
        result = call()
        self._mark()
        return result

    def call(self, method_name, /, **fields):
        """The response; of a stream the list of its messages."""
        stub, request, method = self._methods[method_name]
        self.called.add(method_name)
        answer = getattr(stub(self._channel), method_name)(request(**fields), timeout=20)
        return list(answer) if method.server_streaming else answer


def _error_info(error):
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    info = error_details_pb2.ErrorInfo()
    if details is not None:
        for detail in status_pb2.Status.FromString(details).details:
            if detail.Is(info.DESCRIPTOR):
                detail.Unpack(info)
    return info


def outcome_of(call):
    """Runs `call`."""
    try:
        return Outcome(ok=True, answer=call())
    except grpc.RpcError as error:
        info = _error_info(error)
        message = f"{error.code().name} {info.reason}: {error.details()}"
        if error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN) and "http_status" not in info.metadata:
            raise RuntimeError(f"the daemon failed: {message}") from error
        return Outcome(
            ok=False,
            http_status=int(info.metadata["http_status"]) if "http_status" in info.metadata else None,
            message=message,
            # An RPC that the daemon does not know at all has no ErrorInfo.
            not_served_yet=error.code() == grpc.StatusCode.UNIMPLEMENTED and info.reason in ("", "NOT_SERVED_YET"),
        )
