"""Reduces Daytona's OpenAPI document to what the tests validate with.

    reduce_openapi.py api.json > openapi-0.205.json

Kept are the operations on sandboxes, snapshots, volumes, object storage, configuration and health, and the schemas that
they reach; descriptions, summaries, examples and extensions are left out.
"""

import json
import sys

PATHS = ("/sandbox", "/snapshots", "/volumes", "/object-storage", "/config", "/health")
PROSE = {"description", "summary", "example", "examples", "externalDocs", "tags"}
# Objects whose members have arbitrary names, possibly "description".
NAMED = {"properties", "schemas", "responses", "paths", "parameters", "securitySchemes", "mapping"}


def is_kept(path):
    return any(path == prefix or path.startswith(prefix + "/") for prefix in PATHS)


def without_prose(node, named=False):
    if isinstance(node, list):
        return [without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: without_prose(value, name in NAMED)
        for name, value in node.items()
        if named or (name not in PROSE and not name.startswith("x-"))
    }


def references(node):
    """Names of the referenced schemas."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix("#/components/schemas/")
        for value in node.values():
            yield from references(value)


def reduce(document):
    paths = {path: item for path, item in document["paths"].items() if is_kept(path)}
    all_schemas = document["components"]["schemas"]
    schemas = {}
    wanted = set(references(paths))
    while wanted:
        name = wanted.pop()
        schemas[name] = all_schemas[name]
        wanted |= set(references(all_schemas[name])) - schemas.keys()
    reduced = without_prose({"paths": paths, "components": {"schemas": schemas}})
    for item in reduced["paths"].values():
        for operation in item.values():
            # There is one credential for all of them, and its header is compared elsewhere.
            operation.pop("security", None)
            for response in operation["responses"].values():
                response["description"] = ""  # required by OpenAPI
    title = {"title": document["info"]["title"], "version": document["info"]["version"]}
    return {"openapi": document["openapi"], "info": title, **reduced}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(reduce(json.load(file)), indent=1, sort_keys=True))
