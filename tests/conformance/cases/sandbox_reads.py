"""Getting and finding a sandbox, and waiting for its state."""

import json

from daytona import Daytona

from harness.case import Case

NO_FIND = "this SDK has no find any more"
HTML = "<!DOCTYPE html><html><body>not the API</body></html>"


def get_case(name, what, **more):
    """`what` is an id or name, or a function that returns it for a Given."""

    def resolved(given):
        return what(given) if callable(what) else what

    return Case(
        f"sandbox.get.{name}",
        rpc=lambda daemon, given: daemon.call("GetSandbox", sandbox=resolved(given)).sandbox.name,
        python=lambda sdk, given: sdk.daytona.get(resolved(given)).name,
        typescript=lambda given: ("get", resolved(given)),
        **more,
    )


def named(name):
    return lambda world: {"box": world.sandbox(name)}


def fault_on_get(**fault):
    def given(world):
        world.fault("GET", "/api/sandbox/box", **fault)
        return {"box": world.sandbox("box")}

    return given


def find_by_labels(sdk, labels):
    """The requests of find_one, which the SDK no longer has."""
    items = sdk.numbered_page(page=1, limit=1, labels=json.dumps(labels))["items"]
    return items[0]["name"] if items else None


def wait_case(name, given, state, python, typescript, timeout=60, **more):
    return Case(
        f"sandbox.wait.{name}",
        rpc=lambda daemon, given: daemon.call(
            "WaitSandbox", sandbox=given.box, states=state, timeout={"seconds": timeout}
        )
        and None,
        python=lambda sdk, given: python(sdk.sandbox(given.box), timeout),
        typescript=lambda given: (typescript, given.box, timeout),
        given=given,
        **more,
    )


def wait_for_start(sandbox, timeout):
    sandbox.wait_for_sandbox_start(timeout=timeout)


def wait_for_stop(sandbox, timeout):
    sandbox.wait_for_sandbox_stop(timeout=timeout)


STOPPED = ["SANDBOX_STATE_STOPPED", "SANDBOX_STATE_DESTROYED"]
STARTED = ["SANDBOX_STATE_STARTED"]

CASES = [
    get_case("by-name", "box", given=named("box"), short=True),
    get_case("by-id", lambda given: given.box, given=named("box")),
    get_case("name-with-spaces-and-slash", "a/b c", given=named("a/b c")),
    get_case("name-with-percent-and-plus", "100%25+1?#&=", given=named("100%25+1?#&=")),
    get_case("name-in-unicode", "日本 ü", given=named("日本 ü")),
    get_case("missing", "nothing", short=True),
    get_case("missing-id", "00000000-0000-4000-8000-000000000001"),
    get_case("empty", ""),
    get_case("deleted", lambda given: given.box, given=lambda world: {"box": world.deleted_sandbox("box")}),
    get_case("unauthorized", "box", given=fault_on_get(status=401, body={"message": "Invalid credentials"})),
    get_case("forbidden", "box", given=fault_on_get(status=403, body={"message": "Access denied"})),
    get_case("server-error", "box", given=fault_on_get(status=500, body={"message": "An unexpected error occurred."})),
    get_case("unavailable-once", "box", given=fault_on_get(status=503, body={"message": "later"}, times=1)),
    get_case("bad-gateway-for-good", "box", given=fault_on_get(status=502, body=HTML)),
    get_case(
        "rate-limited-for-long",
        "box",
        given=fault_on_get(rate_limit={"throttler": "authenticated", "retry_after_s": 3600}),
        short=True,
    ),
    get_case(
        "rate-limited-for-a-second",
        "box",
        given=fault_on_get(rate_limit={"throttler": "authenticated", "retry_after_s": 1}, times=1),
    ),
    get_case("connection-lost-once", "box", given=fault_on_get(drop=True, times=1)),
    get_case("unknown-members", "box", given=fault_on_get(extra_fields=True)),
    get_case(
        "unknown-state",
        "box",
        given=lambda world: {"box": world.sandbox_forced_into("levitating", "box")},
    ),
    Case(
        "sandbox.refresh",
        rpc=lambda daemon, given: daemon.call("GetSandbox", sandbox=given.box).sandbox.name,
        python=lambda sdk, given: refreshed(sdk.sandbox(given.box)),
        typescript=lambda given: ("refreshData", given.box),
        given=named("box"),
    ),
    Case(
        "sandbox.find.by-name",
        rpc=lambda daemon, given: daemon.call("FindSandbox", sandbox="box").sandbox.name,
        python=lambda sdk, given: sdk.daytona.get("box").name,
        typescript=("get", "box"),
        given=named("box"),
    ),
    Case(
        "sandbox.find.by-labels",
        rpc=lambda daemon, given: daemon.call("FindSandbox", labels={"team": "a b", "ü": '"'}).sandbox.name,
        python=lambda sdk, given: find_by_labels(sdk, {"team": "a b", "ü": '"'}),
        no_typescript=NO_FIND,
        given=lambda world: {"box": world.sandbox("box", labels={"team": "a b", "ü": '"'})},
        emulator={"--api-version": "0.190"},  # the SDK that had it asked for a numbered list
        short=True,
    ),
    wait_case("started-already", named("box"), STARTED, wait_for_start, "waitUntilStarted"),
    wait_case(
        "stopped-already",
        lambda world: {"box": world.stopped_sandbox("box")},
        STOPPED,
        wait_for_stop,
        "waitUntilStopped",
    ),
    wait_case(
        "in-error",
        lambda world: {"box": world.sandbox_forced_into("error", "box", errorReason="broken")},
        STARTED,
        wait_for_start,
        "waitUntilStarted",
    ),
    wait_case("negative-timeout", named("box"), STOPPED, wait_for_stop, "waitUntilStopped", timeout=-1),
    wait_case("time-out", named("box"), STOPPED, wait_for_stop, "waitUntilStopped", timeout=1, short=True),
]


def refreshed(sandbox):
    sandbox.refresh_data()
    return sandbox.name


assert not hasattr(Daytona, "find_one"), NO_FIND
