"""All cases, by topic."""

from cases import contexts, credentials, images, sandbox_create, sandbox_failures, sandbox_lifecycle
from cases import sandbox_lists, sandbox_reads, sandbox_settings, snapshots, volumes

ALL = [
    case
    for module in (
        sandbox_create,
        sandbox_failures,
        images,
        contexts,
        sandbox_reads,
        sandbox_lists,
        sandbox_lifecycle,
        sandbox_settings,
        snapshots,
        volumes,
        credentials,
    )
    for case in module.CASES
]

_names = [case.name for case in ALL]
assert len(set(_names)) == len(_names), "two cases have the same name"
