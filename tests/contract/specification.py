"""Validates exchanges with openapi-core against openapi-0.205.json and its overlay, more strictly than the document
asks for: a query parameter or a member that it does not know is an error, too.
"""

import copy
import re

from openapi_core import V30RequestValidator, V30ResponseValidator
from openapi_core.datatypes import RequestParameters
from openapi_core.validation.request.exceptions import ParameterValidationError
from jsonschema_path import SchemaPath
from werkzeug.datastructures import Headers, ImmutableMultiDict

from overlay import Overlay

_HOST = "http://upstream"
_BASE = "/api"


class _Request:
    """An exchange's request in the form that openapi-core expects."""

    def __init__(self, exchange):
        self.host_url = _HOST
        self.path = exchange.path
        self.method = exchange.method.lower()
        self.content_type = exchange.request_headers.get("content-type", "")
        self.body = exchange.request_body or None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(exchange.query), header=Headers(exchange.request_headers), cookie={}, path={}
        )


class _Response:
    def __init__(self, exchange, status):
        self.status_code = status
        self.headers = Headers(exchange.response_headers)
        self.content_type = exchange.response_headers.get("content-type", "").split(";")[0]
        self.data = exchange.response_body


def _closed(document):
    """The document, with every object that has named members closed to others."""

    def close(node):
        if isinstance(node, list):
            for item in node:
                close(item)
        if isinstance(node, dict):
            if isinstance(node.get("properties"), dict) and "additionalProperties" not in node:
                node["additionalProperties"] = False
            for value in node.values():
                close(value)

    closed = copy.deepcopy(document)
    close(closed["components"]["schemas"])
    closed["servers"] = [{"url": _HOST + _BASE}]
    return closed


class Specification:
    def __init__(self):
        overlay = Overlay()
        document = overlay.document
        # Operations that newer servers lack, to their replacements.
        self.removed = overlay.removed_operations
        self._spec = SchemaPath.from_dict(_closed(document))
        self._requests = V30RequestValidator(self._spec)
        self._responses = V30ResponseValidator(self._spec)
        # "GET /sandbox/{sandboxIdOrName}" to the operation's allowed queries.
        self.operations = {}
        self._statuses = {}
        self._paths = []
        for path, item in document["paths"].items():
            for method, operation in item.items():
                known = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
                self.operations[f"{method.upper()} {path}"] = known
                self._statuses[f"{method.upper()} {path}"] = list(operation["responses"])
            pattern = re.compile(re.sub(r"\\\{[^/]*?\\\}", "[^/]+", re.escape(_BASE + path)))
            self._paths.append((path, pattern))
        # A path without parameters takes precedence over one with parameters.
        self._paths.sort(key=lambda entry: entry[0].count("{"))

    def operation(self, exchange):
        """The operation's name; None if the document has none for this request."""
        for path, pattern in self._paths:
            name = f"{exchange.method} {path}"
            if pattern.fullmatch(exchange.path) and name in self.operations:
                return name
        return None

    def request_errors(self, exchange):
        operation = self.operation(exchange)
        if operation is None:
            yield f"{exchange.method} {exchange.path}: is not in the document"
            return
        for name in sorted({name for name, _ in exchange.query} - self.operations[operation]):
            yield f"{operation}: query {name}: is not in the document"
        for error in self._requests.iter_errors(_Request(exchange)):
            yield from _lines(f"{operation}: request", error)

    def response_errors(self, exchange):
        operation = self.operation(exchange)
        if operation is None:
            yield f"{exchange.method} {exchange.path}: is not in the document"
            return
        status = exchange.status
        if status == 304 and "if-none-match" in exchange.request_headers:
            return  # HTTP's own answer to a condition, which API documents do not list
        if str(status) not in self._statuses[operation]:
            yield f"{operation}: {status}: this status is not in the document"
            if status >= 400:
                return
            # The body is at least that of a success.
            status = int(min(self._statuses[operation]))
        for error in self._responses.iter_errors(_Request(exchange), _Response(exchange, status)):
            yield from _lines(f"{operation}: {exchange.status}", error)


def _lines(where, error):
    """An error of openapi-core, or each schema error it consists of."""
    place = f"{error.location} {error.name}" if isinstance(error, ParameterValidationError) else "body"
    cause = error
    while cause is not None and not hasattr(cause, "schema_errors"):
        cause = cause.__cause__
    if cause is None:
        yield f"{where}: {place}: {error.__cause__ or error}"
        return
    for schema_error in cause.schema_errors:
        path = "".join("[]" if isinstance(part, int) else f".{part}" for part in schema_error.absolute_path)
        yield f"{where}: {place}{path}: {schema_error.message}"
