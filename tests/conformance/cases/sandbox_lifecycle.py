"""Starting, stopping and deleting a sandbox."""

from harness.case import Case

SHORT = {"start.stopped", "stop.started", "stop.force", "delete.plain", "delete.wait", "stop.negative-timeout"}

# Upstream accepts the change and never completes it.
FROZEN = {"--start-delay": "1h", "--stop-delay": "1h", "--delete-delay": "1h", "--hold-limit": "10ms"}


def box(world):
    return {"box": world.sandbox("box")}


def stopped_box(world):
    return {"box": world.stopped_sandbox("box")}


def ephemeral_box(world):
    return {"box": world.sandbox("box", autoDeleteInterval=0)}


def linked_boxes(world):
    parent = world.sandbox("box")
    return {"box": parent, "child": world.sandbox("child", linkedSandbox=parent, autoDeleteInterval=0)}


def box_in(state):
    return lambda world: {"box": world.sandbox_forced_into(state, "box")}


def with_fault(given, method, path, **fault):
    def made(world):
        objects = given(world)
        world.fault(method, path, **fault)
        return objects

    return made


def lifecycle_case(method, name, given, timeout=60, **more):
    """`timeout` in seconds; further arguments are those of the method that have the same name everywhere."""
    options = {key: more.pop(key) for key in ("force", "wait") if key in more}

    def python(sdk, given):
        getattr(sdk.sandbox(given.box), method)(timeout=timeout, **options)

    return Case(
        f"sandbox.{method}.{name}",
        rpc=lambda daemon, given: daemon.call(
            f"{method.capitalize()}Sandbox", sandbox=given.box, timeout={"seconds": timeout}, **options
        )
        and None,
        python=python,
        typescript=lambda given: (method, given.box, timeout, *options.values()),
        given=given,
        short=f"{method}.{name}" in SHORT,
        **more,
    )


def of_daytona(method):
    """The method of the Daytona class that does the same."""
    return Case(
        f"daytona.{method}",
        rpc=lambda daemon, given: daemon.call(f"{method.capitalize()}Sandbox", sandbox=given.box) and None,
        python=lambda sdk, given: getattr(sdk.daytona, method)(sdk.sandbox(given.box)),
        typescript=lambda given: (f"daytona{method.capitalize()}", given.box),
        given=stopped_box if method == "start" else box,
    )


def deleted_twice(sdk, given):
    sandbox = sdk.sandbox(given.box)
    sdk.held(lambda: sandbox.delete(wait=True))
    sandbox.delete()


IN_PROGRESS = {"status": 409, "body": {"message": "Sandbox state change in progress"}}

CASES = [
    lifecycle_case("start", "stopped", stopped_box),
    lifecycle_case("start", "started-already", box),
    lifecycle_case("start", "no-timeout", stopped_box, timeout=0),
    lifecycle_case("start", "negative-timeout", stopped_box, timeout=-1),
    lifecycle_case("start", "time-out", stopped_box, timeout=1, emulator=FROZEN | {"--stop-delay": "1ms"}),
    lifecycle_case("start", "held-and-late", stopped_box, emulator={"--start-delay": "300ms", "--hold-limit": "1ms"}),
    lifecycle_case("start", "fails", lambda world: {"box": world.stopped_sandbox("box", env={"FAKE_FAIL": "start"})}),
    lifecycle_case(
        "start",
        "fails-later",
        lambda world: {"box": world.stopped_sandbox("box", env={"FAKE_FAIL": "start"})},
        emulator={"--start-delay": "300ms", "--hold-limit": "1ms"},
    ),
    lifecycle_case("start", "in-error", box_in("error")),
    lifecycle_case(
        "start",
        "vanishes",
        with_fault(
            stopped_box, "POST", "/start$", status=404, body={"message": "Sandbox with ID or name box not found"}
        ),
    ),
    lifecycle_case(
        "start",
        "rate-limited",
        with_fault(
            stopped_box, "POST", "/start$", rate_limit={"throttler": "sandbox-lifecycle", "retry_after_s": 3600}
        ),
    ),
    lifecycle_case("stop", "started", box),
    lifecycle_case("stop", "force", box, force=True),
    lifecycle_case("stop", "not-force", box, force=False),
    lifecycle_case("stop", "stopped-already", stopped_box),
    lifecycle_case("stop", "ephemeral", ephemeral_box),
    lifecycle_case("stop", "ephemeral-slowly", ephemeral_box, emulator={"--delete-delay": "300ms"}),
    lifecycle_case("stop", "slowly", box, emulator={"--stop-delay": "300ms"}),
    lifecycle_case("stop", "no-timeout", box, timeout=0),
    lifecycle_case("stop", "negative-timeout", box, timeout=-1),
    lifecycle_case("stop", "time-out", box, timeout=1, emulator=FROZEN),
    lifecycle_case("stop", "starting", box_in("starting"), timeout=1),
    lifecycle_case("stop", "server-error", with_fault(box, "POST", "/stop$", status=500, body={"message": "no"})),
    lifecycle_case(
        "stop", "forbidden", with_fault(box, "POST", "/stop$", status=403, body={"message": "Access denied"})
    ),
    lifecycle_case("delete", "plain", box),
    lifecycle_case("delete", "stopped", stopped_box),
    lifecycle_case("delete", "wait", box, wait=True),
    lifecycle_case("delete", "wait-slowly", box, wait=True, emulator={"--delete-delay": "300ms"}),
    lifecycle_case("delete", "in-error", box_in("error")),
    lifecycle_case("delete", "with-linked-ones", linked_boxes, wait=True),
    lifecycle_case("delete", "no-timeout", box, timeout=0),
    lifecycle_case("delete", "negative-timeout", box, timeout=-1),
    lifecycle_case("delete", "time-out", box, timeout=1, wait=True, emulator=FROZEN),
    lifecycle_case("delete", "starting", box_in("starting"), timeout=1),
    lifecycle_case(
        "delete",
        "with-forks",
        with_fault(
            box,
            "DELETE",
            "/sandbox/",
            status=400,
            body={"message": "Cannot delete sandbox which has active fork children. The forks must be deleted first."},
        ),
    ),
    Case(
        "sandbox.delete.deleted-already",
        rpc=lambda daemon, given: (
            daemon.held(lambda: daemon.call("DeleteSandbox", sandbox=given.box, wait=True)),
            daemon.call("DeleteSandbox", sandbox=given.box),
        ),
        python=deleted_twice,
        typescript=lambda given: ("deleteTwice", given.box),
        given=box,
    ),
    *(of_daytona(method) for method in ("start", "stop", "delete")),
]
