#!/usr/bin/env python3
"""Holds the include rules of the layers (docs/architecture.md).

    check_layers.py               looks at the whole tree, prints file:line for each include that breaks a rule
    check_layers.py --self-test   shows that each rule can fail
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Which folders of ours the files of a folder may include, besides their own folder and its subfolders. The longest match
# counts. A layer sees the ones below it, with two cuts: operations/ and above see api/, never what implements it; state/
# never sees upstream/. Only daemon/ itself (main.cc and what stands beside it) knows all, because it puts them together.
BELOW_API = ["daemon/auth", "daemon/net", "daemon/base"]
# The emulator's rooms, each with those below it.
EMULATOR_ROOMS = {
    "base": [],
    "http": ["emulator/base"],
    "storage": ["emulator/http", "emulator/base"],
    "world": ["emulator/storage", "emulator/http", "emulator/base"],
    "events": ["emulator/world", "emulator/http", "emulator/base"],
    "api": ["emulator/events", "emulator/world", "emulator/storage", "emulator/http", "emulator/base"],
    "control": ["emulator/api", "emulator/world", "emulator/http", "emulator/base"],
    "testing": ["emulator"],
}
# The folders of daytonactl, each with those below it.
CLI_ROOMS = {
    "base": [],
    "build": ["client/cli/base"],
    "create": ["client/cli/build", "client/cli/base"],
    "daemon": ["client/cli/base"],
    "sandbox": ["client/cli/create", "client/cli/base"],
    "snapshot": ["client/cli/create", "client/cli/build", "client/cli/base"],
    "volume": ["client/cli/base"],
    "testing": ["client/cli"],
}
# The rooms of operations/: what all of them share, request ids, builds, creates, and the resources.
OPERATIONS_ROOMS = {
    "base": [],
    "requests": ["base"],
    "journal": ["requests", "base"],
    "image": ["base"],
    "build_context": ["image", "base"],
    "build": ["build_context", "image", "base"],
    "create": ["build", "base"],
    "sandbox": ["create", "build", "requests", "base"],
    "snapshot": ["create", "build", "requests", "base"],
    "volume": ["create", "requests", "base"],
    "daemon": ["base"],
    "testing": [""],
}
ALLOWED = {
    "daemon/base": [],
    "daemon/net": ["daemon/base"],
    "daemon/auth": ["daemon/net", "daemon/base"],
    "daemon/api": ["daemon/base"],
    "daemon/upstream": ["daemon/api", *BELOW_API],
    "daemon/state": ["daemon/api", *BELOW_API],
    "daemon/operations": ["daemon/api", *BELOW_API],
    "daemon/access": ["daemon/operations", "daemon/api", *BELOW_API],
    "daemon/services": ["daemon/access", "daemon/operations", "daemon/api", *BELOW_API],
    "daemon/server": ["daemon/services", "daemon/access", "daemon/operations", "daemon/api", *BELOW_API],
    **{
        f"daemon/operations/{room}": [
            *(f"daemon/operations/{other}".rstrip("/") for other in others),
            "daemon/operations/testing",
            "daemon/api",
            *BELOW_API,
        ]
        for room, others in OPERATIONS_ROOMS.items()
    },
    "daemon": [],  # and its subfolders: all of the daemon
    "emulator": ["daemon/net", "daemon/base"],
    **{f"emulator/{room}": ["daemon/net", "daemon/base", *rooms] for room, rooms in EMULATOR_ROOMS.items()},
    "client": [],
    **{f"client/cli/{room}": ["client/cpp", *rooms] for room, rooms in CLI_ROOMS.items()},
    "tests": ["daemon", "emulator", "client"],
}

# gRPC's own headers and the generated stubs. Everything from operations/ down stays free of them.
GRPC_HEADER = re.compile(r"grpcpp/|grpc/(?!.*\.pb\.h)|.*\.grpc\.pb\.h$")
GRPC_FOLDERS = ["daemon", "daemon/server", "daemon/services", "client", "tests"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
OUR_TOP_FOLDERS = ("daemon/", "emulator/", "client/", "tests/")


# Folders whose subfolders are layers of their own, the innermost first.
PARENTS = ["daemon/operations", "daemon", "emulator", "client/cli"]


def folder_rule(path):
    """The key of ALLOWED that governs a file, None if no rule does."""
    folder = path.rsplit("/", 1)[0]
    top = path.split("/")[0]
    # A test of the emulator or of daytonactl may start all of it.
    if top in ("emulator", "client") and path.endswith("_test.cc"):
        return top
    for parent in PARENTS:
        if inside(folder, parent):
            key = "/".join(folder.split("/")[: parent.count("/") + 2])
            return key if key in ALLOWED else None
    return top if top in ALLOWED else None


def inside(path, folder):
    return path.startswith(folder + "/")


def problems_of(path, text):
    """Yields (line, message) for each include of the file that breaks a rule."""
    rule = folder_rule(path)
    if rule is None:
        yield 1, f"{path} belongs to no layer: put it into one, or add its folder to tests/lint/check_layers.py"
        return
    allowed = [rule, *ALLOWED[rule]]
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        quote, header = match.groups()
        if header.startswith(OUR_TOP_FOLDERS):
            if not any(inside(header, folder) for folder in allowed):
                names = ", ".join(f"{folder}/" for folder in allowed)
                yield line, f'"{header}" may not be included here; of our folders {rule}/ may include {names}'
        elif GRPC_HEADER.match(header):
            if rule not in GRPC_FOLDERS and not inside(rule, "client"):
                names = ", ".join(f"{folder}/" for folder in GRPC_FOLDERS[1:])
                yield line, f'"{header}" is gRPC, which only {names} and main.cc may include'
        elif quote == '"' and "/" not in header:
            yield line, f'"{header}": name it from the root of the repository, as in "daemon/base/task.h"'


def check_tree():
    count = 0
    for top in OUR_TOP_FOLDERS:
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix in (".h", ".cc") and "node_modules" not in file.parts:
                path = file.relative_to(ROOT).as_posix()
                for line, message in problems_of(path, file.read_text(encoding="utf-8")):
                    print(f"{path}:{line}: {message}")
                    count += 1
    return count


GOOD = [
    ("daemon/net/a.cc", '#include "daemon/net/a.h"\n#include "daemon/base/task.h"'),
    ("daemon/upstream/v0/a.cc", '#include "daemon/api/sandbox_api.h"\n#include "daemon/upstream/retry.h"'),
    ("daemon/state/a.cc", '#include "daemon/api/sandbox_api.h"'),
    ("daemon/operations/sandbox/a.cc", '#include "daemon/operations/create/create.h"\n#include "daemon/api/api.h"'),
    ("daemon/services/a.cc", '#include <grpcpp/grpcpp.h>\n#include "daytonad/v1/volume.grpc.pb.h"'),
    ("daemon/services/b.cc", '#include "daemon/operations/a.h"\n#include "daemon/base/log.h"'),
    ("daemon/server/a.cc", '#include "grpc/health/v1/health.grpc.pb.h"'),
    ("daemon/base/a.cc", '#include "grpc/health/v1/health.pb.h"\n#include "google/rpc/status.pb.h"'),
    ("daemon/main.cc", '#include "daemon/state/a.h"\n#include "daemon/upstream/v0/a.h"\n#include <grpcpp/server.h>'),
    ("emulator/a.cc", '#include "emulator/api/routes.h"\n#include "daemon/base/log.h"'),
    ("emulator/world/a.cc", '#include "emulator/storage/storage.h"\n#include "emulator/world/b.h"'),
    ("emulator/world/a_test.cc", '#include "emulator/emulator.h"'),
    ("client/cli/a.cc", '#include "client/cpp/client.h"\n#include <grpcpp/channel.h>'),
    ("client/cli/snapshot/a.cc", '#include "client/cli/build/b.h"\n#include <grpcpp/channel.h>'),
    ("client/cli/volume/a_test.cc", '#include "client/cli/testing/fake_daemon.h"'),
    ("tests/bench/a.cc", '#include "daemon/server/a.h"\n#include <grpcpp/server.h>'),
]
BAD = [
    ("daemon/base/a.cc", '#include "daemon/net/a.h"'),
    ("daemon/net/a.h", '#include "daemon/auth/a.h"'),
    ("daemon/api/a.h", '#include "daemon/net/http/http_client.h"'),
    ("daemon/upstream/v0/a.cc", '#include "daemon/state/a.h"'),
    ("daemon/state/a.cc", '#include "daemon/upstream/v0/a.h"'),
    ("daemon/operations/a.cc", '#include "daemon/state/a.h"'),
    ("daemon/operations/a.cc", '#  include "daemon/upstream/v0/a.h"'),
    ("daemon/operations/a.cc", "#include <grpcpp/grpcpp.h>"),
    ("daemon/operations/a.cc", "#include <grpc/support/time.h>"),
    ("daemon/api/a.h", '#include "daytonad/v1/volume.grpc.pb.h"'),
    ("daemon/operations/build/a.cc", '#include "daemon/operations/create/a.h"'),
    ("daemon/operations/sandbox/a.cc", '#include "daemon/operations/volume/a.h"'),
    ("daemon/access/a.cc", '#include "daemon/services/a.h"'),
    ("daemon/services/a.cc", '#include "daemon/state/a.h"'),
    ("daemon/services/a.cc", '#include "daemon/server/a.h"'),
    ("daemon/server/a.cc", '#include "daemon/upstream/v0/a.h"'),
    ("daemon/server/a.cc", '#include "daemon/config.h"'),
    ("daemon/main.cc", '#include "emulator/api/routes.h"'),
    ("daemon/helpers/a.cc", ""),
    ("daemon/net/a.cc", '#include "a.h"'),
    ("emulator/a.cc", '#include "daemon/api/a.h"'),
    ("emulator/world/a.cc", '#include "emulator/api/routes.h"'),
    ("emulator/kitchen/a.cc", ""),
    ("emulator/a.cc", "#include <grpcpp/grpcpp.h>"),
    ("client/cli/a.cc", '#include "daemon/base/log.h"'),
    ("client/cli/base/a.h", '#include "client/cli/app.h"'),
    ("client/cli/volume/a.cc", '#include "client/cli/sandbox/sandbox_flags.h"'),
    ("client/cli/kitchen/a.cc", ""),
]


def self_test():
    failures = [f"should pass: {path}: {text}" for path, text in GOOD if list(problems_of(path, text))]
    failures += [f"should fail: {path}: {text}" for path, text in BAD if not list(problems_of(path, text))]
    print("\n".join(failures) or f"{len(GOOD) + len(BAD)} made-up files judged as they should be")
    return len(failures)


if __name__ == "__main__":
    sys.exit(1 if (self_test() if sys.argv[1:] == ["--self-test"] else check_tree()) else 0)
