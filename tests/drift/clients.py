"""Reads the contents of an API's generated client: operations with their queries, members of models, values of enums.

Both readers look at the sources as openapi-generator writes them; nothing of a package is run.
"""

import ast
import dataclasses
import pathlib
import re

# The generator's addition to each enum for unknown values.
_UNKNOWN = "UNKNOWN_DEFAULT_OPEN_API"


@dataclasses.dataclass
class Client:
    name: str  # "PyPI daytona-api-client 0.231.0"
    # "GET /sandbox" to the names of its queries.
    operations: dict = dataclasses.field(default_factory=dict)
    # "Sandbox" to the names of its members, as they are sent.
    fields: dict = dataclasses.field(default_factory=dict)
    # "GpuType" to its values.
    enums: dict = dataclasses.field(default_factory=dict)


# ---- Python


def _python_operation(function):
    """(name, queries) of a method that builds a request."""
    queries, method, path = set(), None, None
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "append" and getattr(node.func.value, "id", "") == "_query_params":
            queries.add(node.args[0].elts[0].value)
        if node.func.attr == "param_serialize":
            arguments = {keyword.arg: keyword.value for keyword in node.keywords}
            method, path = arguments["method"].value, arguments["resource_path"].value
    return f"{method} {path}", queries


def _python_class(definition, client):
    bases = {getattr(base, "id", "") for base in definition.bases}
    for node in definition.body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "__properties":
            client.fields[definition.name] = {name.value for name in node.value.elts}
        if "Enum" in bases and isinstance(node, ast.Assign) and node.targets[0].id != _UNKNOWN:
            client.enums.setdefault(definition.name, set()).add(node.value.value)


def read_python(directory, name):
    """`directory` is the package's, with api/ and models/."""
    client = Client(name)
    for path in sorted((directory / "api").glob("*_api.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.endswith("_serialize"):
                operation, queries = _python_operation(node)
                client.operations[operation] = queries
    for path in sorted((directory / "models").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                _python_class(node, client)
    return client


# ---- TypeScript

_REQUEST = re.compile(
    r"localVarPath = `(?P<path>[^`]*)`|method: '(?P<method>[A-Z]+)'|localVarQueryParameter\['(?P<query>[^']*)'\]"
)
_INTERFACE = re.compile(r"^export interface (\w+)[^{\n]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"^    '([^']+)'\??:", re.MULTILINE)
_ENUM = re.compile(r"^export declare const (\w+): \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
_VALUE = re.compile(r"^    readonly (\w+): \"([^\"]*)\";", re.MULTILINE)


def read_typescript(directory, name):
    """`directory` is the package's, with src/api and src/models."""
    client = Client(name)
    for path in sorted((directory / "src" / "api").glob("*-api.js")):
        path_of_request, queries = None, set()
        # A request's path comes first, then its method, then its queries.
        for found in _REQUEST.finditer(path.read_text()):
            if found["path"] is not None:
                path_of_request = found["path"]
            elif found["method"] is not None and path_of_request is not None:
                queries = client.operations.setdefault(f"{found['method']} {path_of_request}", set())
            elif found["query"] is not None:
                queries.add(found["query"])
    for path in sorted((directory / "src" / "models").glob("*.d.ts")):
        text = path.read_text()
        for model, members in _INTERFACE.findall(text):
            client.fields[model] = set(_MEMBER.findall(members))
        for enum, values in _ENUM.findall(text):
            client.enums[enum] = {value for key, value in _VALUE.findall(values) if key != _UNKNOWN}
    return client


def read(directory, name):
    """A client in either language, by the contents of the directory."""
    directory = pathlib.Path(directory)
    return read_typescript(directory, name) if (directory / "src").is_dir() else read_python(directory, name)
