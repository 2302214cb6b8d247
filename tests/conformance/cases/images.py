"""Declarative images without files, in a sandbox's create: each step alone, and all together."""

from daytona import CreateSandboxFromImageParams, Image

from cases.local_files import DOCKERFILE, PYPROJECT
from cases.sandbox_create import void
from harness.case import Case

SHORT = {"pip-install", "everything"}


def image_case(name, spec, python, typescript=None, **more):
    """`spec` is the daemon's image, `python` makes the SDK's, `typescript` lists the SDK's calls."""
    return Case(
        f"image.{name}",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox", spec={"declarative_image": spec})),
        python=lambda sdk, given: void(sdk.daytona.create(CreateSandboxFromImageParams(image=python()))),
        typescript=None if typescript is None else ("create", {"image": {"$image": typescript}}),
        short=name in SHORT,
        **more,
    )


def step_case(name, step, python, typescript=None, **more):
    """One step, or several, on top of debian:12."""
    steps = step if isinstance(step, list) else [step]
    javascript = None if typescript is None else [["base", "debian:12"], *typescript]
    return image_case(
        name,
        {"base_image": "debian:12", "steps": steps},
        lambda: python(Image.base("debian:12")),
        javascript,
        **more,
    )


PACKAGES = ["numpy", "pandas>=2", "b[extra]==1.0", "git+https://example.com/x.git@main#egg=x"]


def pyproject_case(name, groups):
    return Case(
        f"image.{name}",
        rpc=lambda daemon, given: create(
            daemon, {"pip_install_from_pyproject": {"content": PYPROJECT, "optional_dependencies": groups}}
        ),
        python=lambda sdk, given: void(
            sdk.daytona.create(
                CreateSandboxFromImageParams(
                    image=Image.base("debian:12").pip_install_from_pyproject(f"{given.files}/pyproject.toml", groups)
                )
            )
        ),
        typescript=lambda given: (
            "create",
            {
                "image": {
                    "$image": [
                        ["base", "debian:12"],
                        ["pipInstallFromPyproject", f"{given.files}/pyproject.toml", {"optionalDependencies": groups}],
                    ]
                }
            },
        ),
    )


def create(daemon, step):
    daemon.call("CreateSandbox", spec={"declarative_image": {"base_image": "debian:12", "steps": [step]}})


def pip(packages, **options):
    return {"pip_install": {"packages": packages, "options": options}}


CASES = [
    image_case(
        "base",
        {"base_image": "python:3.12-slim"},
        lambda: Image.base("python:3.12-slim"),
        [["base", "python:3.12-slim"]],
    ),
    image_case(
        "debian-slim",
        {"debian_slim": {"python_version": "3.12"}},
        lambda: Image.debian_slim("3.12"),
        [["debianSlim", "3.12"]],
    ),
    image_case(
        "debian-slim-oldest",
        {"debian_slim": {"python_version": "3.9"}},
        lambda: Image.debian_slim("3.9"),
        [["debianSlim", "3.9"]],
    ),
    image_case(
        "debian-slim-no-version",
        {"debian_slim": {}},
        lambda: Image.debian_slim("3.13"),
        [["debianSlim"]],
    ),
    image_case(
        "debian-slim-full-version",
        {"debian_slim": {"python_version": "3.11.2"}},
        lambda: Image.debian_slim("3.11.2"),
        no_typescript="the TypeScript SDK takes series only",
    ),
    Case(
        "image.dockerfile",
        rpc=lambda daemon, given: void(
            daemon.call("CreateSandbox", spec={"declarative_image": {"dockerfile": {"content": DOCKERFILE}}})
        ),
        python=lambda sdk, given: void(
            sdk.daytona.create(CreateSandboxFromImageParams(image=Image.from_dockerfile(f"{given.files}/Dockerfile")))
        ),
        typescript=lambda given: ("create", {"image": {"$image": [["fromDockerfile", f"{given.files}/Dockerfile"]]}}),
        short=True,
    ),
    Case(
        "image.dockerfile-in-the-spec",
        rpc=lambda daemon, given: void(daemon.call("CreateSandbox", spec={"dockerfile": DOCKERFILE})),
        python=lambda sdk, given: void(
            sdk.daytona.create(CreateSandboxFromImageParams(image=Image.from_dockerfile(f"{given.files}/Dockerfile")))
        ),
        typescript=lambda given: ("create", {"image": {"$image": [["fromDockerfile", f"{given.files}/Dockerfile"]]}}),
    ),
    step_case("pip-install", pip(["numpy"]), lambda image: image.pip_install("numpy"), [["pipInstall", "numpy"]]),
    step_case(
        "pip-install-sorts",
        pip(["b", "a", "c"]),
        lambda image: image.pip_install("b", ["a"], "c"),
        [["pipInstall", ["b", "a", "c"]]],
    ),
    step_case("pip-install-nothing", pip([]), lambda image: image.pip_install(), [["pipInstall", []]]),
    step_case(
        "pip-install-quotes", pip(PACKAGES), lambda image: image.pip_install(*PACKAGES), [["pipInstall", PACKAGES]]
    ),
    step_case(
        "pip-install-options",
        pip(
            ["numpy"],
            find_links=["/wheels", "https://links"],
            index_url="https://index",
            extra_index_urls=["https://one", "https://two"],
            pre=True,
            extra_options="--no-cache-dir --upgrade",
        ),
        lambda image: image.pip_install(
            "numpy",
            find_links=["/wheels", "https://links"],
            index_url="https://index",
            extra_index_urls=["https://one", "https://two"],
            pre=True,
            extra_options="--no-cache-dir --upgrade",
        ),
        [
            [
                "pipInstall",
                ["numpy"],
                {
                    "findLinks": ["/wheels", "https://links"],
                    "indexUrl": "https://index",
                    "extraIndexUrls": ["https://one", "https://two"],
                    "pre": True,
                    "extraOptions": "--no-cache-dir --upgrade",
                },
            ]
        ],
    ),
    pyproject_case("pyproject", []),
    pyproject_case("pyproject-with-groups", ["dev", "unknown"]),
    step_case(
        "run-shell",
        {"run_commands": {"commands": [{"shell": "echo 'a b' > /x && cat /x"}, {"shell": "echo 2"}]}},
        lambda image: image.run_commands("echo 'a b' > /x && cat /x", "echo 2"),
        [["runCommands", "echo 'a b' > /x && cat /x", "echo 2"]],
    ),
    step_case(
        "run-words",
        {"run_commands": {"commands": [{"exec": {"words": ["bash", "-c", "echo hi"]}}]}},
        lambda image: image.run_commands(["bash", "-c", "echo hi"]),
        [["runCommands", ["bash", "-c", "echo hi"]]],
    ),
    step_case(
        "env",
        {"env": {"variables": [{"name": "B", "value": "1"}, {"name": "A", "value": ""}]}},
        lambda image: image.env({"B": "1", "A": ""}),
        [["env", {"B": "1", "A": ""}]],
    ),
    step_case(
        "env-quotes",
        {"env": {"variables": [{"name": "A", "value": "a b"}, {"name": "B", "value": "it's $HOME"}]}},
        lambda image: image.env({"A": "a b", "B": "it's $HOME"}),
        [["env", {"A": "a b", "B": "it's $HOME"}]],
    ),
    step_case("workdir", {"workdir": "/app"}, lambda image: image.workdir("/app"), [["workdir", "/app"]]),
    step_case(
        "workdir-quotes", {"workdir": "/my app"}, lambda image: image.workdir("/my app"), [["workdir", "/my app"]]
    ),
    step_case(
        "entrypoint",
        {"entrypoint": {"words": ["sleep", "infinity"]}},
        lambda image: image.entrypoint(["sleep", "infinity"]),
        [["entrypoint", ["sleep", "infinity"]]],
    ),
    step_case("entrypoint-empty", {"entrypoint": {}}, lambda image: image.entrypoint([]), [["entrypoint", []]]),
    step_case(
        "cmd",
        {"cmd": {"words": ["python", "-m", "http.server"]}},
        lambda image: image.cmd(["python", "-m", "http.server"]),
        [["cmd", ["python", "-m", "http.server"]]],
    ),
    step_case(
        "dockerfile-commands",
        {"dockerfile_commands": {"commands": ["USER nobody", 'RUN echo "x"', "# done"]}},
        lambda image: image.dockerfile_commands(["USER nobody", 'RUN echo "x"', "# done"]),
        [["dockerfileCommands", ["USER nobody", 'RUN echo "x"', "# done"]]],
    ),
    step_case(
        "everything",
        [
            pip(["numpy", "pandas"], pre=True),
            {"run_commands": {"commands": [{"shell": "apt-get update"}]}},
            {"env": {"variables": [{"name": "A", "value": "1"}]}},
            {"workdir": "/app"},
            {"dockerfile_commands": {"commands": ["USER nobody"]}},
            {"entrypoint": {"words": ["sleep"]}},
            {"cmd": {"words": ["infinity"]}},
        ],
        lambda image: image.pip_install("numpy", "pandas", pre=True)
        .run_commands("apt-get update")
        .env({"A": "1"})
        .workdir("/app")
        .dockerfile_commands(["USER nobody"])
        .entrypoint(["sleep"])
        .cmd(["infinity"]),
        [
            ["pipInstall", ["numpy", "pandas"], {"pre": True}],
            ["runCommands", "apt-get update"],
            ["env", {"A": "1"}],
            ["workdir", "/app"],
            ["dockerfileCommands", ["USER nobody"]],
            ["entrypoint", ["sleep"]],
            ["cmd", ["infinity"]],
        ],
    ),
    Case(
        "image.unsupported-python",
        rpc=lambda daemon, given: void(
            daemon.call("CreateSandbox", spec={"declarative_image": {"debian_slim": {"python_version": "3.8"}}})
        ),
        python=lambda sdk, given: void(
            sdk.daytona.create(CreateSandboxFromImageParams(image=Image.debian_slim("3.8")))
        ),
        typescript=("create", {"image": {"$image": [["debianSlim", "3.8"]]}}),
    ),
]
