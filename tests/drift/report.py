"""Reports what the newest packages of Daytona's clients have that we do not map.

    build/test-env/conformance/python/bin/python tests/drift/report.py

fetches the newest daytona-api-client of PyPI and @daytona/api-client of npm into a temporary directory, reads their
sources and compares them with the document of tests/contract and with the daemon's sources; and it looks whether the
SDKs that the tests use are the newest. It prints a line for each difference. Exit status: 0 if there is none, 1 if
there are some, 2 if a package could not be fetched. README.md says more.
"""

import argparse
import dataclasses
import fnmatch
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CONTRACT = ROOT / "tests" / "contract"
SDK_TESTS = [ROOT / "tests" / "conformance", ROOT / "tests" / "sdk"]
UPSTREAM = ROOT / "daemon" / "upstream" / "v0"
PROTO = ROOT / "proto" / "daytonad" / "v1"
sys.path[:0] = [str(HERE), str(CONTRACT)]

import clients  # noqa: E402
from overlay import Overlay  # noqa: E402

# Paths whose operations the daemon should use, or omits for a stated reason. The others are listed in unmapped.yaml.
MAPPED = ("/sandbox", "/snapshots", "/volumes", "/object-storage", "/config", "/health")
METHODS = ("get", "put", "post", "patch", "delete")

# ---- Packages


def _run(*command, directory):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(f"{' '.join(map(str, command))}: {done.stderr}")
        sys.exit(2)


def _fetch_wheel(package, directory):
    """The newest release's file, and its version; no pre-release."""
    _run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", package, directory=directory)
    (wheel,) = directory.glob(f"{package.replace('-', '_')}-[0-9]*.whl")
    return wheel, wheel.name.split("-")[1]


def _fetch_tarball(package, directory):
    _run("npm", "pack", "--silent", package, directory=directory)
    stem = package.removeprefix("@").replace("/", "-") + "-"
    (tarball,) = directory.glob(f"{stem}[0-9]*.tgz")
    return tarball, tarball.name.removeprefix(stem).removesuffix(".tgz")


def fetch_clients(directory):
    wheel, version = _fetch_wheel("daytona-api-client", directory)
    zipfile.ZipFile(wheel).extractall(directory)
    python = clients.read(directory / "daytona_api_client", f"PyPI daytona-api-client {version}")
    tarball, version = _fetch_tarball("@daytona/api-client", directory)
    with tarfile.open(tarball) as archive:
        archive.extractall(directory, filter="data")
    return [python, clients.read(directory / "package", f"npm @daytona/api-client {version}")]


def fetch_sdk_versions(directory):
    """The newest SDKs, by the names that pinned_sdks() has for them."""
    _, python = _fetch_wheel("daytona", directory)
    _, typescript = _fetch_tarball("@daytona/sdk", directory)
    return {"daytona": python, "@daytona/sdk": typescript}


def pinned_sdks(directory):
    """The versions of the SDKs that the tests in the directory use."""
    (python,) = re.findall(r"^daytona==(\S+)", (directory / "requirements.txt").read_text(), re.MULTILINE)
    dependencies = json.loads((directory / "package.json").read_text())["dependencies"]
    return {"daytona": python, "@daytona/sdk": dependencies["@daytona/sdk"]}


def older_sdks(pinned, newest):
    return [
        f"{name} {version} is out, and {pinned[name]} is used"
        for name, version in newest.items()
        if version != pinned[name]
    ]


# ---- What we have


@dataclasses.dataclass
class Enum:
    values: set
    # Its name in the document, or what it would be if defined inline in a member: "SandboxClass".
    name: str


class Document:
    """The OpenAPI document, as far as the daemon uses it."""

    def __init__(self, overlay, unmapped_operations):
        self._schemas = overlay.document["components"]["schemas"]
        self.removed_operations = set(overlay.removed_operations)
        self.removed_values = overlay.removed_values
        # "GET /sandbox" to the names of its queries.
        self.operations = {}
        waiting = []
        for path, item in overlay.document["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                name, operation = f"{method.upper()} {path}", item[method]
                parameters = operation.get("parameters", ())
                self.operations[name] = {p["name"] for p in parameters if p["in"] == "query"}
                if name not in unmapped_operations and name not in self.removed_operations:
                    waiting.append(operation)
        self.used_operations = self.operations.keys() - unmapped_operations - self.removed_operations
        # Of the schemas reachable from these operations: members by schema, and values by enum. An inline enum is named
        # as by the generator.
        self.fields, self.enums = {}, {}
        self._reach(waiting)

    def _reach(self, waiting):
        seen = set()
        while waiting:
            for name in set(_references(waiting.pop())) - seen:
                seen.add(name)
                schema = self._schemas[name]
                waiting.append(schema)
                if "enum" in schema:
                    self.enums[_client_name(name)] = Enum(set(schema["enum"]), name)
                if "properties" in schema:
                    self._add_members(_client_name(name), schema["properties"])

    def _add_members(self, name, properties):
        self.fields[name] = set(properties)
        for member, schema in properties.items():
            if "enum" in schema:
                capital = member[0].upper() + member[1:]
                self.enums[f"{name}{capital}Enum"] = Enum(set(schema["enum"]), capital)


def _client_name(schema):
    """The generator's name of the schema."""
    return schema.replace("_", "")


def _references(node):
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/components/schemas/")
        for value in node.values():
            yield from _references(value)


class Sources:
    """The names in the daemon's sources."""

    def __init__(self, upstream, proto):
        # All text in quotes.
        self._words = set()
        for path in [*upstream.rglob("*.cc"), *upstream.rglob("*.h")]:
            if not path.name.endswith("_test.cc"):
                self._words.update(re.findall(r'"([^"\\\n]*)"', path.read_text()))
        # The values of the contract's enums: texts are derived from their names.
        self._values = set()
        for path in proto.glob("*.proto"):
            self._values.update(re.findall(r"^  ([A-Z][A-Z0-9_]*) = \d+;", path.read_text(), re.MULTILINE))

    def name(self, word):
        return word in self._words

    def name_value(self, enum, value):
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum).upper()
        return value in self._words or f"{prefix}_{re.sub('[^A-Z0-9]', '_', value.upper())}" in self._values


class Unmapped:
    """unmapped.yaml: known, and not mapped for a reason. `*` in an entry matches anything."""

    def __init__(self, path):
        self._entries = {}
        for node in yaml.safe_load(path.read_text()) or ():
            if node.keys() != {"what", "reason"} or not all(node.values()):
                raise ValueError(f"{path}: {node} needs what and reason, and nothing else")
            self._entries[node["what"]] = node["reason"]
        self._used = set()

    def covers(self, what):
        covering = {entry for entry in self._entries if fnmatch.fnmatchcase(what, entry)}
        self._used |= covering
        return bool(covering)

    def stale(self):
        return [entry for entry in self._entries if entry not in self._used]


# ---- The comparison


@dataclasses.dataclass
class Drift:
    document: Document
    sources: Sources
    unmapped: Unmapped
    clients: list
    # Each difference, to the names of the clients that show it.
    found: dict = dataclasses.field(default_factory=dict)

    def _find(self, what, where):
        self.found.setdefault(what, []).append(where)

    def run(self):
        for client in self.clients:
            self._new(client)
        self._gone()
        self._not_mapped()
        for entry in self.unmapped.stale():
            self._find(f"unmapped.yaml: {entry} is mapped by now, or there is nothing of that name", "here")
        return self.found

    def _new(self, client):
        for name, queries in client.operations.items():
            if name not in self.document.operations:
                kind = "new" if name.split(" ")[1].startswith(MAPPED) else "of a new kind"
                if not self.unmapped.covers(name):
                    self._find(f"operation {name} is {kind}", client.name)
            elif name in self.document.used_operations:
                for query in sorted(queries - self.document.operations[name]):
                    self._find(f"query {query} of {name} is new", client.name)
        for schema, known in self.document.fields.items():
            for member in sorted(client.fields.get(schema, set()) - known):
                self._find(f"member {schema}.{member} is new", client.name)
        for enum, known in self.document.enums.items():
            for value in sorted(client.enums.get(enum, set()) - known.values):
                self._find(f"value {value} of {enum} is new", client.name)

    def _gone(self):
        """Everything that no client has any more, except schemas that none has at all: a language may omit them."""
        document = self.document
        shown = self._all("operations")
        for name in sorted(document.operations.keys() - shown.keys() - document.removed_operations):
            self._find(f"operation {name} is gone", "all")
        for name in sorted(document.removed_operations & shown.keys()):
            self._find(f"operation {name} is there, though overlay.yaml has it as removed", "some")
        for name in sorted(document.used_operations & shown.keys()):
            for query in sorted(document.operations[name] - shown[name]):
                self._find(f"query {query} of {name} is gone", "all")
        shown = self._all("fields")
        for schema in sorted(document.fields.keys() & shown.keys()):
            for member in sorted(document.fields[schema] - shown[schema]):
                self._find(f"member {schema}.{member} is gone", "all")
        shown = self._all("enums")
        for name in sorted(document.enums.keys() & shown.keys()):
            enum = document.enums[name]
            for value in sorted(enum.values - shown[name]):
                if (enum.name, value) not in document.removed_values:
                    self._find(f"value {value} of {name} is gone", "all")

    def _all(self, kind):
        together = {}
        for client in self.clients:
            for name, items in getattr(client, kind).items():
                together.setdefault(name, set()).update(items)
        return together

    def _not_mapped(self):
        document = self.document
        where = "daemon/upstream"
        for name in sorted(document.used_operations):
            for query in sorted(document.operations[name]):
                if not self.sources.name(query) and not self.unmapped.covers(f"{name} {query}"):
                    self._find(f"query {query} of {name} is not mapped", where)
        for schema in sorted(document.fields):
            for member in sorted(document.fields[schema]):
                if not self.sources.name(member) and not self.unmapped.covers(f"{schema}.{member}"):
                    self._find(f"member {schema}.{member} is not mapped", where)
        for enum in sorted(document.enums):
            for value in sorted(document.enums[enum].values):
                is_named = self.sources.name_value(document.enums[enum].name, value)
                if not is_named and not self.unmapped.covers(f"{enum} {value}"):
                    self._find(f"value {value} of {enum} is not mapped", where)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    listed = {entry["operation"] for entry in yaml.safe_load((CONTRACT / "unmapped_operations.yaml").read_text())}
    with tempfile.TemporaryDirectory(prefix="drift-") as directory:
        directory = pathlib.Path(directory)
        newest = fetch_clients(directory)
        newest_sdks = fetch_sdk_versions(directory)
    drift = Drift(
        Document(Overlay(), listed),
        Sources(UPSTREAM, PROTO),
        Unmapped(HERE / "unmapped.yaml"),
        newest,
    )
    found = drift.run()
    for tests in SDK_TESTS:
        for line in older_sdks(pinned_sdks(tests), newest_sdks):
            found[line] = [f"tests/{tests.name}"]
    for what, where in found.items():
        print(f"{what} ({', '.join(where)})")
    print(f"{', '.join(client.name for client in newest)}: {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
