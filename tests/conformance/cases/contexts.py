"""Images with files, which are uploaded to object storage; the daemon reads them below a configured root."""

from daytona import CreateSandboxFromImageParams, CreateSnapshotParams, Image

from cases.sandbox_create import void
from harness.case import Case

SHORT = {"add-local-file", "second-time"}


def context_case(name, image, python, typescript, **more):
    """`image`, `python` and `typescript` make the image of each, given the directory of the files; `typescript` may be
    None."""
    return Case(
        f"context.{name}",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox", spec={"declarative_image": image(given.files)})),
        python=lambda sdk, given: void(sdk.daytona.create(CreateSandboxFromImageParams(image=python(given.files)))),
        typescript=typescript and (lambda given: ("create", {"image": {"$image": typescript(given.files)}})),
        needs="contexts",
        short=name in SHORT,
        **more,
    )


def step_case(name, steps, python, typescript, **more):
    return context_case(
        name,
        lambda files: {"base_image": "debian:12", "steps": steps(files)},
        lambda files: python(Image.base("debian:12"), files),
        typescript and (lambda files: [["base", "debian:12"], *typescript(files)]),
        **more,
    )


def dockerfile_case(name, **more):
    """A Dockerfile on disk, with the files beside it."""
    path = f"app/Dockerfile.{name}"
    return context_case(
        f"dockerfile-{name}",
        lambda files: {"dockerfile": {"daemon_path": f"{files}/{path}"}},
        lambda files: Image.from_dockerfile(f"{files}/{path}"),
        **{"typescript": lambda files: [["fromDockerfile", f"{files}/{path}"]], **more},
    )


def directory_case(name, directory):
    return step_case(
        name,
        lambda files: [add_dir(f"{files}/{directory}", "/links")],
        lambda image, files: image.add_local_dir(f"{files}/{directory}", "/links"),
        None,
        no_typescript="it does not hash links as the Python SDK does",
    )


def add_file(path, remote_path):
    return {"add_local_file": {"file": {"daemon_path": path}, "remote_path": remote_path}}


def add_dir(path, remote_path):
    return {"add_local_dir": {"directory": {"daemon_path": path}, "remote_path": remote_path}}


def one_file(files):
    return {"base_image": "debian:12", "steps": [add_file(f"{files}/a.txt", "/a.txt")]}


def same_image_twice(sdk, given):
    def create():
        sdk.daytona.create(
            CreateSandboxFromImageParams(image=Image.base("debian:12").add_local_file(f"{given.files}/a.txt", "/a.txt"))
        )

    sdk.held(create)
    create()


CASES = [
    step_case(
        "add-local-file",
        lambda files: [add_file(f"{files}/a.txt", "/a.txt")],
        lambda image, files: image.add_local_file(f"{files}/a.txt", "/a.txt"),
        lambda files: [["addLocalFile", f"{files}/a.txt", "/a.txt"]],
    ),
    step_case(
        "add-local-file-into-a-directory",
        lambda files: [add_file(f"{files}/a.txt", "/data/")],
        lambda image, files: image.add_local_file(f"{files}/a.txt", "/data/"),
        lambda files: [["addLocalFile", f"{files}/a.txt", "/data/"]],
    ),
    step_case(
        "add-local-dir",
        lambda files: [add_dir(f"{files}/tree", "/tree")],
        lambda image, files: image.add_local_dir(f"{files}/tree", "/tree"),
        lambda files: [["addLocalDir", f"{files}/tree", "/tree"]],
    ),
    step_case(
        "requirements",
        lambda files: [
            {
                "pip_install_from_requirements": {
                    "requirements": {"daemon_path": f"{files}/requirements.txt"},
                    "options": {"pre": True},
                }
            }
        ],
        lambda image, files: image.pip_install_from_requirements(f"{files}/requirements.txt", pre=True),
        lambda files: [["pipInstallFromRequirements", f"{files}/requirements.txt", {"pre": True}]],
    ),
    step_case(
        "dockerfile-commands",
        lambda files: [
            {
                "dockerfile_commands": {
                    "commands": ["COPY main.txt /app/", "COPY src /app/src"],
                    "context_dir": {"daemon_path": f"{files}/app/"},
                }
            }
        ],
        lambda image, files: image.dockerfile_commands(["COPY main.txt /app/", "COPY src /app/src"], f"{files}/app/"),
        lambda files: [["dockerfileCommands", ["COPY main.txt /app/", "COPY src /app/src"], f"{files}/app/"]],
    ),
    context_case(
        "from-dockerfile",
        lambda files: {"dockerfile": {"daemon_path": f"{files}/app/Dockerfile"}},
        lambda files: Image.from_dockerfile(f"{files}/app/Dockerfile"),
        lambda files: [["fromDockerfile", f"{files}/app/Dockerfile"]],
    ),
    dockerfile_case("all"),
    dockerfile_case(
        "written", typescript=None, no_typescript="it hashes normal paths, and finds fewer files by patterns"
    ),
    dockerfile_case("json"),
    dockerfile_case("crlf"),
    dockerfile_case("latin-1", typescript=None, no_typescript="it takes any bytes for UTF-8"),
    step_case(
        "context-directory-without-slash",
        lambda files: [
            {
                "dockerfile_commands": {
                    "commands": ['COPY ["./main.txt", "src/", "/app/"]'],
                    "context_dir": {"daemon_path": f"{files}/app"},
                }
            }
        ],
        lambda image, files: image.dockerfile_commands(['COPY ["./main.txt", "src/", "/app/"]'], f"{files}/app"),
        lambda files: [["dockerfileCommands", ['COPY ["./main.txt", "src/", "/app/"]'], f"{files}/app"]],
    ),
    directory_case("links", "links"),
    directory_case("links-to-directories", "links-to-directories"),
    step_case(
        "several",
        lambda files: [add_file(f"{files}/a.txt", "/a"), add_dir(f"{files}/tree", "/tree"), {"workdir": "/tree"}],
        lambda image, files: image.add_local_file(f"{files}/a.txt", "/a")
        .add_local_dir(f"{files}/tree", "/tree")
        .workdir("/tree"),
        lambda files: [
            ["addLocalFile", f"{files}/a.txt", "/a"],
            ["addLocalDir", f"{files}/tree", "/tree"],
            ["workdir", "/tree"],
        ],
    ),
    step_case(
        "missing-file",
        lambda files: [add_file(f"{files}/nothing.txt", "/a")],
        lambda image, files: image.add_local_file(f"{files}/nothing.txt", "/a"),
        lambda files: [["addLocalFile", f"{files}/nothing.txt", "/a"]],
    ),
    step_case(
        "no-storage",
        lambda files: [add_file(f"{files}/a.txt", "/a")],
        lambda image, files: image.add_local_file(f"{files}/a.txt", "/a"),
        lambda files: [["addLocalFile", f"{files}/a.txt", "/a"]],
        emulator={"--no-object-storage": True},
    ),
    Case(
        "context.second-time",
        rpc=lambda daemon, given: (
            daemon.held(lambda: daemon.call("CreateSandbox", spec={"declarative_image": one_file(given.files)})),
            daemon.call("CreateSandbox", spec={"declarative_image": one_file(given.files)}),
        )
        and None,
        python=same_image_twice,
        typescript=lambda given: (
            "createTwice",
            {"image": {"$image": [["base", "debian:12"], ["addLocalFile", f"{given.files}/a.txt", "/a.txt"]]}},
        ),
        needs="contexts",
        short=True,
    ),
    Case(
        "context.snapshot",
        rpc=lambda daemon, given: void(
            daemon.call(
                "CreateSnapshot",
                spec={"name": "tools", "declarative_image": one_file(given.files), "entrypoint": ["sleep"]},
            )
        ),
        python=lambda sdk, given: void(
            sdk.daytona.snapshot.create(
                CreateSnapshotParams(
                    name="tools",
                    image=Image.base("debian:12").add_local_file(f"{given.files}/a.txt", "/a.txt"),
                    entrypoint=["sleep"],
                )
            )
        ),
        typescript=lambda given: (
            "snapshotCreate",
            {
                "name": "tools",
                "image": {"$image": [["base", "debian:12"], ["addLocalFile", f"{given.files}/a.txt", "/a.txt"]]},
                "entrypoint": ["sleep"],
            },
        ),
        needs="contexts",
    ),
]
