#!/usr/bin/env python3
"""Runs clang-tidy over our own sources, in parallel, and only over what changed since it last passed.

    tidy.py BUILD_DIR [JOBS] [--changed] [PATH_PREFIX ...]

With --changed, for CI, where nothing has passed yet, it looks at a part of the files: those that the commit changes, and a
twelfth of all. The commit changes what differs from where its branch left the main branch or, on the main branch, from its
first parent; that is nothing in a shallow clone, which has neither. More than MOST_CHANGED files are cut to that number. The
commit's id chooses the twelfth, so that the same commit always gets the same one and a dozen commits get most of the tree.

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
# The flags are g++'s: those unknown to clang are not findings.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-ignored-optimization-argument", "--quiet"]
FOLDERS = ("daemon/", "emulator/", "client/", "tests/")
INCLUDE = re.compile(r'^\s*#\s*include\s*"((?:daemon|emulator|client|tests)/[^"]+)"', re.MULTILINE)
# clang counts the warnings that it suppressed in other people's headers.
PARTS = 12
MOST_CHANGED = 12
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


def git(*arguments):
    """The output of git without its line end; empty if it fails."""
    run = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else ""


def changed_files():
    """The paths of everything changed by the commit and the working tree."""
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "origin/HEAD")
    if not base or base == head:
        base = git("rev-parse", "--verify", "--quiet", "HEAD^1")
    return set(git("diff", "--name-only", base).splitlines()) if base else set()


def changed_sources(paths, changed):
    """The sources among the changed files, and for each changed header one source that includes it, its own if there is one."""
    headers = {path for path in changed if path.endswith(".h") and (ROOT / path).is_file()}
    found = {path for path in paths if path in changed}
    headers -= {header for path in found for header in with_our_headers(path)}
    for path in sorted(paths, key=lambda path: path.removesuffix(".cc") + ".h" not in headers):
        seen = headers.intersection(with_our_headers(path)) if headers else set()
        if seen:
            found.add(path)
            headers -= seen
    return found


def scattered(paths):
    """In a stable order independent of folders."""
    return sorted(paths, key=lambda path: hashlib.sha256(path.encode()).digest())


def selection(paths):
    """The files checked by --changed."""
    changed = scattered(changed_sources(paths, changed_files()))
    part = int(git("rev-parse", "HEAD") or "0", 16) % PARTS
    taken = changed[:MOST_CHANGED]
    print(f"clang-tidy: {len(taken)} of {len(changed)} changed files, and part {part + 1} of {PARTS} of all")
    return {*taken, *scattered(paths)[part::PARTS]}


def main(build, jobs, prefixes, only_changed):
    protos = sorted([*(ROOT / "proto").rglob("*.proto"), *(ROOT / "wire").rglob("*.proto")])
    version = subprocess.check_output([TOOL, "--version"])
    common = b"\0".join([(ROOT / ".clang-tidy").read_bytes(), version, *(proto.read_bytes() for proto in protos)])
    stamps = {path: stamp_of(path, command, common) for path, command in our_sources(build, prefixes)}
    chosen = selection(stamps) if only_changed else stamps
    todo = [path for path in sorted(chosen) if not stamps[path].exists()]
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
    arguments = [argument for argument in sys.argv[1:] if argument != "--changed"]
    if not arguments:
        sys.exit(__doc__)
    jobs_wanted = int(arguments[1]) if len(arguments) > 1 else os.cpu_count() or 1
    passed = main(pathlib.Path(arguments[0]).resolve(), jobs_wanted, tuple(arguments[2:]), "--changed" in sys.argv)
    sys.exit(0 if passed else 1)
