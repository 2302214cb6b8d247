#!/usr/bin/env python3
"""Holds what the repository may contain: text written by people, free of the machine it was written on.

    check_repo.py               looks at every file that git tracks, or would track after `git add`
    check_repo.py --self-test   shows that each rule can fail

A line that has its reason to break a rule says so at its end or on the line above: lint: ok (reason)
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

GENERATED = re.compile(
    r"\.pb\.(cc|h|go)$|_pb2(_grpc)?\.pyi?$|_(grpc_)?pb\.(js|d\.ts)$|\.(pyc|o|a|so|binpb)$"
    r"|(^|/)(compile_commands\.json|CMakeCache\.txt|node_modules/.*)$"
)
# Binary by nature: images of the documents, and inputs found by a fuzzer.
BINARY_ALLOWED = re.compile(r"^docs/.*\.png$|^tests/fuzz/corpus/")
EXCUSE = re.compile(r"lint: ok \(.+\)")

LINE_RULES = [
    # /home/daytona is the home of a sandbox's user, a fact of the API.
    (re.compile(r"(?<![\w.~$}/-])/(work|root|home/(?!daytona\b)\w+|Users/\w+)(?=[/\s\"'`:]|$)"), "a path of one machine"),
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"), "unfinished work: finish it, or say it in the change's description"),
    (
        re.compile(r"registry\.(npmjs|yarnpkg)\.|pypi\.(org|python)|pythonhosted|proxy\.golang|static\.crates\.io|deb\.debian"),
        "a package registry's address: each machine's own settings name it",
    ),
    (re.compile(r'^\s*"resolved": "https?:'), 'run npm with --omit-lockfile-registry-resolved, or delete "resolved"'),
    (re.compile(r"^(<{7}|>{7}) "), "an unresolved merge"),
]


def expected_guard(path):
    return "DAYTONAD_" + re.sub(r"[^A-Z0-9]", "_", path.upper()) + "_"


def problems_of(path, content):
    """Yields (line, message) for one file."""
    if GENERATED.search(path):
        yield 1, "a generated file: the build makes it"
        return
    if b"\0" in content:
        if not BINARY_ALLOWED.search(path):
            yield 1, "a binary file"
        return
    text = content.decode("utf-8", errors="replace")
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        for pattern, message in LINE_RULES:
            if pattern.search(line) and not any(EXCUSE.search(l) for l in lines[max(0, number - 2) : number]):
                yield number, message
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end of the file"
    if path.endswith(".h"):
        guard = expected_guard(path)
        if f"#ifndef {guard}\n#define {guard}\n" not in text or not text.endswith(f"#endif  // {guard}\n"):
            yield 1, f"the header guard is not {guard}"


def check_tree():
    listing = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    count = 0
    for path in sorted(set(subprocess.check_output(listing).decode().split("\0")) - {""}):
        file = ROOT / path
        if file.is_symlink() or not file.is_file() or path == "tests/lint/check_repo.py":
            continue
        for line, message in problems_of(path, file.read_bytes()):
            print(f"{path}:{line}: {message}")
            count += 1
    return count


GUARDED = "#ifndef DAYTONAD_DAEMON_NET_A_H_\n#define DAYTONAD_DAEMON_NET_A_H_\n\n#endif  // DAYTONAD_DAEMON_NET_A_H_\n"
GOOD = [
    ("daemon/net/a.h", GUARDED),
    ("docs/flow.png", "\0"),
    ("emulator/a.cc", 'auto home = "/home/daytona/app";\n'),
    ("Dockerfile", "WORKDIR /src\nCOPY build/work/x .\nRUN $HOME/work/x\n"),
    ("docs/a.md", "<!-- lint: ok (shows a user's path) -->\n/home/jo/app\n"),
    ("tests/sdk/package-lock.json", '    "resolved": "../local"\n'),
    ("empty", ""),
]
BAD = [
    ("proto/a.pb.h", ""),
    ("client/python/a_pb2.py", ""),
    ("tests/lint/node_modules/a/b.js", ""),
    ("tests/a.bin", "\0"),
    ("daemon/net/a.h", "#pragma once\n"),
    ("daemon/net/b.h", GUARDED),
    ("docs/a.md", "see /wor" "k/main/x\n"),
    ("docs/a.md", "in `/ro" "ot`\n"),
    ("docs/a.md", "cd /ho" "me/jo/app\n"),
    ("a.cc", "// TO" "DO(jo): later\n"),
    ("package-lock.json", '    "resolved": "https://example.com/a.tgz"\n'),
    ("Dockerfile", "RUN npm --registry https://registry.npm" "js.org\n"),
    ("a.cc", "<<<<" "<<< HEAD\n"),
    ("a.cc", "int a;"),
]


def self_test():
    failures = [f"should pass: {path}: {text!r}" for path, text in GOOD if list(problems_of(path, text.encode()))]
    failures += [f"should fail: {path}: {text!r}" for path, text in BAD if not list(problems_of(path, text.encode()))]
    print("\n".join(failures) or f"{len(GOOD) + len(BAD)} made-up files judged as they should be")
    return len(failures)


if __name__ == "__main__":
    sys.exit(1 if (self_test() if sys.argv[1:] == ["--self-test"] else check_tree()) else 0)
