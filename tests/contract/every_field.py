"""Calls of every RPC with every field set, in addition to those of the conformance cases."""

import io
import tarfile

from cases.sandbox_create import void
from harness.case import Case

INSTANT = {"seconds": 1767323045, "nanos": 678000000}
LATER = {"seconds": 4953916799}
RESOURCES = {"cpu": 2, "memory_gib": 2, "disk_gib": 4, "gpu": 1}

# The members common to both lists of sandboxes.
COMMON_FILTER = {
    "id_prefix": "a",
    "name_prefix": "b",
    "labels": {"team": "a b"},
    "states": ["SANDBOX_STATE_STARTED"],
    "state_texts": ["stopped"],
    "snapshots": ["tools"],
    "targets": ["us"],
    "min_cpu": 1,
    "max_cpu": 2,
    "min_memory_gib": 1,
    "max_memory_gib": 2,
    "min_disk_gib": 1,
    "max_disk_gib": 2,
    "last_activity_after": INSTANT,
    "last_activity_before": LATER,
    "include_errored_deleted": True,
}
FILTER = {
    **COMMON_FILTER,
    "is_public": True,
    "is_recoverable": False,
    "created_at_after": INSTANT,
    "created_at_before": LATER,
    "auto_destroy_at_after": INSTANT,
    "auto_destroy_at_before": LATER,
    "include_warm": True,
    "sandbox_classes": ["SANDBOX_CLASS_CONTAINER", "SANDBOX_CLASS_LINUX_VM"],
    "sandbox_class_texts": ["windows"],
    "min_gpu": 0,
    "max_gpu": 8,
}
SPEC = {
    "name": "full",
    "language": "CODE_LANGUAGE_TYPESCRIPT",
    "resources": RESOURCES | {"gpu_types": ["GPU_TYPE_H100", "GPU_TYPE_RTX_PRO_6000"]},
    "user": "daytona",
    "env": {"A": "1"},
    "labels": {"l": "v"},
    "is_public": True,
    "target": "us",
    "auto_stop_minutes": 1,
    "auto_pause_minutes": 0,
    "auto_archive_minutes": 1,
    "auto_delete_minutes": 0,
    "ttl_minutes": 50,
    "ephemeral": True,
    "volumes": [{"volume": "data", "mount_path": "/d", "subpath": "p"}],
    "secrets": {"K": "n"},
    "network_block_all": False,
    "network_allow_list": ["10.0.0.0/8"],
    "domain_allow_list": ["a.example.com"],
    "outbound_proxy_url": "http://proxy.local",
    "otel_endpoint_override": "http://otel.local",
    "spot": True,
}
BUILD = {"dockerfileContent": "FROM debian:12\nRUN echo hi\n"}
TIMEOUT = {"seconds": 30}
AGE = {"seconds": 0}


def call(name, method, given=None, /, emulator=None, **fields):
    """Fields that are functions get the objects created before. `emulator` has flags of the emulator."""

    def rpc(daemon, made):
        resolved = {field: value(made) if callable(value) else value for field, value in fields.items()}
        return void(daemon.call(method, **resolved))

    return Case(
        f"every-field.{name}", rpc=rpc, python=void, no_typescript="not compared", given=given, emulator=emulator or {}
    )


def data(world):
    return {"data": world.volume("data")}


def with_parent(world):
    return {"parent": world.sandbox("parent")}


def box(world):
    return {"box": world.sandbox("box")}


def tools(world):
    return {"tools": world.snapshot("tools")}


def second_page(daemon, method, **request):
    first = daemon.call(method, **request)
    daemon.call(method, page_token=first.next_page_token, **request)


def empty_tar():
    buffer = io.BytesIO()
    tarfile.open(fileobj=buffer, mode="w").close()
    return buffer.getvalue()


def with_request_id(method, given=None, /, **fields):
    return call(f"{method}.request-id", method, given, request_id="an-id", **fields)


CASES = [
    call("create-from-image", "CreateSandbox", data, spec=SPEC | {"image": "debian:12"}, timeout=TIMEOUT, wait=True),
    call(
        "create-linked",
        "CreateSandbox",
        with_parent,
        spec={"snapshot": "daytonaio/sandbox:0.5.0-slim", "linked_sandbox": "parent", "ephemeral": True},
        wait=False,
    ),
    call(
        "create-strictly",
        "CreateSandbox",
        spec={
            "snapshot": "daytonaio/sandbox:0.5.0-slim",
            "language_text": "ruby",
            "ephemeral": True,
            "kvm": True,
            "strict": True,
        },
    ),
    *(
        call(
            f"create-{gpu_type.lower()}",
            "CreateSandbox",
            spec={"image": "debian:12", "ephemeral": True, "resources": RESOURCES | {"gpu_types": [gpu_type]}},
        )
        for gpu_type in ("GPU_TYPE_MI355X", "GPU_TYPE_B300", "GPU_TYPE_B200", "GPU_TYPE_L40S")
    ),
    call(
        "create-gpu-texts",
        "CreateSandbox",
        spec={"image": "debian:12", "ephemeral": True, "resources": RESOURCES | {"gpu_type_texts": ["H200"]}},
    ),
    call(
        "create-stream",
        "CreateSandboxStream",
        data,
        spec=SPEC | {"dockerfile": "FROM debian:12\n"},
        timeout=TIMEOUT,
        log_offset=1,
    ),
    call("get", "GetSandbox", box, sandbox="box", max_age=AGE),
    call("find", "FindSandbox", box, sandbox="box", labels={"a": "b"}, max_age=AGE),
    call(
        "list-by-token",
        "ListSandboxes",
        filter=FILTER,
        max_age=AGE,
        sort="SANDBOX_SORT_FIELD_NAME",
        order="SORT_ORDER_ASC",
        page_size=3,
    ),
    call(
        "list-by-page",
        "ListSandboxes",
        filter=COMMON_FILTER,
        sort="SANDBOX_SORT_FIELD_UPDATED_AT",
        order="SORT_ORDER_DESC",
        page_size=3,
        page=2,
    ),
    *(
        call(f"list-by-page-sorted-by-{field.lower()}", "ListSandboxes", page=1, sort=f"SANDBOX_SORT_FIELD_{field}")
        for field in ("NAME", "LAST_ACTIVITY_AT", "CREATED_AT", "ID", "STATE", "SNAPSHOT", "TARGET", "UPDATED_AT")
    ),
    call(
        "stream-sandboxes",
        "StreamSandboxes",
        filter=FILTER,
        sort="SANDBOX_SORT_FIELD_MEMORY_GIB",
        order="SORT_ORDER_DESC",
        page_size=200,
    ),
    call(
        "start",
        "StartSandbox",
        lambda world: {"box": world.stopped_sandbox("box")},
        sandbox="box",
        timeout=TIMEOUT,
        wait=True,
    ),
    call("stop", "StopSandbox", box, sandbox="box", timeout=TIMEOUT, wait=True, force=True),
    call("delete", "DeleteSandbox", box, sandbox="box", timeout=TIMEOUT, wait=True),
    call("wait", "WaitSandbox", box, sandbox="box", states=["SANDBOX_STATE_STARTED"], timeout=TIMEOUT),
    call("wait-for-a-text", "WaitSandbox", box, sandbox="box", state_texts=["started"], timeout=TIMEOUT),
    call("watch-sandbox", "WatchSandbox", box, sandbox="box"),
    call(
        "create-snapshot",
        "CreateSnapshot",
        spec={
            "name": "tools",
            "image": "debian:12",
            "entrypoint": ["sleep"],
            "resources": RESOURCES | {"gpu_types": ["GPU_TYPE_RTX_4090"]},
            "region_id": "eu",
            "sandbox_class": "SANDBOX_CLASS_CONTAINER",
        },
        timeout=TIMEOUT,
        wait=True,
    ),
    *(
        call(
            f"create-snapshot-of-class-{text}",
            "CreateSnapshot",
            spec={"name": "tools", "image": "debian:12", "sandbox_class_text": text},
            wait=False,
        )
        for text in ("linux-vm", "android", "windows")
    ),
    call(
        "create-snapshot-stream",
        "CreateSnapshotStream",
        spec={"name": "tools", "dockerfile": "FROM debian:12\n"},
        timeout=TIMEOUT,
        log_offset=1,
    ),
    call("get-snapshot", "GetSnapshot", tools, snapshot="tools", max_age=AGE),
    Case(
        "every-field.list-snapshots-by-token",
        rpc=lambda daemon, given: second_page(
            daemon,
            "ListSnapshots",
            name="to",
            max_age=AGE,
            sort="SNAPSHOT_SORT_FIELD_STATE",
            order="SORT_ORDER_ASC",
            page_size=1,
        ),
        python=void,
        no_typescript="not compared",
        given=lambda world: {"a": world.snapshot("tools"), "b": world.snapshot("tomes")},
    ),
    call(
        "list-snapshots-by-page",
        "ListSnapshots",
        box,
        page=1,
        page_size=3,
        source_sandbox=lambda made: made.box,
    ),
    call("list-snapshots-of-a-named-sandbox", "ListSnapshots", box, page=1, source_sandbox="box"),
    call(
        "stream-snapshots",
        "StreamSnapshots",
        box,
        name="to",
        source_sandbox=lambda made: made.box,
        sort="SNAPSHOT_SORT_FIELD_CREATED_AT",
        order="SORT_ORDER_DESC",
        page_size=2,
    ),
    call("activate", "ActivateSnapshot", lambda world: {"tools": world.inactive_snapshot("tools")}, snapshot="tools"),
    call("deactivate", "DeactivateSnapshot", tools, snapshot="tools"),
    call("delete-snapshot", "DeleteSnapshot", tools, snapshot="tools", timeout=TIMEOUT, wait=True),
    call("watch-snapshot", "WatchSnapshot", tools, snapshot="tools"),
    call(
        "build-log-of-a-sandbox",
        "StreamBuildLogs",
        lambda world: {"box": world.sandbox("box", buildInfo=BUILD)},
        sandbox="box",
        offset=3,
        follow=True,
    ),
    call(
        "build-log-from-the-api-itself",
        "StreamBuildLogs",
        lambda world: {"box": world.sandbox("box", buildInfo=BUILD)},
        emulator={"--build-log-url-base": "http://not-trusted.example"},
        sandbox="box",
    ),
    call(
        "build-log-of-a-snapshot-from-the-api-itself",
        "StreamBuildLogs",
        lambda world: {"tools": world.snapshot("tools", imageName=None, buildInfo=BUILD)},
        emulator={"--build-log-url-base": "http://not-trusted.example"},
        snapshot="tools",
    ),
    call(
        "build-log-of-a-snapshot",
        "StreamBuildLogs",
        lambda world: {"tools": world.snapshot("tools", imageName=None, buildInfo=BUILD)},
        snapshot="tools",
        follow=False,
    ),
    call("create-volume", "CreateVolume", name="data", timeout=TIMEOUT, wait=True),
    call("get-volume", "GetVolume", volume="data", max_age=AGE, create_if_missing=True),
    Case(
        "every-field.list-volumes",
        rpc=lambda daemon, given: second_page(daemon, "ListVolumes", include_deleted=True, max_age=AGE, page_size=1),
        python=void,
        no_typescript="not compared",
        given=lambda world: {"a": world.volume("a"), "b": world.volume("b")},
    ),
    call("delete-volume", "DeleteVolume", data, volume="data", timeout=TIMEOUT, wait=True),
    call("watch-volume", "WatchVolume", data, volume="data"),
    with_request_id("CreateSandbox", spec={"name": "x"}),
    with_request_id("CreateSandboxStream", spec={"name": "x"}),
    with_request_id("StartSandbox", box, sandbox="box"),
    with_request_id("StopSandbox", box, sandbox="box"),
    with_request_id("SetSandboxLabels", box, sandbox="box", labels={"team": "a"}),
    with_request_id("SetSandboxAutoStop", box, sandbox="box", minutes=5),
    with_request_id("SetSandboxAutoPause", box, sandbox="box", minutes=5),
    with_request_id("SetSandboxAutoArchive", box, sandbox="box", minutes=5),
    with_request_id("SetSandboxAutoDelete", box, sandbox="box", minutes=5),
    with_request_id("SetSandboxTtl", box, sandbox="box", minutes=5),
    with_request_id("SetSandboxPublic", box, sandbox="box", is_public=True),
    with_request_id(
        "SetSandboxNetwork",
        box,
        sandbox="box",
        network_allow_list={"entries": ["10.0.0.0/8", "192.168.0.0/16"]},
        domain_allow_list={"entries": ["*.example.com"]},
    ),
    with_request_id("RefreshSandboxActivity", box, sandbox="box"),
    with_request_id("DeleteSandbox", box, sandbox="box"),
    with_request_id("CreateSnapshot", spec={"name": "x", "image": "debian:12"}),
    with_request_id("CreateSnapshotStream", spec={"name": "x", "image": "debian:12"}),
    with_request_id("ActivateSnapshot", lambda world: {"tools": world.inactive_snapshot("tools")}, snapshot="tools"),
    with_request_id("DeactivateSnapshot", tools, snapshot="tools"),
    with_request_id("DeleteSnapshot", tools, snapshot="tools"),
    with_request_id("CreateVolume", name="data"),
    with_request_id("GetVolume", volume="data", create_if_missing=True),
    with_request_id("DeleteVolume", data, volume="data"),
]


def _step(name, step):
    return call(
        f"image-step.{name}",
        "CreateSandbox",
        spec={"declarative_image": {"base_image": "debian:12", "steps": [step], "context_hashes": ["0" * 32]}},
    )


# Those of the Go SDK, which the conformance cases do not compare, and files inside the request.
CASES += [
    _step("apt-get", {"apt_get": {"packages": ["git", "curl"]}}),
    _step("user", {"user": "nobody"}),
    _step("copy", {"copy": {"source": "a", "destination": "/b"}}),
    _step("add", {"add": {"source": "https://example.com/a", "destination": "/b"}}),
    _step("expose", {"expose": {"ports": [80, 443]}}),
    _step("label", {"label": {"key": "k", "value": "v w"}}),
    _step("volume", {"volume": {"paths": ["/data"]}}),
    _step("file", {"add_local_file": {"file": {"content": b"A\n", "archive_path": "a.txt"}, "remote_path": "/a.txt"}}),
    _step("directory", {"add_local_dir": {"directory": {"tar": empty_tar()}, "remote_path": "/tree"}}),
    _step(
        "uploaded-file",
        {"add_local_file": {"file": {"context_hash": "0" * 32, "archive_path": "a.txt"}, "remote_path": "/a.txt"}},
    ),
    _step(
        "uploaded-directory",
        {"add_local_dir": {"directory": {"context_hash": "0" * 32, "archive_path": "tree"}, "remote_path": "/tree"}},
    ),
    _step(
        "pyproject",
        {
            "pip_install_from_pyproject": {
                "content": '[project]\ndependencies = ["a"]\n',
                "optional_dependencies": ["dev"],
                "options": {"find_links": ["/w"], "index_url": "https://i", "extra_index_urls": ["https://e"]},
            }
        },
    ),
    call(
        "image-step.pyproject-of-the-daemon",
        "CreateSandbox",
        spec=lambda made: {
            "declarative_image": {
                "base_image": "debian:12",
                "steps": [{"pip_install_from_pyproject": {"daemon_path": f"{made.files}/pyproject.toml"}}],
            }
        },
    ),
]
