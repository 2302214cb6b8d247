"""A case: one call, made by the SDKs and by the daemon."""

import dataclasses
from typing import Callable


@dataclasses.dataclass(frozen=True)
class Case:
    # "sandbox.create.name": service, method and what distinguishes the case.
    name: str
    # The call through the daemon: (Rpcs, Given) -> the part of the answer to compare, or None.
    rpc: Callable
    # The same through the Python SDK: (PythonSdk, Given) -> likewise.
    python: Callable
    # The same through the TypeScript SDK: a function of typescript_calls.mjs and its arguments, or a function from
    # Given to these. None: the TypeScript SDK has no such call, and `no_typescript` says why.
    typescript: tuple | Callable | None = None
    no_typescript: str = ""
    # Set-up in the emulator before the call: (World) -> {name: id or other value}.
    given: Callable | None = None
    # Flags of the emulator, in addition to the quick ones.
    emulator: dict = dataclasses.field(default_factory=dict)
    # The region configured for the clients, or None.
    target: str | None = "us"
    # "key" or "jwt".
    credential: str = "key"
    # Part of the short form that `make test` runs.
    short: bool = False
    # What the case needs beyond the basics: "contexts" for files that go into a build.
    needs: str = ""

    def __post_init__(self):
        if (self.typescript is None) != bool(self.no_typescript):
            raise ValueError(f"{self.name}: either a TypeScript call, or the reason why there is none")


class Given(dict):
    """The objects created by the set-up, as attributes."""

    __getattr__ = dict.__getitem__
