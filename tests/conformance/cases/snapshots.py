"""Snapshots."""

import itertools

from daytona import CreateSnapshotParams, GpuType, Image, Resources
from daytona_api_client import SandboxClass

from cases.local_files import DOCKERFILE
from cases.sandbox_create import LONG_BUILD, void
from harness.case import Case

SHORT = {"create.image", "create.dockerfile", "create.image-everything", "get.by-name", "list.all", "delete.by-name"}
NO_METHOD = "this SDK has no such call"


def tools(world):
    return {"tools": world.snapshot("tools")}


def inactive_tools(world):
    return {"tools": world.inactive_snapshot("tools")}


def fault(method, path, **fault):
    return lambda world: world.fault(method, path, **fault) or {}


def snapshot_case(name, rpc, python, typescript=None, **more):
    return Case(f"snapshot.{name}", rpc=rpc, python=python, typescript=typescript, short=name in SHORT, **more)


def create_case(name, spec, python, typescript=None, **more):
    return snapshot_case(
        f"create.{name}",
        lambda daemon, given: void(daemon.call("CreateSnapshot", spec=spec)),
        lambda sdk, given: void(sdk.daytona.snapshot.create(CreateSnapshotParams(**python()))),
        typescript and ("snapshotCreate", typescript),
        **more,
    )


def same_case(name, fields, **more):
    """Fields with the same name in all three."""
    return create_case(name, fields, lambda: fields, fields, **more)


def dockerfile_case(name, **fields):
    def python(sdk, given):
        image = Image.from_dockerfile(f"{given.files}/Dockerfile")
        sdk.daytona.snapshot.create(CreateSnapshotParams(name="tools", image=image, **fields))

    return snapshot_case(
        f"create.{name}",
        lambda daemon, given: void(
            daemon.call("CreateSnapshot", spec={"name": "tools", "dockerfile": DOCKERFILE, **fields})
        ),
        python,
        lambda given: (
            "snapshotCreate",
            {"name": "tools", "image": {"$image": [["fromDockerfile", f"{given.files}/Dockerfile"]]}, **fields},
        ),
    )


def logs_case(name, spec, python, typescript, **more):
    return snapshot_case(
        f"create.logs.{name}",
        lambda daemon, given: void(daemon.call("CreateSnapshotStream", spec=spec)),
        lambda sdk, given: void(sdk.daytona.snapshot.create(CreateSnapshotParams(**python()), on_logs=lambda _: None)),
        ("snapshotCreate", typescript, {"onLogs": {"$function": True}}),
        **more,
    )


def timed_case(name, timeout, **more):
    image = {"name": "tools", "image": "debian:12"}
    return snapshot_case(
        f"create.timeout.{name}",
        lambda daemon, given: void(daemon.call("CreateSnapshot", spec=image, timeout={"seconds": timeout})),
        lambda sdk, given: void(sdk.daytona.snapshot.create(CreateSnapshotParams(**image), timeout=timeout)),
        **more,
    )


def get_case(name, what, **more):
    def resolved(given):
        return what(given) if callable(what) else what

    return snapshot_case(
        f"get.{name}",
        lambda daemon, given: daemon.call("GetSnapshot", snapshot=resolved(given)).snapshot.name,
        lambda sdk, given: sdk.daytona.snapshot.get(resolved(given)).name,
        lambda given: ("snapshotGet", resolved(given)),
        **more,
    )


def three(world):
    return {name: world.snapshot(name) for name in ("one", "two", "three")}


def list_case(name, fields, python, typescript=None, **more):
    """A page, through the SDK's list."""
    return snapshot_case(
        f"list.{name}",
        lambda daemon, given: [item.name for item in daemon.call("ListSnapshots", **fields).snapshots],
        lambda sdk, given: [item.name for item in sdk.daytona.snapshot.list(**python).items],
        ("snapshotList", typescript if typescript is not None else python),
        given=three,
        **more,
    )


def filtered_case(name, fields, python):
    """A list with parameters that only the client below the SDK supports."""
    return snapshot_case(
        f"list.{name}",
        lambda daemon, given: [item.name for item in daemon.call("ListSnapshots", page=1, **fields).snapshots],
        lambda sdk, given: [item.name for item in sdk.api("SnapshotsApi").get_all_snapshots(page=1, **python).items],
        no_typescript=NO_METHOD,
        given=three,
    )


def orders():
    fields = {"name": "NAME", "state": "STATE", "lastUsedAt": "LAST_USED_AT", "createdAt": "CREATED_AT"}
    for (text, proto), order in itertools.product(fields.items(), ("asc", "desc")):
        yield filtered_case(
            f"by-{text}-{order}",
            {"sort": f"SNAPSHOT_SORT_FIELD_{proto}", "order": f"SORT_ORDER_{order.upper()}"},
            {"sort": text, "order": order},
        )


def all_pages(sdk, limit):
    """The loop with which a caller of the SDK reads all pages."""
    names, page, pages = [], 1, 1
    while page <= pages:
        answer = sdk.daytona.snapshot.list(page=page, limit=limit)
        names += [item.name for item in answer.items]
        pages = answer.total_pages
        page += 1
    return names


def change_case(method, name, given, what="tools", held=False, **more):
    """activate or delete, with an id, a name, or an object that the caller has."""

    def resolved(given):
        return what(given) if callable(what) else what

    def python(sdk, given):
        snapshot = sdk.snapshot(resolved(given)) if held else resolved(given)
        getattr(sdk.daytona.snapshot, method)(snapshot)

    call = f"snapshot{method.capitalize()}{'Held' if held else ''}"
    return snapshot_case(
        f"{method}.{name}",
        lambda daemon, given: void(
            daemon.call(f"{method.capitalize()}Snapshot", snapshot=given.tools if held else resolved(given))
        ),
        python,
        lambda given: (call, resolved(given)),
        given=given,
        **more,
    )


EVERYTHING = {"cpu": 2, "memory": 4, "disk": 5, "gpu": 1}

CREATES = [
    same_case("image", {"name": "tools", "image": "debian:12.9"}),
    same_case("name-with-slash-and-colon", {"name": "team/tools:1.0_x", "image": "debian:12.9"}),
    same_case(
        "image-entrypoint", {"name": "tools", "image": "debian:12.9", "entrypoint": ["sleep", "infinity", "a b"]}
    ),
    create_case(
        "image-everything",
        {
            "name": "tools",
            "image": "debian:12.9",
            "entrypoint": ["sleep", "infinity"],
            "region_id": "eu",
            "sandbox_class": "SANDBOX_CLASS_CONTAINER",
            "resources": {
                "cpu": 2,
                "memory_gib": 4,
                "disk_gib": 5,
                "gpu": 1,
                "gpu_types": ["GPU_TYPE_H100", "GPU_TYPE_H200"],
            },
        },
        lambda: {
            "name": "tools",
            "image": "debian:12.9",
            "entrypoint": ["sleep", "infinity"],
            "region_id": "eu",
            "sandbox_class": SandboxClass.CONTAINER.value,
            "resources": Resources(gpu_type=[GpuType.H100, GpuType.H200], **EVERYTHING),
        },
        {
            "name": "tools",
            "image": "debian:12.9",
            "entrypoint": ["sleep", "infinity"],
            "regionId": "eu",
            "sandboxClass": "container",
            "resources": {**EVERYTHING, "gpuType": ["H100", "H200"]},
        },
    ),
    create_case(
        "one-gpu-type",
        {"name": "tools", "image": "debian:12.9", "resources": {"gpu": 1, "gpu_types": ["GPU_TYPE_H100"]}},
        lambda: {"name": "tools", "image": "debian:12.9", "resources": Resources(gpu=1, gpu_type=GpuType.H100)},
        {"name": "tools", "image": "debian:12.9", "resources": {"gpu": 1, "gpuType": "H100"}},
    ),
    same_case("no-region", {"name": "tools", "image": "debian:12.9"}, target=None),
    same_case("configured-region", {"name": "tools", "image": "debian:12.9"}, target="eu"),
    dockerfile_case("dockerfile"),
    dockerfile_case("dockerfile-entrypoint", entrypoint=["sleep", "infinity"]),
    create_case(
        "declarative-base",
        {"name": "tools", "declarative_image": {"base_image": "debian:12"}},
        lambda: {"name": "tools", "image": Image.base("debian:12")},
        {"name": "tools", "image": {"$image": [["base", "debian:12"]]}},
    ),
    create_case(
        "declarative-everything",
        {
            "name": "tools",
            "declarative_image": {
                "debian_slim": {"python_version": "3.12"},
                "steps": [{"pip_install": {"packages": ["numpy"]}}, {"workdir": "/app"}],
            },
            "entrypoint": ["sleep", "infinity"],
            "resources": {"cpu": 1},
        },
        lambda: {
            "name": "tools",
            "image": Image.debian_slim("3.12").pip_install("numpy").workdir("/app"),
            "entrypoint": ["sleep", "infinity"],
            "resources": Resources(cpu=1),
        },
        {
            "name": "tools",
            "image": {"$image": [["debianSlim", "3.12"], ["pipInstall", "numpy"], ["workdir", "/app"]]},
            "entrypoint": ["sleep", "infinity"],
            "resources": {"cpu": 1},
        },
    ),
    same_case("fails.name-taken", {"name": "tools", "image": "debian:12"}, given=tools),
    same_case("fails.tag-latest", {"name": "tools", "image": "debian:latest"}),
    same_case("fails.no-tag", {"name": "tools", "image": "debian"}),
    same_case("fails.bad-name", {"name": "tools and more!", "image": "debian:12"}),
    same_case("fails.unknown-region", {"name": "tools", "image": "debian:12"}, target="mars"),
    create_case(
        "fails.quota",
        {"name": "tools", "image": "debian:12", "resources": {"cpu": 100}},
        lambda: {"name": "tools", "image": "debian:12", "resources": Resources(cpu=100)},
        {"name": "tools", "image": "debian:12", "resources": {"cpu": 100}},
    ),
    create_case(
        "fails.build",
        {"name": "tools", "dockerfile": "FROM debian:12\nRUN exit 3\n"},
        lambda: {"name": "tools", "image": Image.base("debian:12").run_commands("exit 3")},
        {"name": "tools", "image": {"$image": [["base", "debian:12"], ["runCommands", "exit 3"]]}},
    ),
    same_case(
        "fails.rate-limited",
        {"name": "tools", "image": "debian:12"},
        given=fault("POST", "/snapshots$", rate_limit={"throttler": "authenticated", "retry_after_s": 3600}),
    ),
    same_case(
        "fails.server-error",
        {"name": "tools", "image": "debian:12"},
        given=fault("POST", "/snapshots$", status=500, body={"message": "no"}),
    ),
    same_case(
        "fails.vanishes",
        {"name": "tools", "image": "debian:12"},
        given=fault("GET", "/snapshots/[^/]+$", status=404, body={"message": "Snapshot with name tools not found"}),
    ),
    logs_case(
        "image",
        *[{"name": "tools", "image": "debian:12"}, lambda: {"name": "tools", "image": "debian:12"}],
        {"name": "tools", "image": "debian:12"},
    ),
    logs_case(
        "dockerfile",
        {"name": "tools", "dockerfile": "FROM debian:12\nRUN echo hi\n"},
        lambda: {"name": "tools", "image": Image.base("debian:12").run_commands("echo hi")},
        {"name": "tools", "image": {"$image": [["base", "debian:12"], ["runCommands", "echo hi"]]}},
        emulator=LONG_BUILD,
    ),
    logs_case(
        "build-fails",
        {"name": "tools", "dockerfile": "FROM debian:12\nRUN exit 3\n"},
        lambda: {"name": "tools", "image": Image.base("debian:12").run_commands("exit 3")},
        {"name": "tools", "image": {"$image": [["base", "debian:12"], ["runCommands", "exit 3"]]}},
        emulator=LONG_BUILD,
    ),
    timed_case("none", 0, typescript=("snapshotCreate", {"name": "tools", "image": "debian:12"}, {"timeout": 0})),
    timed_case("negative", -1, no_typescript="the TypeScript SDK hands it to its HTTP client as it is"),
    timed_case(
        "runs-out",
        2,  # the SDK polls for the first time after a second
        emulator={"--pull-delay": "1h"},
        no_typescript="the TypeScript SDK's timeout bounds the POST only; it would poll for ever",
    ),
]

READS = [
    get_case("by-name", "tools", given=tools),
    get_case("by-id", lambda given: given.tools, given=tools),
    get_case("name-with-slash-and-colon", "a/b:1", given=lambda world: {"tools": world.snapshot("a/b:1")}),
    get_case("name-to-be-encoded", "x y?%#ü"),
    get_case("missing", "nothing"),
    get_case("server-error", "tools", given=fault("GET", "/snapshots/", status=500, body={"message": "no"})),
    list_case("all", {"page": 1}, {}),
    list_case("page", {"page": 2, "page_size": 2}, {"page": 2, "limit": 2}),
    list_case("page-after-the-last", {"page": 9, "page_size": 2}, {"page": 9, "limit": 2}),
    list_case("largest-page", {"page": 1, "page_size": 200}, {"page": 1, "limit": 200}),
    list_case("page-too-large", {"page": 1, "page_size": 201}, {"page": 1, "limit": 201}),
    list_case("page-zero", {"page": 0}, {"page": 0}),
    list_case("negative-page-size", {"page": 1, "page_size": -1}, {"page": 1, "limit": -1}),
    snapshot_case(
        "list.of-a-sandbox",
        lambda daemon, given: [
            item.name for item in daemon.call("ListSnapshots", page=1, source_sandbox=given.box).snapshots
        ],
        lambda sdk, given: [item.name for item in sdk.daytona.snapshot.list(source_sandbox_id=given.box).items],
        lambda given: ("snapshotList", {"sourceSandboxId": given.box}),
        given=lambda world: {"box": world.sandbox("box")},
    ),
    filtered_case("by-part-of-name", {"name": "o"}, {"name": "o"}),
    *orders(),
    snapshot_case(
        "list.every-page",
        lambda daemon, given: [message.snapshot.name for message in daemon.call("StreamSnapshots", page_size=2)],
        lambda sdk, given: all_pages(sdk, 2),
        no_typescript="as with the Python SDK, the loop would be the case's own",
        given=three,
    ),
]

CHANGES = [
    change_case("activate", "by-id", inactive_tools, lambda given: given.tools),
    change_case("activate", "by-name", inactive_tools),
    change_case("activate", "held", inactive_tools, held=True),
    change_case("activate", "active-already", tools),
    change_case("activate", "missing", None, "nothing"),
    change_case("activate", "missing-id", None, "00000000-0000-4000-8000-000000000001"),
    snapshot_case(
        "deactivate.active",
        lambda daemon, given: void(daemon.call("DeactivateSnapshot", snapshot=given.tools)),
        lambda sdk, given: void(sdk.api("SnapshotsApi").deactivate_snapshot(given.tools)),
        no_typescript=NO_METHOD,
        given=tools,
    ),
    snapshot_case(
        "deactivate.inactive",
        lambda daemon, given: void(daemon.call("DeactivateSnapshot", snapshot=given.tools)),
        lambda sdk, given: void(sdk.api("SnapshotsApi").deactivate_snapshot(given.tools)),
        no_typescript=NO_METHOD,
        given=inactive_tools,
    ),
    change_case("delete", "by-id", tools, lambda given: given.tools),
    change_case("delete", "by-name", tools),
    change_case("delete", "held", tools, held=True),
    change_case("delete", "missing", None, "nothing"),
    change_case("delete", "missing-id", None, "00000000-0000-4000-8000-000000000001"),
    change_case("delete", "general", lambda world: {"tools": "daytonaio/sandbox"}, "ubuntu:22.04"),
]

CASES = CREATES + READS + CHANGES
