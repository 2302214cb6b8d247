"""Tests that the validation finds invalid exchanges."""

import json
import unittest

from recording_proxy import Exchange
from specification import Specification

SPECIFICATION = Specification()
JSON = {"content-type": "application/json"}


def request_errors(method, path, query=(), body=None):
    content = b"" if body is None else json.dumps(body).encode()
    return list(SPECIFICATION.request_errors(Exchange(method, path, list(query), JSON if content else {}, content)))


def answer_errors(method, path, status, body):
    exchange = Exchange(method, path, [], {}, b"", status, JSON, json.dumps(body).encode())
    return list(SPECIFICATION.response_errors(exchange))


class Requests(unittest.TestCase):
    def test_a_valid_one(self):
        self.assertEqual(request_errors("POST", "/api/sandbox", body={"cpu": 1, "env": {"A": "1"}}), [])
        self.assertEqual(request_errors("GET", "/api/sandbox", [("states", "started"), ("states", "stopped")]), [])

    def test_a_path_that_is_not_there(self):
        self.assertEqual(request_errors("GET", "/api/nothing"), ["GET /api/nothing: is not in the document"])

    def test_a_path_without_parameters_goes_first(self):
        exchange = Exchange("GET", "/api/sandbox/paginated", [], {}, b"")
        self.assertEqual(SPECIFICATION.operation(exchange), "GET /sandbox/paginated")

    def test_types_members_and_what_is_missing(self):
        body = {"cpu": "x", "unheard": 1, "volumes": [{"volumeId": "a"}], "buildInfo": {"more": 1}}
        errors = "\n".join(request_errors("POST", "/api/sandbox", body=body))
        self.assertIn("body.cpu: 'x' is not of type 'integer'", errors)
        self.assertIn("('unheard' was unexpected)", errors)
        self.assertIn("body.volumes[]: 'mountPath' is a required property", errors)
        self.assertIn("body.buildInfo: 'dockerfileContent' is a required property", errors)

    def test_what_newer_clients_have(self):
        body = {"queueTimeout": 5, "kvm": True, "gpuType": ["MI355X", "B300", "B200", "L40S"]}
        self.assertEqual(request_errors("POST", "/api/sandbox", body=body), [])
        self.assertEqual(request_errors("GET", "/api/sandbox", [("minGpu", "0"), ("maxGpu", "8")]), [])
        errors = "\n".join(request_errors("POST", "/api/sandbox", body={"queueTimeout": 0, "kvm": "yes"}))
        self.assertIn("body.queueTimeout: 0 is less than the minimum of 1", errors)
        self.assertIn("body.kvm: 'yes' is not of type 'boolean'", errors)
        errors = request_errors("GET", "/api/sandbox", [("minGpu", "-1")])
        self.assertIn("query minGpu: -1.0 is less than the minimum of 0", "\n".join(errors))

    def test_what_newer_servers_lack_stays_valid(self):
        self.assertEqual(SPECIFICATION.removed, {"GET /sandbox/paginated": "GET /sandbox"})
        self.assertEqual(request_errors("GET", "/api/sandbox/paginated", [("page", "2")]), [])
        self.assertEqual(request_errors("GET", "/api/sandbox", [("sandboxClasses", "android")]), [])

    def test_queries(self):
        query = [("limit", "5000"), ("states", "flying"), ("unheard", "1"), ("createdAtAfter", "yesterday")]
        errors = "\n".join(request_errors("GET", "/api/sandbox", query))
        self.assertIn("query unheard: is not in the document", errors)
        self.assertIn("query limit: 5000.0 is greater than the maximum of 200", errors)
        self.assertIn("query states[]: 'flying' is not one of", errors)
        self.assertIn("query createdAtAfter: 'yesterday' is not a 'date-time'", errors)


class Answers(unittest.TestCase):
    def test_a_valid_one(self):
        self.assertEqual(answer_errors("GET", "/api/sandbox", 200, {"items": [], "nextCursor": None}), [])

    def test_nulls_and_what_is_missing(self):
        errors = answer_errors("GET", "/api/volumes", 200, [{"id": None}])
        self.assertIn("GET /volumes: 200: body[].id: None is not of type 'string'", errors)
        self.assertIn("GET /volumes: 200: body[]: 'name' is a required property", errors)

    def test_what_newer_servers_answer(self):
        item = {
            **{name: "x" for name in ("id", "organizationId", "name", "target", "user", "toolboxProxyUrl")},
            **{name: False for name in ("public", "networkBlockAll")},
            **{name: 1 for name in ("cpu", "gpu", "memory", "disk")},
            "labels": {},
            "queueTimeout": None,
            "queueTimedOutAt": "2026-11-28T10:00:00.000Z",
            "gpuType": "L40S",
        }
        self.assertEqual(answer_errors("GET", "/api/sandbox", 200, {"items": [item], "nextCursor": None}), [])
        sandbox = {**item, "env": {}, "kvm": True, "queueTimeout": 5}
        self.assertEqual(answer_errors("GET", "/api/sandbox/x", 200, sandbox), [])
        errors = "\n".join(answer_errors("GET", "/api/sandbox/x", 200, {**sandbox, "cpu": 0.5, "queueTimedOutAt": 1}))
        self.assertIn("body.cpu: 0.5 is not of type 'integer'", errors)
        self.assertIn("body.queueTimedOutAt: 1 is not of type 'string'", errors)

    def test_another_status(self):
        errors = answer_errors("GET", "/api/sandbox", 201, {"items": []})
        self.assertEqual(
            errors,
            [
                "GET /sandbox: 201: this status is not in the document",
                "GET /sandbox: 201: body: 'nextCursor' is a required property",
            ],
        )


if __name__ == "__main__":
    unittest.main()
