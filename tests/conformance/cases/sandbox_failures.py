"""Creates that are refused, in advance or by upstream, and creates that fail or take too long."""

from daytona import CreateSandboxFromImageParams, CreateSandboxFromSnapshotParams, Resources, VolumeMount

from cases.sandbox_create import LOGS, create_case, image_case, void, with_volume
from harness.case import Case

SHORT = {"negative-auto-stop", "name-taken", "quota", "build-fails", "unknown-snapshot"}

# Except for the create itself, upstream never answers within a test.
SLOW = {"--create-delay": "1h", "--hold-limit": "10ms"}


def failing_case(name, spec, python, typescript, case=create_case, **more):
    return case(f"fails.{name}", spec, python, typescript, short=name in SHORT, **more)


def timed_case(name, timeout, **more):
    """A create with a timeout in seconds."""
    return Case(
        f"sandbox.create.timeout.{name}",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox", timeout={"seconds": timeout})),
        python=lambda sdk, given: void(sdk.daytona.create(timeout=timeout)),
        typescript=("create", {}, {"timeout": timeout}),
        **more,
    )


def upstream_case(name, **fault):
    """Upstream answers the create with an error unrelated to the request."""
    return failing_case(name, {"name": "x"}, {"name": "x"}, {"name": "x"}, given=fault_on_create(**fault))


def fault_on_create(**fault):
    return lambda world: world.fault("POST", "/sandbox$", **fault) or {}


def someone_elses_sandbox(world):
    world.fault("POST", "/sandbox$", drop=True, times=1)
    return {"other": world.sandbox("x", labels={"owner": "someone else"})}


NOTHING_IS_SENT = [
    failing_case("negative-auto-stop", {"auto_stop_minutes": -1}, {"auto_stop_interval": -1}, {"autoStopInterval": -1}),
    failing_case(
        "negative-auto-pause", {"auto_pause_minutes": -1}, {"auto_pause_interval": -1}, {"autoPauseInterval": -1}
    ),
    failing_case(
        "negative-auto-archive",
        {"auto_archive_minutes": -1},
        {"auto_archive_interval": -1},
        {"autoArchiveInterval": -1},
    ),
    failing_case("negative-ttl", {"ttl_minutes": -1}, {"ttl_minutes": -1}, {"ttlMinutes": -1}),
    failing_case(
        "auto-stop-with-auto-pause",
        {"auto_stop_minutes": 5, "auto_pause_minutes": 5},
        {"auto_stop_interval": 5, "auto_pause_interval": 5},
        {"autoStopInterval": 5, "autoPauseInterval": 5},
    ),
    failing_case(
        "auto-pause-of-an-ephemeral-one",
        {"ephemeral": True, "auto_pause_minutes": 5},
        {"ephemeral": True, "auto_pause_interval": 5},
        {"ephemeral": True, "autoPauseInterval": 5},
    ),
    failing_case("unknown-language", {"language": 99}, {"language": "ruby"}, {"language": "ruby"}),
    timed_case("negative", -1),
]

REFUSED_BY_UPSTREAM = [
    failing_case("name-taken", *[{"name": "taken"}] * 3, given=lambda world: {"other": world.sandbox("taken")}),
    failing_case("unknown-snapshot", *[{"snapshot": "nothing"}] * 3),
    failing_case(
        "inactive-snapshot",
        *[{"snapshot": "sleeping"}] * 3,
        given=lambda world: {"snapshot": world.inactive_snapshot("sleeping")},
    ),
    failing_case("unknown-region", {}, {}, {}, target="mars"),
    failing_case(
        "unknown-parent",
        *[{"linked_sandbox": "nobody", "ephemeral": True}] * 2,
        {"linkedSandbox": "nobody", "ephemeral": True},
    ),
    failing_case(
        "parent-of-one-that-is-not-ephemeral",
        *[{"linked_sandbox": "parent"}] * 2,
        {"linkedSandbox": "parent"},
        given=lambda world: {"parent": world.sandbox("parent")},
    ),
    failing_case(
        "unknown-volume",
        {"volumes": [{"volume": "nothing", "mount_path": "/d"}]},
        {"volumes": [VolumeMount(volume_id="nothing", mount_path="/d")]},
        {"volumes": [{"volumeId": "nothing", "mountPath": "/d"}]},
    ),
    failing_case(
        "volume-not-ready",
        {"volumes": [{"volume": "slow", "mount_path": "/d"}]},
        {"volumes": [VolumeMount(volume_id="slow", mount_path="/d")]},
        {"volumes": [{"volumeId": "slow", "mountPath": "/d"}]},
        given=lambda world: {"volume": world.volume_in_state("pending_create", "slow")},
        emulator={"--volume-delay": "1h"},
    ),
    failing_case(
        "mount-at-root",
        {"volumes": [{"volume": "data", "mount_path": "/"}]},
        {"volumes": [VolumeMount(volume_id="data", mount_path="/")]},
        {"volumes": [{"volumeId": "data", "mountPath": "/"}]},
        given=with_volume,
    ),
    failing_case(
        "bad-network",
        {"network_allow_list": ["10.0.0.300/8"]},
        {"network_allow_list": "10.0.0.300/8"},
        {"networkAllowList": "10.0.0.300/8"},
    ),
    failing_case(
        "bad-domain",
        {"domain_allow_list": ["not a domain"]},
        {"domain_allow_list": "not a domain"},
        {"domainAllowList": "not a domain"},
    ),
    failing_case("markup-in-the-name", *[{"name": "<b>x</b>"}] * 3),
    failing_case(
        "quota",
        {"image": "debian:12", "resources": {"cpu": 100}},
        {"image": "debian:12", "resources": Resources(cpu=100)},
        {"image": "debian:12", "resources": {"cpu": 100}},
        case=image_case,
    ),
    failing_case(
        "body-too-large",
        {"env": {"BIG": "x" * 110_000}},
        {"env_vars": {"BIG": "x" * 110_000}},
        {"envVars": {"BIG": "x" * 110_000}},
    ),
]

UPSTREAM_IN_TROUBLE = [
    upstream_case("rate-limited", rate_limit={"throttler": "sandbox-create", "retry_after_s": 3600}),
    upstream_case("suspended-organization", status=403, body={"message": "Organization is suspended"}),
    upstream_case("no-permission", status=403, body={"statusCode": 403, "message": "Access denied"}),
    upstream_case("server-error", status=500, body={"message": "An unexpected error occurred."}),
    upstream_case("bad-gateway", status=502, body="<html>bad gateway</html>"),
    upstream_case("gateway-timeout", status=504, body="upstream timed out"),
    upstream_case("conflict", status=409, body={"message": "Sandbox was modified by another operation"}),
    upstream_case("unprocessable", status=422, body={"message": "not for this class"}),
    upstream_case("gone", status=410, body={"message": "gone"}),
]

# The connection breaks before or after the create took effect, once.
ANSWER_LOST = [
    failing_case(
        f"answer-lost-{when}-it-happened{suffix}", *[fields] * 3, given=fault_on_create(drop=True, when=when, times=1)
    )
    for when in ("before", "after")
    for suffix, fields in (("", {"name": "x"}), ("-without-a-name", {}))
] + [
    failing_case("answer-lost-and-name-taken", *[{"name": "x"}] * 3, given=someone_elses_sandbox),
    failing_case("server-error-without-a-name", {}, {}, {}, given=fault_on_create(status=500, body={"message": "no"})),
]

FAILING_LATER = [
    failing_case(
        "to-start",
        {"env": {"FAKE_FAIL": "create"}},
        {"env_vars": {"FAKE_FAIL": "create"}},
        {"envVars": {"FAKE_FAIL": "create"}},
    ),
    failing_case(
        "to-start-later",
        {"env": {"FAKE_FAIL": "create"}},
        {"env_vars": {"FAKE_FAIL": "create"}},
        {"envVars": {"FAKE_FAIL": "create"}},
        emulator={"--hold-limit": "1ms", "--create-delay": "300ms"},
    ),
    Case(
        "sandbox.create.fails.build-fails",
        rpc=lambda daemon, given: void(
            daemon.call("CreateSandbox", spec={"dockerfile": "FROM debian:12\nRUN exit 3\n"})
        ),
        python=lambda sdk, given: void(sdk.daytona.create(CreateSandboxFromImageParams(image=failing_image()))),
        typescript=("create", {"image": {"$image": [["base", "debian:12"], ["runCommands", "exit 3"]]}}),
        short=True,
    ),
    Case(
        "sandbox.create.logs.build-fails",
        rpc=lambda daemon, given: void(
            daemon.call("CreateSandboxStream", spec={"dockerfile": "FROM debian:12\nRUN exit 3\n"})
        ),
        python=lambda sdk, given: void(
            sdk.daytona.create(
                CreateSandboxFromImageParams(image=failing_image()), on_snapshot_create_logs=lambda _: None
            )
        ),
        typescript=("create", {"image": {"$image": [["base", "debian:12"], ["runCommands", "exit 3"]]}}, LOGS),
        emulator={"--queue-delay": "200ms", "--build-delay": "3s"},
    ),
    timed_case("runs-out", 1, emulator=SLOW),
    timed_case("long-enough", 30),
    timed_case("none", 0),
    Case(
        "sandbox.create.vanishes",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox", spec={"name": "x"})),
        python=lambda sdk, given: void(sdk.daytona.create(CreateSandboxFromSnapshotParams(name="x"))),
        typescript=("create", {"name": "x"}),
        given=lambda world: world.fault(
            "GET", "/sandbox/[0-9a-f-]+$", status=404, body={"message": "Sandbox with ID or name x not found"}
        )
        or {},
    ),
]


def failing_image():
    from daytona import Image

    return Image.base("debian:12").run_commands("exit 3")


CASES = NOTHING_IS_SENT + REFUSED_BY_UPSTREAM + UPSTREAM_IN_TROUBLE + ANSWER_LOST + FAILING_LATER
