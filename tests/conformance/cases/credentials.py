"""Credentials: all other cases have an API key; these have a JWT and an organization, or a refused credential."""

from daytona import CreateSnapshotParams

from harness.case import Case

REFUSED = {"status": 401, "body": {"statusCode": 401, "error": "Unauthorized", "message": "Invalid credentials"}}


def jwt_case(name, rpc, python, typescript, **more):
    return Case(f"jwt.{name}", rpc=rpc, python=python, typescript=typescript, credential="jwt", short=True, **more)


CASES = [
    jwt_case(
        "sandbox.create",
        lambda daemon, given: daemon.call("CreateSandbox") and None,
        lambda sdk, given: sdk.daytona.create() and None,
        ("create",),
    ),
    jwt_case(
        "sandbox.list",
        lambda daemon, given: [message.sandbox.name for message in daemon.call("StreamSandboxes")],
        lambda sdk, given: [box.name for box in sdk.daytona.list()],
        ("list",),
    ),
    jwt_case(
        "sandbox.stop",
        lambda daemon, given: daemon.call("StopSandbox", sandbox=given.box) and None,
        lambda sdk, given: sdk.sandbox(given.box).stop(),
        lambda given: ("stop", given.box),
        given=lambda world: {"box": world.sandbox("box")},
    ),
    jwt_case(
        "snapshot.create",
        lambda daemon, given: daemon.call("CreateSnapshot", spec={"name": "n", "image": "debian:12"}) and None,
        lambda sdk, given: sdk.daytona.snapshot.create(CreateSnapshotParams(name="n", image="debian:12")) and None,
        ("snapshotCreate", {"name": "n", "image": "debian:12"}),
    ),
    jwt_case(
        "volume.list",
        lambda daemon, given: [volume.name for volume in daemon.call("ListVolumes").volumes],
        lambda sdk, given: [volume.name for volume in sdk.daytona.volume.list()],
        ("volumeList",),
    ),
    Case(
        "credential-refused.sandbox.create",
        rpc=lambda daemon, given: daemon.call("CreateSandbox"),
        python=lambda sdk, given: sdk.daytona.create(),
        typescript=("create",),
        given=lambda world: world.fault("POST", "/sandbox$", **REFUSED) or {},
    ),
    Case(
        "credential-refused.volume.list",
        rpc=lambda daemon, given: daemon.call("ListVolumes"),
        python=lambda sdk, given: sdk.daytona.volume.list(),
        typescript=("volumeList",),
        given=lambda world: world.fault("GET", "/volumes$", **REFUSED) or {},
    ),
]
