"""A case: one call, made by the SDKs and by the daemon."""

import dataclasses
from typing import Callable


@dataclasses.dataclass(frozen=True)
class Case:
    # "sandbox.create.name": service, method and what is special about it.
    name: str
    # The call through the daemon: (Rpcs, Given) -> what is compared of the answer, or None.
    rpc: Callable
    # The same through the Python SDK: (PythonSdk, Given) -> likewise.
    python: Callable
    # The same through the TypeScript SDK: a function of typescript_calls.mjs and its arguments, or what gives these
    # for a Given. None: the TypeScript SDK has no such call, and `no_typescript` says why.
    typescript: tuple | Callable | None = None
    no_typescript: str = ""
    # Set-up in the emulator before the call: (World) -> {name: id or other value}.
    given: Callable | None = None
    # Flags of the emulator, beside the quick ones.
    emulator: dict = dataclasses.field(default_factory=dict)
    # Region that the clients are configured with; None: none.
    target: str | None = "us"
    # "key" or "jwt".
    credential: str = "key"
    # Part of the short form that `make test` runs.
    short: bool = False
    # What the case needs beside the basics: "contexts" for files that go into a build.
    needs: str = ""

    def __post_init__(self):
        if (self.typescript is None) != bool(self.no_typescript):
            raise ValueError(f"{self.name}: either a TypeScript call, or the reason why there is none")


class Given(dict):
    """What the set-up made, as attributes."""

    __getattr__ = dict.__getitem__
