#!/usr/bin/env python3
"""Runs clang-tidy over our own sources, in parallel, and only over what changed since it last passed.

    tidy.py BUILD_DIR [JOBS] [PATH_PREFIX ...]

A file that passed leaves an empty stamp in build/lint/tidy, named by a hash of all that its verdict depends on: the file,
the headers of ours that it includes, the contract, .clang-tidy, the compile command and the tool. Reads the compile
commands of BUILD_DIR, where the generated headers must exist.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAMPS = ROOT / "build/lint/tidy"
TOOL = "clang-tidy-14"
# The build is g++'s: what clang does not know of its flags is no finding.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-ignored-optimization-argument", "--quiet"]
FOLDERS = ("daemon/", "emulator/", "client/", "tests/")
INCLUDE = re.compile(r'^\s*#\s*include\s*"((?:daemon|emulator|client|tests)/[^"]+)"', re.MULTILINE)
# clang counts the warnings that it suppressed in other people's headers.
NOISE = re.compile(r"^(\d+ warnings? .*generated\.|Suppressed \d+ .*|Use -header-filter.*|Use -system-headers.*)$\n?", re.MULTILINE)


def our_sources(build, prefixes):
    """Pairs of (path from the root, compile command) of the hand-written translation units."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        path = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else ""
        if path.startswith(FOLDERS) and path.startswith(prefixes or ("",)):
            yield path, entry["command"]


def with_our_headers(path):
    """The file and all headers of ours that it includes, directly or not."""
    found, waiting = set(), [path]
    while waiting:
        path = waiting.pop()
        if path not in found and (ROOT / path).is_file():
            found.add(path)
            waiting += INCLUDE.findall((ROOT / path).read_text(encoding="utf-8"))
    return sorted(found)


def stamp_of(path, command, common):
    digest = hashlib.sha256(common + command.encode())
    for file in with_our_headers(path):
        digest.update(file.encode() + b"\0" + (ROOT / file).read_bytes())
    return STAMPS / digest.hexdigest()


def main(build, jobs, prefixes):
    protos = sorted([*(ROOT / "proto").rglob("*.proto"), *(ROOT / "wire").rglob("*.proto")])
    version = subprocess.check_output([TOOL, "--version"])
    common = b"\0".join([(ROOT / ".clang-tidy").read_bytes(), version, *(proto.read_bytes() for proto in protos)])
    stamps = {path: stamp_of(path, command, common) for path, command in our_sources(build, prefixes)}
    todo = [path for path, stamp in stamps.items() if not stamp.exists()]
    STAMPS.mkdir(parents=True, exist_ok=True)
    print(f"clang-tidy: {len(todo)} of {len(stamps)} files to look at", flush=True)

    def tidy(path):
        run = subprocess.run([TOOL, "-p", build, *EXTRA, path], cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode == 0:
            stamps[path].touch()
            return True
        print(NOISE.sub("", run.stdout + run.stderr).replace(f"{ROOT}/", ""), flush=True)
        return False

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return all(list(pool.map(tidy, todo)))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    jobs_wanted = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    sys.exit(0 if main(pathlib.Path(sys.argv[1]).resolve(), jobs_wanted, tuple(sys.argv[3:])) else 1)
