"""openapi-0.205.json with the additions of newer clients in overlay.yaml."""

import json
import pathlib

import yaml

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE / "openapi-0.205.json"
OVERLAY = HERE / "overlay.yaml"

# The members of an entry, by section; "removed" has entries of two forms.
_MEMBERS = {
    "fields": [{"schema", "field", "type", "source"}],
    "integers": [{"schema", "fields", "source"}],
    "queries": [{"operation", "query", "type", "source"}],
    "enum_values": [{"schema", "value", "source"}],
    "removed": [{"operation", "replacement", "source"}, {"schema", "value", "source"}],
}


class Stale(ValueError):
    """The document has the entry already, or lacks its target."""


def _check(entries):
    if entries.keys() != _MEMBERS.keys():
        raise ValueError(f"overlay.yaml has the sections {', '.join(_MEMBERS)}, and no others")
    for section, forms in _MEMBERS.items():
        for entry in entries[section]:
            if set(entry) not in forms or not all(entry.values()):
                raise ValueError(f"overlay.yaml, {section}: {entry} has not the members that it needs")


def _operation(document, name):
    method, path = name.split(" ")
    try:
        return document["paths"][path][method.lower()]
    except KeyError:
        raise Stale(f"the document has no {name}") from None


def enums_of(node, values):
    """The lists of values of every enum in the document that has exactly these: some are written out where they are
    used."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list) and set(node["enum"]) == values:
            yield node["enum"]
        for value in node.values():
            yield from enums_of(value, values)


def _add(document, entries):
    schemas = document["components"]["schemas"]
    for entry in entries["fields"]:
        properties = schemas[entry["schema"]]["properties"]
        if entry["field"] in properties:
            raise Stale(f"{entry['schema']}.{entry['field']} is in the document")
        properties[entry["field"]] = entry["type"]
    for entry in entries["integers"]:
        for name in entry["fields"]:
            if schemas[entry["schema"]]["properties"][name] != {"type": "number"}:
                raise Stale(f"{entry['schema']}.{name} is no plain number in the document")
            schemas[entry["schema"]]["properties"][name] = {"type": "integer"}
    for entry in entries["queries"]:
        parameters = _operation(document, entry["operation"])["parameters"]
        if any(parameter["name"] == entry["query"] for parameter in parameters):
            raise Stale(f"{entry['operation']} has the query {entry['query']} in the document")
        parameters.append({"name": entry["query"], "in": "query", "required": False, "schema": entry["type"]})
    for entry in entries["enum_values"]:
        known = set(schemas[entry["schema"]]["enum"])
        if entry["value"] in known:
            raise Stale(f"{entry['schema']} has {entry['value']} in the document")
        for values in enums_of(document, known):
            values.append(entry["value"])


class Overlay:
    """`document` has everything; the rest lists what newer servers lack."""

    def __init__(self, document_path=DOCUMENT, overlay_path=OVERLAY):
        self.document = json.loads(document_path.read_text())
        self.entries = yaml.safe_load(overlay_path.read_text())
        _check(self.entries)
        _add(self.document, self.entries)
        # "GET /sandbox/paginated" to its replacement.
        self.removed_operations = {}
        # ("SandboxClass", "android")
        self.removed_values = set()
        for entry in self.entries["removed"]:
            if "operation" in entry:
                _operation(self.document, entry["operation"])
                _operation(self.document, entry["replacement"])
                self.removed_operations[entry["operation"]] = entry["replacement"]
            else:
                if entry["value"] not in self.document["components"]["schemas"][entry["schema"]]["enum"]:
                    raise Stale(f"the document's {entry['schema']} has no {entry['value']}")
                self.removed_values.add((entry["schema"], entry["value"]))
