"""Creating sandboxes from snapshots and from images: each parameter alone, and all together."""

from daytona import (
    CreateSandboxFromImageParams,
    CreateSandboxFromSnapshotParams,
    GpuType,
    Image,
    Resources,
    VolumeMount,
)

from harness.case import Case

SHORT = {"minimal", "everything", "language-typescript", "labels", "ephemeral", "image.everything"}


def with_parent(world):
    return {"parent": world.sandbox("parent")}


def with_volume(world):
    return {"volume": world.volume("data")}


def with_snapshot(world):
    return {"snapshot": world.snapshot("tools")}


def with_built_image(world):
    return {"built": world.sandbox("built", buildInfo={"dockerfileContent": "FROM debian:12.9\n"})}


def create_case(name, spec, python, typescript, params=CreateSandboxFromSnapshotParams, short=None, **more):
    """`spec`, `python` and `typescript` are the parameters of each, or functions that return them for a Given."""

    def resolved(parameters, given):
        return parameters(given) if callable(parameters) else parameters

    return Case(
        f"sandbox.create.{name}",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox", spec=resolved(spec, given))),
        python=lambda sdk, given: void(sdk.daytona.create(params(**resolved(python, given)))),
        typescript=None if typescript is None else lambda given: ("create", resolved(typescript, given)),
        short=name in SHORT if short is None else short,
        **more,
    )


def void(_):
    """An answer that is not compared."""


def image_case(name, spec, python, typescript, **more):
    return create_case(f"image.{name}", spec, python, typescript, params=CreateSandboxFromImageParams, **more)


def newer_case(name, spec, python, **more):
    """Not in the newest TypeScript SDK yet."""
    return create_case(name, spec, python, None, no_typescript="it has no such parameter yet", **more)


def scalar(name, field, python, typescript, value, **more):
    """One parameter with the same value for all clients."""
    return create_case(name, {field: value}, {python: value}, {typescript: value}, **more)


LABELS = {"team": "a b", "ünï": "ç", "quote": 'say "hi"', "empty": ""}
ENV = {
    "PLAIN": "1",
    "EMPTY": "",
    "EQUALS": "a=b",
    "LINES": "one\ntwo",
    "UNICODE": "日本",
    "QUOTE": 'it\'s "x" \\ $HOME',
}

FROM_SNAPSHOT = [
    Case(
        "sandbox.create.minimal",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox")),
        python=lambda sdk, given: void(sdk.daytona.create()),
        typescript=("create",),
        short=True,
    ),
    scalar("name", "name", "name", "name", "plain"),
    scalar("name-with-slash-and-spaces", "name", "name", "name", "a/b c%20d"),
    scalar("name-in-unicode", "name", "name", "name", "日本-ü"),
    *(
        create_case(
            f"language-{language}",
            {"language": f"CODE_LANGUAGE_{language.upper()}"},
            {"language": language},
            {"language": language},
        )
        for language in ("python", "typescript", "javascript")
    ),
    create_case(
        "language-wins-over-its-label",
        {"language": "CODE_LANGUAGE_TYPESCRIPT", "labels": {"code-toolbox-language": "python"}},
        {"language": "typescript", "labels": {"code-toolbox-language": "python"}},
        {"language": "typescript", "labels": {"code-toolbox-language": "python"}},
    ),
    create_case("user", {"user": "root"}, {"os_user": "root"}, {"user": "root"}),
    create_case("env", {"env": ENV}, {"env_vars": ENV}, {"envVars": ENV}),
    create_case("labels", {"labels": LABELS}, {"labels": LABELS.copy()}, {"labels": LABELS}),
    *(scalar(f"public-{value}".lower(), "is_public", "public", "public", value) for value in (True, False)),
    *(scalar(f"auto-stop-{n}", "auto_stop_minutes", "auto_stop_interval", "autoStopInterval", n) for n in (0, 30)),
    *(scalar(f"auto-pause-{n}", "auto_pause_minutes", "auto_pause_interval", "autoPauseInterval", n) for n in (0, 30)),
    create_case(
        "auto-pause-without-auto-stop",
        {"auto_stop_minutes": 0, "auto_pause_minutes": 30},
        {"auto_stop_interval": 0, "auto_pause_interval": 30},
        {"autoStopInterval": 0, "autoPauseInterval": 30},
    ),
    *(
        scalar(f"auto-archive-{n}", "auto_archive_minutes", "auto_archive_interval", "autoArchiveInterval", n)
        for n in (0, 1440)
    ),
    *(
        scalar(f"auto-delete-{n}", "auto_delete_minutes", "auto_delete_interval", "autoDeleteInterval", n)
        for n in (-1, 0, 120)
    ),
    *(scalar(f"ttl-{n}", "ttl_minutes", "ttl_minutes", "ttlMinutes", n) for n in (0, 5)),
    newer_case("target", {"target": "eu"}, {"target": "eu"}, target="us"),
    newer_case("queue-timeout", {"queue_timeout_minutes": 5}, {"queue_timeout": 5}),
    *(newer_case(f"kvm-{value}".lower(), {"kvm": value}, {"kvm": value}) for value in (True, False)),
    *(scalar(f"ephemeral-{v}".lower(), "ephemeral", "ephemeral", "ephemeral", v) for v in (True, False)),
    create_case(
        "ephemeral-overrides-auto-delete",
        {"ephemeral": True, "auto_delete_minutes": 60},
        {"ephemeral": True, "auto_delete_interval": 60},
        {"ephemeral": True, "autoDeleteInterval": 60},
    ),
    create_case(
        "volume-by-id",
        lambda given: {"volumes": [{"volume": given.volume, "mount_path": "/data"}]},
        lambda given: {"volumes": [VolumeMount(volume_id=given.volume, mount_path="/data")]},
        lambda given: {"volumes": [{"volumeId": given.volume, "mountPath": "/data"}]},
        given=with_volume,
    ),
    create_case(
        "volumes-by-name-with-subpath",
        {
            "volumes": [
                {"volume": "data", "mount_path": "/a", "subpath": "users/x y"},
                {"volume": "data", "mount_path": "/b"},
            ]
        },
        {
            "volumes": [
                VolumeMount(volume_id="data", mount_path="/a", subpath="users/x y"),
                VolumeMount(volume_id="data", mount_path="/b"),
            ]
        },
        {
            "volumes": [
                {"volumeId": "data", "mountPath": "/a", "subpath": "users/x y"},
                {"volumeId": "data", "mountPath": "/b"},
            ]
        },
        given=with_volume,
    ),
    create_case("no-volumes", {"volumes": []}, {"volumes": []}, {"volumes": []}),
    *(
        scalar(f"secrets-{name}", "secrets", "secrets", "secrets", secrets)
        for name, secrets in (
            ("sorted", {"API_KEY": "key", "TOKEN": "token"}),
            ("unsorted", {"TOKEN": "token", "API_KEY": "key"}),
        )
    ),
    *(
        scalar(f"network-block-all-{value}".lower(), "network_block_all", "network_block_all", "networkBlockAll", value)
        for value in (True, False)
    ),
    create_case(
        "network-allow-list",
        {"network_allow_list": ["10.0.0.0/8", "192.168.1.0/24"]},
        {"network_allow_list": "10.0.0.0/8,192.168.1.0/24"},
        {"networkAllowList": "10.0.0.0/8,192.168.1.0/24"},
    ),
    create_case(
        "domain-allow-list",
        {"domain_allow_list": ["example.com", "*.daytona.io"]},
        {"domain_allow_list": "example.com,*.daytona.io"},
        {"domainAllowList": "example.com,*.daytona.io"},
    ),
    scalar(
        "outbound-proxy-url", "outbound_proxy_url", "outbound_proxy_url", "outboundProxyUrl", "http://proxy.local:3128"
    ),
    scalar(
        "otel-endpoint-override",
        "otel_endpoint_override",
        "otel_endpoint_override",
        "otelEndpointOverride",
        "https://otel.local:4318",
    ),
    create_case(
        "linked-by-name",
        {"linked_sandbox": "parent", "ephemeral": True},
        {"linked_sandbox": "parent", "ephemeral": True},
        {"linkedSandbox": "parent", "ephemeral": True},
        given=with_parent,
    ),
    create_case(
        "linked-by-id",
        lambda given: {"linked_sandbox": given.parent, "auto_delete_minutes": 0},
        lambda given: {"linked_sandbox": given.parent, "auto_delete_interval": 0},
        lambda given: {"linkedSandbox": given.parent, "autoDeleteInterval": 0},
        given=with_parent,
    ),
    *(scalar(f"spot-{value}".lower(), "spot", "spot", "spot", value) for value in (True, False)),
    scalar("snapshot-by-name", "snapshot", "snapshot", "snapshot", "tools", given=with_snapshot),
    create_case(
        "snapshot-by-id",
        lambda given: {"snapshot": given.snapshot},
        lambda given: {"snapshot": given.snapshot},
        lambda given: {"snapshot": given.snapshot},
        given=with_snapshot,
    ),
    # Per-call regions are newer than this SDK, which has only the configured one.
    *(
        create_case(f"target-{name}", spec, {}, {}, target=target)
        for name, spec, target in (
            ("configured", {}, "eu"),
            ("none", {}, None),
        )
    ),
    create_case(
        "everything",
        {
            "name": "full",
            "language": "CODE_LANGUAGE_JAVASCRIPT",
            "snapshot": "tools",
            "user": "daytona",
            "env": {"A": "1", "B": "2"},
            "labels": {"l": "v"},
            "is_public": True,
            "auto_stop_minutes": 0,
            "auto_pause_minutes": 0,
            "auto_archive_minutes": 60,
            "auto_delete_minutes": 5,
            "ttl_minutes": 50,
            "volumes": [{"volume": "data", "mount_path": "/d", "subpath": "p"}],
            "secrets": {"J": "m", "K": "n"},
            "network_block_all": False,
            "network_allow_list": ["10.0.0.0/8"],
            "domain_allow_list": ["a.example.com"],
            "outbound_proxy_url": "http://proxy.local",
            "otel_endpoint_override": "http://otel.local",
            "spot": False,
        },
        lambda given: {
            "name": "full",
            "language": "javascript",
            "snapshot": "tools",
            "os_user": "daytona",
            "env_vars": {"A": "1", "B": "2"},
            "labels": {"l": "v"},
            "public": True,
            "auto_stop_interval": 0,
            "auto_pause_interval": 0,
            "auto_archive_interval": 60,
            "auto_delete_interval": 5,
            "ttl_minutes": 50,
            "volumes": [VolumeMount(volume_id="data", mount_path="/d", subpath="p")],
            "secrets": {"J": "m", "K": "n"},
            "network_block_all": False,
            "network_allow_list": "10.0.0.0/8",
            "domain_allow_list": "a.example.com",
            "outbound_proxy_url": "http://proxy.local",
            "otel_endpoint_override": "http://otel.local",
            "spot": False,
        },
        {
            "name": "full",
            "language": "javascript",
            "snapshot": "tools",
            "user": "daytona",
            "envVars": {"A": "1", "B": "2"},
            "labels": {"l": "v"},
            "public": True,
            "autoStopInterval": 0,
            "autoPauseInterval": 0,
            "autoArchiveInterval": 60,
            "autoDeleteInterval": 5,
            "ttlMinutes": 50,
            "volumes": [{"volumeId": "data", "mountPath": "/d", "subpath": "p"}],
            "secrets": {"J": "m", "K": "n"},
            "networkBlockAll": False,
            "networkAllowList": "10.0.0.0/8",
            "domainAllowList": "a.example.com",
            "outboundProxyUrl": "http://proxy.local",
            "otelEndpointOverride": "http://otel.local",
            "spot": False,
        },
        given=lambda world: {"snapshot": world.snapshot("tools"), "volume": world.volume("data")},
    ),
]


def resources_case(name, spec, python, typescript):
    return image_case(
        f"resources-{name}",
        {"image": "debian:12", "resources": spec},
        {"image": "debian:12", "resources": Resources(**python)},
        {"image": "debian:12", "resources": typescript},
    )


LOGS = {"timeout": 60, "onSnapshotCreateLogs": {"$function": True}}
# Long enough that both SDKs, which poll once a second, see the running build.
LONG_BUILD = {"--queue-delay": "200ms", "--build-delay": "3s"}


def logs_case(name, spec, python, typescript, **more):
    """A create whose build log is read."""
    return Case(
        f"sandbox.create.logs.{name}",
        rpc=lambda daemon, given: void(daemon.call("CreateSandboxStream", spec=spec)),
        python=lambda sdk, given: void(
            sdk.daytona.create(CreateSandboxFromImageParams(**python), on_snapshot_create_logs=lambda _: None)
        ),
        typescript=("create", typescript, LOGS),
        **more,
    )


FROM_IMAGES = [
    image_case("reference", *[{"image": "python:3.12-slim"}] * 3),
    image_case(
        "reference-with-digest", *[{"image": "registry.local:5000/team/tools@sha256:" + "0123456789abcdef" * 4}] * 3
    ),
    image_case(
        "without-context",
        {"declarative_image": {"base_image": "debian:12"}},
        {"image": Image.base("debian:12")},
        {"image": {"$image": [["base", "debian:12"]]}},
    ),
    resources_case("cpu", {"cpu": 2}, {"cpu": 2}, {"cpu": 2}),
    resources_case("memory", {"memory_gib": 2}, {"memory": 2}, {"memory": 2}),
    resources_case("disk", {"disk_gib": 5}, {"disk": 5}, {"disk": 5}),
    resources_case("gpu-none", {"gpu": 0}, {"gpu": 0}, {"gpu": 0}),
    resources_case("empty", {}, {}, {}),
    image_case(
        "resources-one-gpu-type",
        {"image": "debian:12", "ephemeral": True, "resources": {"gpu": 1, "gpu_types": ["GPU_TYPE_H100"]}},
        {"image": "debian:12", "ephemeral": True, "resources": Resources(gpu=1, gpu_type=GpuType.H100)},
        {"image": "debian:12", "ephemeral": True, "resources": {"gpu": 1, "gpuType": "H100"}},
    ),
    image_case(
        "resources-gpu-types-in-order",
        {
            "image": "debian:12",
            "ephemeral": True,
            "resources": {"gpu": 1, "gpu_types": ["GPU_TYPE_RTX_PRO_6000", "GPU_TYPE_H200", "GPU_TYPE_RTX_5090"]},
        },
        {
            "image": "debian:12",
            "ephemeral": True,
            "resources": Resources(gpu=1, gpu_type=[GpuType.RTX_PRO_6000, GpuType.H200, GpuType.RTX_5090]),
        },
        {
            "image": "debian:12",
            "ephemeral": True,
            "resources": {"gpu": 1, "gpuType": ["RTX-PRO-6000", "H200", "RTX-5090"]},
        },
    ),
    image_case(
        "everything",
        {
            "image": "debian:12.9",
            "name": "full",
            "env": {"A": "1"},
            "labels": {"l": "v"},
            "ttl_minutes": 9,
            "ephemeral": True,
            "spot": True,
            "resources": {"cpu": 2, "memory_gib": 4, "disk_gib": 8, "gpu": 1, "gpu_types": ["GPU_TYPE_RTX_4090"]},
        },
        lambda given: {
            "image": "debian:12.9",
            "name": "full",
            "env_vars": {"A": "1"},
            "labels": {"l": "v"},
            "ttl_minutes": 9,
            "ephemeral": True,
            "spot": True,
            "resources": Resources(cpu=2, memory=4, disk=8, gpu=1, gpu_type=GpuType.RTX_4090),
        },
        {
            "image": "debian:12.9",
            "name": "full",
            "envVars": {"A": "1"},
            "labels": {"l": "v"},
            "ttlMinutes": 9,
            "ephemeral": True,
            "spot": True,
            "resources": {"cpu": 2, "memory": 4, "disk": 8, "gpu": 1, "gpuType": "RTX-4090"},
        },
    ),
    logs_case("image", *[{"image": "debian:12.9"}] * 3, emulator=LONG_BUILD),
    logs_case(
        "quick-build",
        *[{"image": "debian:12.9"}] * 3,
        emulator={"--queue-delay": "200ms", "--build-delay": "10ms"},
    ),
    logs_case("with-jwt", *[{"image": "debian:12.9"}] * 3, emulator=LONG_BUILD, credential="jwt"),
    logs_case("of-what-is-built-already", *[{"image": "debian:12.9"}] * 3, given=with_built_image),
]

CASES = FROM_SNAPSHOT + FROM_IMAGES
