"""Settings of a sandbox."""

from harness.case import Case


def box(world):
    return {"box": world.sandbox("box", labels={"old": "1"})}


def setting_case(name, rpc, request, python, typescript, **more):
    """`python` and `typescript` name the SDKs' methods, with their arguments."""
    method, *arguments = python
    keywords = arguments.pop() if arguments and method == "update_network_settings" else {}
    return Case(
        f"sandbox.settings.{name}",
        rpc=lambda daemon, given: daemon.call(rpc, sandbox=given.box, **request) and None,
        python=lambda sdk, given: getattr(sdk.sandbox(given.box), method)(*arguments, **keywords) and None,
        typescript=None if typescript is None else lambda given: ("setting", given.box, *typescript),
        given=box,
        **more,
    )


NEGATIVE = {"minutes": -1}

CASES = [
    setting_case(
        "labels",
        "SetSandboxLabels",
        {"labels": {"a": "b"}},
        ("set_labels", {"a": "b"}),
        ("setLabels", {"a": "b"}),
        short=True,
    ),
    setting_case("labels-none", "SetSandboxLabels", {}, ("set_labels", {}), ("setLabels", {})),
    setting_case(
        "auto-stop",
        "SetSandboxAutoStop",
        {"minutes": 5},
        ("set_autostop_interval", 5),
        ("setAutostopInterval", 5),
        short=True,
    ),
    setting_case(
        "auto-stop-off", "SetSandboxAutoStop", {"minutes": 0}, ("set_autostop_interval", 0), ("setAutostopInterval", 0)
    ),
    setting_case(
        "auto-stop-negative",
        "SetSandboxAutoStop",
        NEGATIVE,
        ("set_autostop_interval", -1),
        ("setAutostopInterval", -1),
    ),
    setting_case(
        "auto-archive",
        "SetSandboxAutoArchive",
        {"minutes": 60},
        ("set_auto_archive_interval", 60),
        ("setAutoArchiveInterval", 60),
    ),
    setting_case(
        "auto-archive-negative",
        "SetSandboxAutoArchive",
        NEGATIVE,
        ("set_auto_archive_interval", -1),
        ("setAutoArchiveInterval", -1),
    ),
    setting_case(
        "auto-delete-never",
        "SetSandboxAutoDelete",
        {"minutes": -1},
        ("set_auto_delete_interval", -1),
        ("setAutoDeleteInterval", -1),
    ),
    setting_case(
        "network",
        "SetSandboxNetwork",
        {"network_block_all": True},
        ("update_network_settings", {"network_block_all": True}),
        ("updateNetworkSettings", {"networkBlockAll": True}),
    ),
    setting_case("network-nothing", "SetSandboxNetwork", {}, ("update_network_settings",), ("updateNetworkSettings", {})),
    setting_case(
        "auto-pause",
        "SetSandboxAutoPause",
        {"minutes": 5},
        ("set_auto_pause_interval", 5),
        ("setAutoPauseInterval", 5),
    ),
    setting_case("ttl", "SetSandboxTtl", {"minutes": 90}, ("set_ttl", 90), ("setTtl", 90)),
    setting_case("ttl-negative", "SetSandboxTtl", NEGATIVE, ("set_ttl", -1), ("setTtl", -1)),
    setting_case(
        "public",
        "SetSandboxPublic",
        {"is_public": True},
        ("set_public", True),
        None,
        no_typescript="it has no such method",
    ),
    setting_case("activity", "RefreshSandboxActivity", {}, ("refresh_activity",), ("refreshActivity",)),
]
