"""The images that record_python_images.py passes to the SDK: JSON forms of v1.Image."""

PYPROJECT = """\
[project]
name = "demo"
dependencies = ["numpy>=1.26", "requests", "a; python_version < '3.12'"]
[project.optional-dependencies]
dev = ["pytest", "Black"]
docs = ["sphinx==7"]
none = []
"""

DOCKERFILE = """\
# syntax=docker/dockerfile:1
FROM python:3.12 AS build
WORKDIR /w
COPY --from=build /x /y
COPY a.txt /a
copy sub/b.txt c.txt /w/
RUN echo hi
"""

FILES = {
    "/src/a.txt": "A\n",
    "/src/a b.txt": "spaces\n",
    "/src/it's.txt": "quote\n",
    "/src/say \"hi\".txt": "quotes\n",
    "/src/$HOME.txt": "dollar\n",
    "/src/[id].tsx": "brackets\n",
    "/src/back\\slash.txt": "backslash\n",
    "/src/-flag.txt": "dash\n",
    "/src/\u00fcn\u00efcode.txt": "u\n",
    "/src/nbsp\u00a0x.txt": "no-break space\n",
    "/src/requirements.txt": "numpy==1.26\n",
    "/src/two words/requirements.txt": "x\n",
    "/src/proj/x.py": "x\n",
    "/src/proj/y.py": "y\n",
    "/src/proj/.hidden.py": "h\n",
    "/src/proj/sub/z.txt": "z\n",
    "/src/proj/sub/deep/w.txt": "w\n",
    "/src/proj/with space.txt": "s\n",
    "/src/pyproject.toml": PYPROJECT,
    "/src/pyproject-empty.toml": "[project]\ndependencies = []\n",
    "/src/pyproject-no-project.toml": "[tool]\nx = 1\n",
    "/src/pyproject-project-is-text.toml": "project = \"x\"\n",
    "/src/pyproject-no-dependencies.toml": "[project]\nname = \"x\"\n",
    "/src/pyproject-dependencies-text.toml": "[project]\ndependencies = \"x\"\n",
    "/src/pyproject-no-groups.toml": "[project]\ndependencies = [\"b\", \"a\"]\n",
    "/src/pyproject-groups-text.toml": "[project]\ndependencies = [\"b\"]\noptional-dependencies = \"x\"\n",
    "/src/pyproject-broken.toml": "[project\n",
    "/src/pyproject-crlf.toml": "[project]\r\ndependencies = [\"b\",\r\"a\"]\r\n",
    "/src/docker/Dockerfile": DOCKERFILE,
    "/src/docker/a.txt": "a\n",
    "/src/docker/sub/b.txt": "b\n",
    "/src/docker/c.txt": "c\n",
    "/src/docker/no-newline": "FROM debian:12",
    "/src/docker/no-newline-at-end-of-run": "FROM debian:12\nRUN true",
    "/src/docker/crlf": "FROM debian:12\r\nCOPY a.txt \\\r\n  /a\r\nRUN cat <<EOF\r\nx\r\nEOF\r\n",
    "/src/docker/cr": "FROM debian:12\rCOPY a.txt /a\rRUN true",
    "/src/docker/mixed": "FROM debian:12\r\r\nRUN true\n\rRUN x\u2028\u0085\n",
    "/src/docker/byte-order-mark": "\ufeffFROM debian:12\r\n",
    "/src/docker/everything": "FROM debian:12\nCOPY . .\n",
    "/src/docker/as-it-is-written": "FROM debian:12\nCOPY ./a.txt sub/ ./sub/../c.txt ./sub*/ /w/\n",
    "/src/docker/comment-only": "# nothing\n",
    "/src/docker/open": "FROM debian:12\nRUN a \\\n",
    "/src/docker/heredoc": "FROM debian:12\nCOPY <<EOF /x\nCOPY not.txt /y\nEOF\nRUN true\n",
}
# Files that are not UTF-8, in hexadecimal.
BYTES = {
    "/src/docker/latin-1": "FROM debian:12\r\n# caf\u00e9\r\n".encode("latin-1").hex(),
    "/src/docker/utf-16": "FROM debian:12\n".encode("utf-16").hex(),
    "/src/docker/surrogate": b"FROM debian:12\n# \xed\xa0\x80\n".hex(),
    "/src/pyproject-latin-1.toml": "[project]\n# \u00e9\ndependencies = [\"a\"]\n".encode("latin-1").hex(),
}
DIRECTORIES = ["/src/empty", "/src/dir with space"]

# Text that is difficult for the shell, for Docker, or for JSON.
WORDS = {
    "plain": "value",
    "empty": "",
    "space": "a b",
    "leading and trailing space": " a ",
    "tab": "a\tb",
    "single quote": "it's",
    "double quote": 'say "hi"',
    "both quotes": "it's \"x\"",
    "dollar": "$HOME",
    "braces": "${HOME}",
    "backslash": "a\\b",
    "backslash at the end": "a\\",
    "two backslashes at the end": "a\\\\",
    "backtick": "`id`",
    "semicolon": "a; rm -rf /",
    "ampersand": "a && b",
    "pipe": "a | b",
    "heredoc": "<<EOF",
    "hash": "#x",
    "equals": "a=b=c",
    "percent": "100%",
    "exclamation": "!!",
    "star": "*",
    "brackets": "[a]",
    "tilde": "~",
    "unicode": "\u00e4\u00df\u4e2d\u6587",
    "emoji": "\U0001f600",
    "no-break space": "a\u00a0b",
    "safe marks": "_@%+=:,./-",
    "escape code": "\u001b[0m",
}
BREAKS = {"newline": "a\nRUN evil", "carriage return": "a\rb", "NUL": "a\u0000b", "line separator": "a\u2028b"}

BROKEN_LINE = "Python's text would end the line: refused"


def image(*steps, base="debian:12"):
    return {"base_image": base, "steps": list(steps)}


def case(name, img, differs=None, refused=None):
    result = {"name": name, "image": img}
    if differs:
        result["differs"] = differs
    if refused:
        result["refused"] = refused
    return result


def instead(reason, steps_text=None, contexts=None, dockerfile=None):
    """What daytonad writes instead; the steps' text is the part after the plain base image."""
    result = {"reason": reason}
    if steps_text is not None:
        result["dockerfile"] = "FROM debian:12\n" + steps_text
    if dockerfile is not None:
        result["dockerfile"] = dockerfile
    if contexts is not None:
        result["contexts"] = contexts
    return result


def file(path, remote):
    return {"add_local_file": {"file": {"daemon_path": path}, "remote_path": remote}}


def directory(path, remote):
    return {"add_local_dir": {"directory": {"daemon_path": path}, "remote_path": remote}}


def commands(lines, context_dir=None):
    value = {"commands": lines}
    if context_dir:
        value["context_dir"] = {"daemon_path": context_dir}
    return {"dockerfile_commands": value}


def pip(packages, **options):
    return {"pip_install": {"packages": packages, "options": options}}


def bases():
    for reference in ["debian:12", "python:3.12-slim-bookworm", "registry.example:5000/team/x@sha256:abc",
                      "--platform=linux/amd64 debian:12 AS build"]:
        yield case(f"base {reference}", {"base_image": reference})
    for what, text in [("newline", "a\nRUN evil"), ("backslash", "a\\"), ("dollar", "$X"), ("space", "a ")]:
        yield case(f"base with {what}", {"base_image": text}, instead("not an image reference"), refused="base_image")
    for version in ["", "3.9", "3.10", "3.11", "3.12", "3.13", "3.11.2", "3.13.0rc2", "3.9.99"]:
        yield case(f"debian_slim {version}", {"debian_slim": {"python_version": version}})
    for version in ["3.8", "3.14", "4.1", "3", "3.123", "3.12.", "x", "3.12-slim", "3.13rc1", "3.11.2.1", "2.7.1",
                    " 3.12", "3.12 "]:
        yield case(f"debian_slim {version}", {"debian_slim": {"python_version": version}},
                   refused="debian_slim.python_version")
    yield case("debian_slim with newline", {"debian_slim": {"python_version": "3.11.2\n"}}, instead(BROKEN_LINE),
               refused="debian_slim.python_version")


def pips():
    yield case("pip_install nothing", image(pip([])))
    yield case("pip_install nothing with options", image(pip([], pre=True)))
    yield case("pip_install sorted", image(pip(["b", "a>=1", "c[extra]==2", "B", "\u00e4", "_", "1"])))
    yield case("pip_install twice the same", image(pip(["a", "a"])))
    yield case("pip_install steps are kept apart", image(pip(["b"]), pip(["a"])))
    yield case("pip_install golden", image(pip(["a>=1", "b", "c[extra]==2"], find_links=["/w w"], index_url="https://i",
                                               extra_index_urls=["https://e?x=1&y"], pre=True,
                                               extra_options="--no-cache")))
    for name, text in WORDS.items():
        yield case(f"pip_install {name}", image(pip([text, "other"])))
        yield case(f"pip_install find_links {name}", image(pip(["x"], find_links=[text, "second"])))
        yield case(f"pip_install index_url {name}", image(pip(["x"], index_url=text)))
        yield case(f"pip_install extra_index_urls {name}", image(pip(["x"], extra_index_urls=[text])))
    for name, text in BREAKS.items():
        step = "steps[0].pip_install."
        for field, packages, options in [("packages", [text], {}), ("options.find_links[0]", ["x"], {"find_links": [text]}),
                                         ("options.index_url", ["x"], {"index_url": text}),
                                         ("options.extra_index_urls[0]", ["x"], {"extra_index_urls": [text]}),
                                         ("options.extra_options", ["x"], {"extra_options": text})]:
            yield case(f"pip_install {field} {name}", image(pip(packages, **options)), instead(BROKEN_LINE),
                       refused=step + field)
    for text in ["--no-cache-dir", "  --a --b  ", "\n--a\n", "   ", "\u00a0--a\u2003", "-c 'a b'", "&& rm -rf /", "$X",
                 "--a=\\b", "<<x", "1<<2 '"]:
        yield case(f"pip_install extra_options {text!r}", image(pip(["x"], extra_options=text)),
                   instead("an open heredoc") if text == "<<x" else None,
                   refused="steps[0].pip_install.options.extra_options" if text == "<<x" else None)
    for text in ["--a \\", "--a \\\\", "--a <<EOF"]:
        yield case(f"pip_install extra_options {text!r}", image(pip(["x"], extra_options=text), pip(["y"])),
                   instead("Python's text would take the next line"),
                   refused="steps[0].pip_install.options.extra_options")


def pip_files():
    def requirements(path, **options):
        return {"pip_install_from_requirements": {"requirements": {"daemon_path": path}, "options": options}}

    def pyproject(path, groups=(), **options):
        return {"pip_install_from_pyproject": {"daemon_path": path, "optional_dependencies": list(groups),
                                               "options": options}}

    yield case("requirements", image(requirements("/src/requirements.txt")))
    yield case("requirements with options", image(requirements(
        "/src/requirements.txt", find_links=["a b", "c"], index_url="https://i", extra_index_urls=["x", "y"], pre=True,
        extra_options=" -v ")))
    yield case("requirements not normal", image(requirements("/src/./proj/..//requirements.txt")))
    yield case("requirements in a directory with a space", image(requirements("/src/two words/requirements.txt")),
               instead("COPY would have three sources",
                       "COPY [\"src/two words/requirements.txt\", \"/.requirements.txt\"]\n"
                       "RUN python -m pip install -r /.requirements.txt\n"))
    yield case("requirements missing", image(requirements("/src/missing")),
               refused="steps[0].pip_install_from_requirements.requirements.daemon_path")
    yield case("requirements a directory", image(requirements("/src/proj")),
               refused="steps[0].pip_install_from_requirements.requirements.daemon_path")

    yield case("pyproject", image(pyproject("/src/pyproject.toml")))
    yield case("pyproject groups", image(pyproject("/src/pyproject.toml", ["docs", "dev", "unknown", "none"])))
    yield case("pyproject options", image(pyproject("/src/pyproject.toml", ["dev"], find_links=["l k"],
                                                    index_url="https://i", extra_index_urls=["https://e?x=1&y"],
                                                    pre=True, extra_options=" -v ")))
    yield case("pyproject empty", image(pyproject("/src/pyproject-empty.toml")))
    yield case("pyproject without groups", image(pyproject("/src/pyproject-no-groups.toml", ["dev"])))
    yield case("pyproject groups text, not asked for", image(pyproject("/src/pyproject-groups-text.toml")))
    yield case("pyproject crlf", image(pyproject("/src/pyproject-crlf.toml")))
    for name in ["no-project", "project-is-text", "no-dependencies", "dependencies-text", "broken", "latin-1"]:
        yield case(f"pyproject {name}", image(pyproject(f"/src/pyproject-{name}.toml")),
                   refused="steps[0].pip_install_from_pyproject.daemon_path")
    yield case("pyproject groups text", image(pyproject("/src/pyproject-groups-text.toml", ["dev"])),
               refused="steps[0].pip_install_from_pyproject.daemon_path")
    yield case("pyproject missing", image(pyproject("/src/missing")),
               refused="steps[0].pip_install_from_pyproject.daemon_path")


def local_files():
    yield case("file", image(file("/src/a.txt", "/app/a.txt")))
    yield case("file into directory", image(file("/src/a.txt", "/app/")))
    yield case("file into root", image(file("/src/a.txt", "/")))
    yield case("file to relative path", image(file("/src/a.txt", "app/a")))
    yield case("file not normal", image(file("/src//proj/./../a.txt", "/a")))
    yield case("file unicode", image(file("/src/\u00fcn\u00efcode.txt", "/\u00fc/")))
    yield case("file to variable", image(file("/src/a.txt", "$HOME/a.txt")))
    yield case("files in order", image(file("/src/requirements.txt", "/r"), file("/src/a.txt", "/a"),
                                       file("/src/requirements.txt", "/r2")))
    yield case("file with a space", image(file("/src/a b.txt", "/x/")))
    yield case("file to a path with a space", image(file("/src/a.txt", "/x y/a")))
    yield case("file with a no-break space", image(file("/src/nbsp\u00a0x.txt", "/x")))
    yield case("file to what looks like a heredoc", image(file("/src/a.txt", "/x<<EOF")))
    yield case("file to an emoji", image(file("/src/a.txt", "/\U0001f600\u007f")))
    for path, remote, text in [
            ("/src/it's.txt", "/x", "[\"src/it\\\\'s.txt\", \"/x\"]"),
            ("/src/say \"hi\".txt", "/x", '["src/say \\\\\\"hi\\\\\\".txt", "/x"]'),
            ("/src/a.txt", "/it's", "[\"src/a.txt\", \"/it\\\\'s\"]"),
            ("/src/$HOME.txt", "/x", '["src/\\\\$HOME.txt", "/x"]'),
            ("/src/[id].tsx", "/x", '["src/[[]id].tsx", "/x"]')]:
        yield case(f"file {path} to {remote}", image(file(path, remote)),
                   instead("Docker would read other paths from Python's text", f"COPY {text}\n"))
    yield case("file with dash", image(file("/src/-flag.txt", "/x")))
    yield case("file with backslash", image(file("/src/back\\slash.txt", "/x")),
               instead("Docker takes a backslash for an escape"), refused="steps[0].add_local_file.file.daemon_path")
    yield case("file to backslash", image(file("/src/a.txt", "C:\\x")),
               instead("Docker takes a backslash for an escape"), refused="steps[0].add_local_file.remote_path")
    for name, text in BREAKS.items():
        yield case(f"file to {name}", image(file("/src/a.txt", "/" + text)), instead(BROKEN_LINE),
                   refused="steps[0].add_local_file.remote_path")
    yield case("file missing", image(file("/src/missing", "/x")), refused="steps[0].add_local_file.file.daemon_path")
    yield case("file is a directory", image(file("/src/proj", "/x")),
               refused="steps[0].add_local_file.file.daemon_path")

    yield case("directory", image(directory("/src/proj", "/app")))
    yield case("directory with slashes", image(directory("/src/proj/", "/app/")))
    yield case("directory empty", image(directory("/src/empty", "/e")))
    yield case("directory with space", image(directory("/src/dir with space", "/d")))
    yield case("directory missing", image(directory("/src/missing", "/x")),
               refused="steps[0].add_local_dir.directory.daemon_path")
    yield case("directory is a file", image(directory("/src/a.txt", "/x")),
               refused="steps[0].add_local_dir.directory.daemon_path")


def runs():
    def run(*items):
        return {"run_commands": {"commands": [
            {"shell": item} if isinstance(item, str) else {"exec": {"words": item}} for item in items]}}

    yield case("run", image(run("echo hi", "apt-get update && apt-get install -y git")))
    yield case("run both forms", image(run("echo hi", ["bash", "-c", "echo Hello"])))
    yield case("run exec golden", image(run(["bash", "-c", "echo \"a\" 'b'"])))
    yield case("run json by hand", image(run('["echo", "hi"]')))
    yield case("run mount", image(run("--mount=type=cache,target=/c make")))
    yield case("run continued", image(run("a \\\n  && b \\\n  # comment\n  && c")))
    yield case("run heredoc", image(run("<<EOF\napt-get update\nFROM evil\nEOF"), run("next")))
    yield case("run heredoc to a file", image(run("cat <<'A B' >/x\nRUN x\nA B")))
    yield case("run shift", image(run("echo $((1 << 2))")))
    yield case("run quoted heredoc", image(run("echo '<<EOF'")))
    yield case("run trailing newline", image(run("a\n")))
    for name, text in WORDS.items():
        if text.strip() and not text.endswith("\\") and text != "<<EOF":
            yield case(f"run {name}", image(run(text)))
        kept = "'a\\'" if text == "a\\" else None
        yield case(f"run exec {name}", image(run(["x", text, "y"])),
                   instead("Python's quotes would stay open", f'RUN "x" {kept} "y"\n') if kept else None)
    yield case("run exec backslash before quote", image(run(["a\\\"b"])),
               instead("Python's quotes would end in the middle", "RUN 'a\\\"b'\n"))
    for name, text, reason in [("newline", "a\nRUN b", "is two instructions"), ("second FROM", "a\nFROM evil", "two"),
                               ("open continuation", "a \\", "would take the next line"),
                               ("open double backslash", "a \\\\", "an older Docker would take the next line"),
                               ("open heredoc", "cat <<EOF", "would take the next lines"),
                               ("heredoc and more", "cat <<EOF\nx\nEOF\nUSER root", "is two instructions"),
                               ("not a heredoc", "cat<<EOF\nx\nEOF", "is three instructions for Docker"),
                               ("heredoc in quotes", "echo '<<EOF'\nx\nEOF", "is three instructions"),
                               ("leading newline", "\na", "is two instructions"),
                               ("carriage return", "a\rb", "a line end for some readers"),
                               ("NUL", "a\u0000b", "nothing can run it"), ("empty", "", "runs nothing"),
                               ("blank", "  ", "runs nothing")]:
        yield case(f"run refused {name}", image(run(text)), instead(reason),
                   refused="steps[0].run_commands.commands[0].shell")
    for name, text in BREAKS.items():
        yield case(f"run exec {name}", image(run(["a", text])), instead(BROKEN_LINE),
                   refused="steps[0].run_commands.commands[0].exec.words[1]")
    yield case("run exec nothing", image(run([])), instead("runs nothing"),
               refused="steps[0].run_commands.commands[0].exec.words")


def words():
    def env(*pairs):
        return {"env": {"variables": [{"name": n, "value": v} for n, v in pairs]}}

    yield case("env nothing", image({"env": {"variables": []}}))
    yield case("env in order", image(env(("B", "1"), ("A", "2"), ("_x", ""), ("a.b-c", "y"))))
    for name, text in WORDS.items():
        yield case(f"env {name}", image(env(("K", text), ("L", "x"))))
        yield case(f"workdir {name}", image({"workdir": text}),
                   *((instead("is required"), "steps[0].workdir") if not text else ()))
    for name, text in BREAKS.items():
        yield case(f"env value {name}", image(env(("K", text))), instead(BROKEN_LINE),
                   refused="steps[0].env.variables[0].value")
        yield case(f"workdir {name}", image({"workdir": text}), instead(BROKEN_LINE), refused="steps[0].workdir")
    for name in ["", "A B", "A=B", "A\nRUN x", "1A", "A\\", "$A", "A'", "\u00e4", ".x"]:
        yield case(f"env name {name!r}", image(env(("K", "v"), (name, "v"))), instead("not a variable's name"),
                   refused="steps[0].env.variables[1].name")

    for kind in ["entrypoint", "cmd"]:
        keyword = kind.upper()
        yield case(f"{kind} nothing", image({kind: {"words": []}}))
        yield case(f"{kind} words", image({kind: {"words": ["/bin/bash", "-c", "echo hi"]}}))
        yield case(f"{kind} escaped before", image({kind: {"words": ["echo \\\"hi\\\"", "a\\\\b", "\\u00e9"]}}))
        escaped = {"double quote": 'say \\"hi\\"', "both quotes": "it's \\\"x\\\"", "backslash at the end": "a\\\\",
                   "tab": "a\\u0009b", "escape code": "\\u001b[0m"}
        for name, text in WORDS.items():
            differs = instead("no JSON without escapes", f'{keyword} ["{escaped[name]}", "x"]\n') if name in escaped else None
            yield case(f"{kind} {name}", image({kind: {"words": [text, "x"]}}), differs)
        yield case(f"{kind} two words in one", image({kind: {"words": ['a", "b']}}),
                   instead("Python's text would be two words", f'{keyword} ["a\\", \\"b"]\n'))
        yield case(f"{kind} newline", image({kind: {"words": ["a\nRUN evil"]}}),
                   instead("Python's text would end the line", f'{keyword} ["a\\nRUN evil"]\n'))
        yield case(f"{kind} carriage return", image({kind: {"words": ["a\rb"]}}),
                   instead("no JSON without escapes", f'{keyword} ["a\\u000db"]\n'))
        yield case(f"{kind} line separator", image({kind: {"words": ["a\u2028b"]}}),
                   instead("a line end for some readers", f'{keyword} ["a\\u2028b"]\n'))
        yield case(f"{kind} NUL", image({kind: {"words": ["a\u0000b"]}}), instead("no word can hold it"),
                   refused=f"steps[0].{kind}.words[0]")


def dockerfiles():
    yield case("commands", image(commands(["RUN a", "  # comment", "", "USER x"])))
    yield case("commands none", image(commands([])))
    yield case("commands continued", image(commands(["RUN a \\", "  && b"])))
    yield case("commands several lines in one", image(commands(["RUN a\nRUN b", "ENV X=1"])))
    yield case("commands then step", image(commands(["RUN a"]), {"workdir": "/w"}))
    yield case("commands open at the end", image(commands(["RUN a \\"])))
    yield case("commands open before a step", image(commands(["RUN a \\"]), {"workdir": "/w"}),
               instead("the step would become part of the command"), refused="steps[0].dockerfile_commands.commands")

    copy = "steps[0].dockerfile_commands.context_dir"
    root = "/src/proj/"
    yield case("copy", image(commands(["COPY x.py /app/", "copy\ty.py sub /app/"], root)))
    yield case("copy flags", image(commands(["COPY --chown=1:1 --chmod=644 x.py /app/", "COPY --from=base /x /y"], root)))
    yield case("copy quoted word", image(commands(["COPY 'x.py' \"y.py\" /app/"], root)))
    yield case("copy glob", image(commands(["COPY *.txt /app/"], root)))
    yield case("copy glob in directories", image(commands(["COPY s*/d??p/[a-w].txt /app/"], root)))
    yield case("copy heredoc", image(commands(["COPY <<EOF /app/", "x", "EOF", "RUN a"], root)))
    yield case("copy from elsewhere only", image(commands(["# COPY x.py /", "RUN COPY a b", "COPYX a b"], root)))
    yield case("copy twice", image(commands(["COPY x.py /a", "COPY x.py /b"], root)))
    yield case("copy context without slash", image(commands(["COPY x.py ./sub/ s*b/z.txt . /a"], "/src/proj")))
    yield case("copy dot path", image(commands(["COPY ./x.py sub/ ./sub/ /a"], root)))
    yield case("copy and back", image(commands(["COPY sub/../x.py sub/deep/.././z.txt sub//z.txt /a"], root)))
    yield case("copy pattern not normal", image(commands(["COPY ./x*.py ./s*/ sub/../y* sub//z* s*b/deep/ /a"], root)))
    yield case("copy pattern and back", image(commands(["COPY s*/../x.py /a"], root)),
               instead("Python writes what the pattern found, and back", contexts=[["/src/proj/x.py", "x.py"]]))
    yield case("copy all", image(commands(["COPY . /a"], root)))
    yield case("copy all with slash", image(commands(["COPY ./ /a"], root)))
    yield case("copy host path", image(commands(["COPY /src/proj/x.py /src/proj//sub/ /a"], root)))
    yield case("copy absolute path", image(commands(["COPY /x.py /a"], root)),
               instead("Docker looks for it in the context", contexts=[["/src/proj/x.py", "x.py"]]))
    yield case("copy glob with hidden file", image(commands(["COPY *.py /app/"], root)),
               instead("Docker's pattern matches it too", contexts=[
                   [root + name, name] for name in [".hidden.py", "x.py", "y.py"]]))
    yield case("copy continued", image(commands(["COPY \\", " # y", " x.py \\", "", "  y.py /a"], root)))
    yield case("copy json", image(commands(['COPY ["x.py", "with space.txt", "./sub/", "/a"]'], root)))
    yield case("copy json with flags", image(commands(['copy --chown=1:1 --link  [ "x.py","y*" , "/a" ] '], root)))
    yield case("copy json continued", image(commands(['COPY ["x.py", \\', '  "y.py", "/a"]'], root)))
    yield case("copy json of escapes", image(commands(['COPY ["\\u0078.py", "/a"]'], root)))
    yield case("copy json from a stage", image(commands(['COPY --from=base ["/x", "/y"]'], root)))
    yield case("copy no json", image(commands(["COPY [x.py, /a]"], root)),
               instead("Docker takes the words as they are, and does not find them"), refused=copy)
    yield case("copy link", image(commands(["COPY --link x.py y.py /a"], root)))
    yield case("copy parents", image(commands(["COPY --parents --exclude=*.md **/w.txt /a"], root)),
               instead("Python takes ** for *", contexts=[["/src/proj/sub/deep/w.txt", "sub/deep/w.txt"]]))
    yield case("copy in heredoc body", image(commands(["RUN <<EOF", "COPY nothing /x", "EOF"], root)),
               instead("Python reads the script as instructions", contexts=[]))
    yield case("add", image(commands(["ADD x.py https://example.com/y /a", "ADD git@github.com:a/b.git /b"], root)),
               instead("Python leaves ADD to its luck", contexts=[["/src/proj/x.py", "x.py"]]))
    for name, line in [("missing", "COPY missing /a"), ("no match", "COPY *.rs /a"), ("above", "COPY ../a.txt /a"),
                       ("above after all", "COPY sub/../../a.txt /a"), ("variable", "COPY $X /a"),
                       ("open quote", "COPY 'x.py /a"), ("no destination", "COPY x.py"),
                       ("space in quotes", "COPY \"with space.txt\" /a")]:
        yield case(f"copy {name}", image(commands([line], root)),
                   instead("it would fail when it is built"), refused=copy)
    yield case("commands context missing", image(commands(["RUN a"], "/src/missing")), refused=copy + ".daemon_path")
    yield case("commands context a file", image(commands(["RUN a"], "/src/a.txt")), refused=copy + ".daemon_path")

    def dockerfile(name, *steps):
        return {"dockerfile": {"daemon_path": f"/src/docker/{name}"}, "steps": list(steps)}

    yield case("dockerfile", dockerfile("Dockerfile"))
    yield case("dockerfile and steps", dockerfile("Dockerfile", {"workdir": "/w"}, {"cmd": {"words": ["x"]}}))
    yield case("dockerfile without newline", dockerfile("no-newline"))
    yield case("dockerfile without newline and a step", dockerfile("no-newline", {"workdir": "/w"}),
               instead("Python appends to the last line", "WORKDIR /w\n"))
    for name in ["crlf", "cr", "mixed", "byte-order-mark", "everything", "as-it-is-written"]:
        yield case(f"dockerfile {name}", dockerfile(name))
    for name in ["latin-1", "utf-16", "surrogate"]:
        yield case(f"dockerfile {name}", dockerfile(name), refused="dockerfile.daemon_path")
    yield case("dockerfile heredoc", dockerfile("heredoc"),
               instead("Python reads the text as instructions", contexts=[]))
    yield case("dockerfile open", dockerfile("open"))
    yield case("dockerfile open and a step", dockerfile("open", {"workdir": "/w"}),
               instead("the step would become part of the command"), refused="dockerfile.daemon_path")
    yield case("dockerfile of comments", dockerfile("comment-only"), instead("nothing can be built"),
               refused="dockerfile.daemon_path")
    yield case("dockerfile missing", dockerfile("missing"), refused="dockerfile.daemon_path")
    yield case("dockerfile a directory", dockerfile("sub"), refused="dockerfile.daemon_path")


def cases():
    for group in [bases, pips, pip_files, local_files, runs, words, dockerfiles]:
        yield from group()
