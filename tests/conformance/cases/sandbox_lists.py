"""Listing sandboxes: every filter, every order, and paging."""

import datetime
import itertools

from daytona import ListSandboxesQuery, SandboxState
from daytona_api_client import SandboxListSortDirection, SandboxListSortField

from harness.case import Case

SHORT = {"nothing-given", "states", "labels", "pages"}
PAGED = "this SDK has no numbered paging any more"

# Fixed, so that all three clients send the same instant.
INSTANT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)
FAR = datetime.datetime(2126, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)


def boxes(world):
    """Three, each larger than the previous one."""

    def size(n):
        return {"buildInfo": {"dockerfileContent": f"FROM debian:{n}\n"}, "cpu": n, "memory": n, "disk": n}

    return {
        "a": world.sandbox("box-a", labels={"team": "a", "ü": "x y"}, **size(1)),
        "b": world.sandbox("box-b", labels={"team": "b"}, public=True, **size(2)),
        "c": world.stopped_sandbox("other-c", labels={"team": "a"}, **size(3)),
    }


def streamed(daemon, **fields):
    return [message.sandbox.name for message in daemon.call("StreamSandboxes", **fields)]


def date(instant):
    return {"$date": instant.isoformat()}


def list_case(name, fields, python, typescript, **more):
    """`fields` are those of the request, `python` and `typescript` the members of the SDKs' queries."""

    def resolved(parameters, given):
        return parameters(given) if callable(parameters) else parameters

    return Case(
        f"sandbox.list.{name}",
        rpc=lambda daemon, given: streamed(daemon, **resolved(fields, given)),
        python=lambda sdk, given: [box.name for box in sdk.daytona.list(ListSandboxesQuery(**resolved(python, given)))],
        typescript=lambda given: ("list", resolved(typescript, given)),
        given=more.pop("given", boxes),
        short=name in SHORT,
        **more,
    )


def filter_case(name, field, python, typescript, value, **more):
    """A filter; `value` is the same for all, or a tuple of three."""
    ours, theirs, javascripts = value if isinstance(value, tuple) else (value,) * 3
    return list_case(name, {"filter": {field: ours}}, {python: theirs}, {typescript: javascripts}, **more)


def sizes():
    """Minimum and maximum of each resource."""
    for bound, (thing, field, javascript) in itertools.product(
        ("min", "max"),
        (("cpu", "cpu", "Cpu"), ("memory", "memory_gib", "MemoryGib"), ("disk", "disk_gib", "DiskGib")),
    ):
        yield filter_case(f"{bound}-{thing}", f"{bound}_{field}", f"{bound}_{field}", f"{bound}{javascript}", 2)


def times():
    for field, javascript in (
        ("created_at_after", "createdAtAfter"),
        ("created_at_before", "createdAtBefore"),
        ("last_activity_after", "lastActivityAfter"),
        ("last_activity_before", "lastActivityBefore"),
        ("auto_destroy_at_after", "autoDestroyAtAfter"),
        ("auto_destroy_at_before", "autoDestroyAtBefore"),
    ):
        for name, instant in (("past", INSTANT), ("future", FAR)):
            yield filter_case(
                f"{field.replace('_', '-')}-the-{name}", field, field, javascript, (instant, instant, date(instant))
            )


def orders():
    fields = {
        "name": "NAME",
        "cpu": "CPU",
        "memoryGib": "MEMORY_GIB",
        "diskGib": "DISK_GIB",
        "lastActivityAt": "LAST_ACTIVITY_AT",
        "createdAt": "CREATED_AT",
    }
    for (text, proto), order in itertools.product(fields.items(), ("asc", "desc")):
        yield list_case(
            f"by-{text}-{order}",
            {"sort": f"SANDBOX_SORT_FIELD_{proto}", "order": f"SORT_ORDER_{order.upper()}"},
            {"sort": SandboxListSortField(text), "order": SandboxListSortDirection(order)},
            {"sort": text, "order": order},
        )


def first_page(sdk, query):
    """The first page only: a generator that is not asked for more."""
    return [box.name for box in itertools.islice(sdk.daytona.list(query), query.limit)]


def second_page(daemon):
    request = {"page_size": 2, "sort": "SANDBOX_SORT_FIELD_NAME", "order": "SORT_ORDER_ASC"}
    first = daemon.call("ListSandboxes", **request)
    second = daemon.call("ListSandboxes", page_token=first.next_page_token, **request)
    return [box.name for box in (*first.sandboxes, *second.sandboxes)]


def numbered_case(name, fields, python):
    """The older paging, as the SDK did it while it supported it."""

    def rpc(daemon, given):
        page = daemon.call("ListSandboxes", **fields)
        return [[box.name for box in page.sandboxes], page.total_size, page.total_pages]

    def sdk_call(sdk, given):
        page = sdk.numbered_page(**python)
        return [[box["name"] for box in page["items"]], page["total"], page["totalPages"]]

    return Case(
        f"sandbox.list.numbered.{name}",
        rpc=rpc,
        python=sdk_call,
        no_typescript=PAGED,
        given=boxes,
        emulator={"--api-version": "0.190"},  # newer servers have no such list
    )


CASES = [
    list_case("nothing-given", {}, {}, {}),
    list_case("none-there", {}, {}, {}, given=None),
    list_case(
        "id-prefix",
        lambda given: {"filter": {"id_prefix": given.b}},
        lambda given: {"id": given.b},
        lambda given: {"id": given.b},
    ),
    filter_case("name-prefix", "name_prefix", "name", "name", "BOX"),
    filter_case("name-prefix-to-be-encoded", "name_prefix", "name", "name", "a/b c&d=ü+%"),
    filter_case("labels", "labels", "labels", "labels", {"team": "a", "ü": "x y"}),
    filter_case("no-labels", "labels", "labels", "labels", {}),
    filter_case(
        "states",
        "states",
        "states",
        "states",
        (
            ["SANDBOX_STATE_STARTED", "SANDBOX_STATE_STOPPED"],
            [SandboxState.STARTED, SandboxState.STOPPED],
            ["started", "stopped"],
        ),
    ),
    filter_case("one-state", "state_texts", "states", "states", (["stopped"], [SandboxState.STOPPED], ["stopped"])),
    filter_case("snapshots", "snapshots", "snapshots", "snapshots", ["tools", "other one"]),
    filter_case("targets", "targets", "targets", "targets", ["us", "eu"]),
    *sizes(),
    *(filter_case(f"public-{value}".lower(), "is_public", "is_public", "isPublic", value) for value in (True, False)),
    *(
        filter_case(f"recoverable-{value}".lower(), "is_recoverable", "is_recoverable", "isRecoverable", value)
        for value in (True, False)
    ),
    *times(),
    *orders(),
    list_case(
        "pages",
        {"page_size": 1, "sort": "SANDBOX_SORT_FIELD_NAME", "order": "SORT_ORDER_ASC"},
        {"limit": 1, "sort": SandboxListSortField.NAME, "order": SandboxListSortDirection.ASC},
        {"limit": 1, "sort": "name", "order": "asc"},
    ),
    list_case(
        "pages-with-filters",
        {
            "page_size": 1,
            "filter": {"labels": {"team": "a"}, "states": ["SANDBOX_STATE_STARTED", "SANDBOX_STATE_STOPPED"]},
        },
        {"limit": 1, "labels": {"team": "a"}, "states": [SandboxState.STARTED, SandboxState.STOPPED]},
        {"limit": 1, "labels": {"team": "a"}, "states": ["started", "stopped"]},
    ),
    list_case("largest-page", {"page_size": 200}, {"limit": 200}, {"limit": 200}),
    list_case("page-too-large", {"page_size": 201}, {"limit": 201}, {"limit": 201}),
    list_case("negative-page-size", {"page_size": -1}, {"limit": -1}, {"limit": -1}),
    Case(
        "sandbox.list.first-page",
        rpc=lambda daemon, given: [box.name for box in daemon.call("ListSandboxes", page_size=2).sandboxes],
        python=lambda sdk, given: first_page(sdk, ListSandboxesQuery(limit=2)),
        typescript=("listFirst", {"limit": 2}, 2),
        given=boxes,
        short=True,
    ),
    Case(
        "sandbox.list.second-page",
        rpc=lambda daemon, given: second_page(daemon),
        python=lambda sdk, given: [
            box.name
            for box in sdk.daytona.list(
                ListSandboxesQuery(limit=2, sort=SandboxListSortField.NAME, order=SandboxListSortDirection.ASC)
            )
        ],
        typescript=("list", {"limit": 2, "sort": "name", "order": "asc"}),
        given=boxes,
    ),
    numbered_case("first-page", {"page": 1, "page_size": 2}, {"page": 1, "limit": 2}),
    numbered_case("page-after-the-last", {"page": 9, "page_size": 2}, {"page": 9, "limit": 2}),
    numbered_case(
        "with-filters",
        {
            "page": 1,
            "page_size": 5,
            "filter": {
                "labels": {"team": "a"},
                "states": ["SANDBOX_STATE_STARTED"],
                "snapshots": ["tools"],
                "targets": ["us"],
                "min_cpu": 1,
                "max_disk_gib": 9,
                "last_activity_after": INSTANT,
                "include_errored_deleted": True,
            },
            "sort": "SANDBOX_SORT_FIELD_TARGET",
            "order": "SORT_ORDER_ASC",
        },
        {
            "page": 1,
            "limit": 5,
            "labels": '{"team": "a"}',
            "states": ["started"],
            "snapshots": ["tools"],
            "regions": ["us"],
            "minCpu": 1,
            "maxDiskGiB": 9,
            "lastEventAfter": INSTANT,
            "includeErroredDeleted": True,
            "sort": "region",
            "order": "asc",
        },
    ),
    list_case(
        "server-error",
        {},
        {},
        {},
        given=lambda world: world.fault("GET", "/api/sandbox$", status=500, body={"message": "no"}) or {},
    ),
]
