"""Volumes."""

from harness.case import Case

SHORT = {"list", "get.by-name", "get.create", "create.plain", "delete.by-name", "delete.in-use"}
NO_METHOD = "this SDK has no such call"


def data(world):
    return {"data": world.volume("data")}


def mounted_data(world):
    volume = world.volume("data")
    return {"data": volume, "box": world.sandbox("box", volumes=[{"volumeId": volume, "mountPath": "/d"}])}


def volume_case(name, rpc, python, typescript=None, **more):
    return Case(f"volume.{name}", rpc=rpc, python=python, typescript=typescript, short=name in SHORT, **more)


def get_case(name, volume, create=False, **more):
    return volume_case(
        f"get.{name}",
        lambda daemon, given: daemon.call("GetVolume", volume=volume, create_if_missing=create).volume.name,
        lambda sdk, given: sdk.daytona.volume.get(volume, create=create).name,
        ("volumeGet", volume, create),
        **more,
    )


def create_case(name, volume, **more):
    return volume_case(
        f"create.{name}",
        lambda daemon, given: daemon.call("CreateVolume", name=volume).volume.name,
        lambda sdk, given: sdk.daytona.volume.create(volume).name,
        ("volumeCreate", volume),
        **more,
    )


def delete_case(name, given, **more):
    """With an object that the caller has."""
    return volume_case(
        f"delete.{name}",
        lambda daemon, given: daemon.call("DeleteVolume", volume=given.data) and None,
        lambda sdk, given: sdk.daytona.volume.delete(sdk.volume("data")),
        ("volumeDelete", "data"),
        given=given,
        **more,
    )


def fault(method, path, **fault):
    return lambda world: world.fault(method, path, **fault) or {}


CASES = [
    volume_case(
        "list",
        lambda daemon, given: sorted(volume.name for volume in daemon.call("ListVolumes").volumes),
        lambda sdk, given: sorted(volume.name for volume in sdk.daytona.volume.list()),
        ("volumeList",),
        given=lambda world: {"data": world.volume("data")},
    ),
    volume_case(
        "list-none",
        lambda daemon, given: [volume.name for volume in daemon.call("ListVolumes").volumes],
        lambda sdk, given: [volume.name for volume in sdk.daytona.volume.list()],
        ("volumeList",),
    ),
    volume_case(
        "list-with-deleted",
        lambda daemon, given: len(daemon.call("ListVolumes", include_deleted=True).volumes),
        lambda sdk, given: len(sdk.api("VolumesApi").list_volumes(include_deleted=True)),
        no_typescript=NO_METHOD,
        given=data,
    ),
    get_case("by-name", "data", given=data),
    get_case("name-with-spaces-and-slash", "a/b c%", given=lambda world: {"data": world.volume("a/b c%")}),
    get_case("name-in-unicode", "日本 ü", given=lambda world: {"data": world.volume("日本 ü")}),
    get_case("missing", "nothing"),
    get_case("a-name-like-an-id", "00000000-0000-4000-8000-000000000001"),
    get_case("create", "new one", create=True),
    get_case("create-what-is-there", "data", create=True, given=data),
    get_case(
        "create-refused",
        "new",
        create=True,
        given=fault("POST", "/volumes$", status=400, body={"message": "Volume quota exceeded. Maximum allowed: 1"}),
    ),
    get_case("server-error", "data", given=fault("GET", "/volumes/", status=500, body={"message": "no"})),
    volume_case(
        "get.by-id",
        lambda daemon, given: daemon.call("GetVolume", volume=given.data).volume.name,
        lambda sdk, given: sdk.api("VolumesApi").get_volume(given.data).name,
        no_typescript=NO_METHOD,
        given=data,
    ),
    create_case("plain", "data"),
    create_case("name-with-spaces-and-slash", "a/b c%"),
    create_case("name-in-unicode", "日本 ü"),
    create_case("name-taken", "data", given=data),
    create_case(
        "no-storage",
        "data",
        given=fault("POST", "/volumes$", status=503, body={"message": "Object storage is not configured"}),
    ),
    create_case(
        "rate-limited",
        "data",
        given=fault("POST", "/volumes$", rate_limit={"throttler": "authenticated", "retry_after_s": 3600}),
    ),
    delete_case("held", data),
    delete_case("in-use", mounted_data),
    delete_case(
        "not-ready",
        lambda world: {"data": world.volume_in_state("pending_create", "data")},
        emulator={"--volume-delay": "1h"},
    ),
    volume_case(
        "delete.by-name",
        lambda daemon, given: daemon.call("DeleteVolume", volume="data") and None,
        lambda sdk, given: sdk.daytona.volume.delete(sdk.daytona.volume.get("data")),
        ("volumeGetAndDelete", "data"),
        given=data,
    ),
    volume_case(
        "delete.missing-name",
        lambda daemon, given: daemon.call("DeleteVolume", volume="nothing") and None,
        lambda sdk, given: sdk.daytona.volume.delete(sdk.daytona.volume.get("nothing")),
        ("volumeGetAndDelete", "nothing"),
    ),
]
