#!/usr/bin/env python3
"""Records which Dockerfile and which build contexts the official Python SDK makes of declarative images.

    record_python_images.py OUTPUT        writes the records
    record_python_images.py --check FILE  records again and fails if FILE says anything else

Runs with a Python that has the SDK of tests/conformance/requirements.txt: build/test-env/conformance/python. Each case
is a v1.Image in its JSON form, which is played to the SDK's Image class; the cases are in python_image_cases.py. The
first line of the output describes the files that the images use, as if they were in /src (those in `bytes` are
hexadecimal); each further line is one case:

    name, image     the case
    python          dockerfile and contexts ([normal path, archive path] each), or the error
    differs         where daytonad means to do something else: the reason, and what is expected instead
    refused         the field that daytonad refuses
"""

import glob
import importlib.metadata
import json
import os
import pathlib
import sys
import tempfile

from daytona import DaytonaError, Image

import python_image_cases

SDK_VERSION = "0.226.1"


def pip_options(options, single=False):
    """The keyword arguments of a pip step; from_pyproject takes one link and one extra index at most."""
    result = {"pre": options.get("pre", False), "extra_options": options.get("extra_options", "")}
    if options.get("index_url"):
        result["index_url"] = options["index_url"]
    links, extra = options.get("find_links"), options.get("extra_index_urls")
    if links:
        result["find_links"] = links[0] if single else links
    if extra:
        result["extra_index_url" if single else "extra_index_urls"] = extra[0] if single else extra
    return result


def start(image, place):
    if "base_image" in image:
        return Image.base(image["base_image"])
    if "debian_slim" in image:
        # Without a version the SDK uses that of its own interpreter, daytonad the newest.
        return Image.debian_slim(image["debian_slim"].get("python_version") or "3.13")
    return Image.from_dockerfile(place(image["dockerfile"]["daemon_path"]))


def play(built, step, place):
    (kind, value), = step.items()
    if kind == "pip_install":
        built.pip_install(*value.get("packages", []), **pip_options(value.get("options", {})))
    elif kind == "pip_install_from_requirements":
        path = place(value["requirements"]["daemon_path"])
        built.pip_install_from_requirements(path, **pip_options(value.get("options", {})))
    elif kind == "pip_install_from_pyproject":
        built.pip_install_from_pyproject(
            place(value["daemon_path"]),
            value.get("optional_dependencies", []),
            **pip_options(value.get("options", {}), single=True),
        )
    elif kind == "add_local_file":
        built.add_local_file(place(value["file"]["daemon_path"]), value["remote_path"])
    elif kind == "add_local_dir":
        built.add_local_dir(place(value["directory"]["daemon_path"]), value["remote_path"])
    elif kind == "run_commands":
        commands = [c["shell"] if "shell" in c else c["exec"].get("words", []) for c in value.get("commands", [])]
        built.run_commands(*commands)
    elif kind == "env":
        built.env({v["name"]: v.get("value", "") for v in value["variables"]})
    elif kind == "workdir":
        built.workdir(value)
    elif kind == "entrypoint":
        built.entrypoint(value.get("words", []))
    elif kind == "cmd":
        built.cmd(value.get("words", []))
    elif kind == "dockerfile_commands":
        context_dir = value.get("context_dir", {}).get("daemon_path")
        built.dockerfile_commands(value.get("commands", []), place(context_dir) if context_dir else None)
    else:
        raise ValueError(f"the Python SDK has no {kind}")


def record(case, root):
    def place(path):
        return path.replace("/src", root, 1)

    def unplace(text):
        return text.replace(root, "/src").replace(root.lstrip("/"), "src")

    line = {"name": case["name"], "image": case["image"]}
    try:
        built = start(case["image"], place)
        for step in case["image"].get("steps", []):
            play(built, step, place)
        contexts = [[unplace(os.path.normpath(c.source_path)), unplace(c.archive_path)] for c in built._context_list]
        line["python"] = {"dockerfile": unplace(built.dockerfile()), "contexts": contexts}
    except (DaytonaError, ValueError) as error:
        line["python"] = {"error": unplace(str(error))}
    for key in ("differs", "refused"):
        if key in case:
            line[key] = case[key]
    return json.dumps(line, ensure_ascii=True)


def record_all():
    version = importlib.metadata.version("daytona")
    if version != SDK_VERSION:
        sys.exit(f"this Python has daytona {version}; the records are those of {SDK_VERSION}")
    # The SDK keeps a directory's entries in the file system's order.
    unsorted_glob = glob.glob
    glob.glob = lambda pattern: sorted(unsorted_glob(pattern))
    header = {"sdk": f"daytona {version}", "files": python_image_cases.FILES, "bytes": python_image_cases.BYTES,
              "directories": python_image_cases.DIRECTORIES}
    contents = {path: content.encode() for path, content in python_image_cases.FILES.items()}
    contents.update({path: bytes.fromhex(content) for path, content in python_image_cases.BYTES.items()})
    lines = [json.dumps(header, ensure_ascii=True)]
    with tempfile.TemporaryDirectory(prefix="daytonad-images-") as root:
        for path, content in contents.items():
            file = pathlib.Path(path.replace("/src", root, 1))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        for path in python_image_cases.DIRECTORIES:
            os.makedirs(path.replace("/src", root, 1), exist_ok=True)
        os.chdir(root)
        lines += [record(case, root) for case in python_image_cases.cases()]
    return "\n".join(lines) + "\n"


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        output = pathlib.Path(arguments[0]).resolve()
        output.write_text(record_all(), encoding="utf-8")
    elif len(arguments) == 2 and arguments[0] == "--check":
        committed = pathlib.Path(arguments[1]).read_text(encoding="utf-8").splitlines()
        recorded = record_all().splitlines()
        for old, new in zip(committed, recorded):
            if old != new:
                sys.exit(f"{arguments[1]} says\n{old}\nbut the SDK's answer is\n{new}\nRecord again.")
        if len(committed) != len(recorded):
            sys.exit(f"{arguments[1]} has {len(committed)} lines, {len(recorded)} were recorded. Record again.")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
