"""Tests that the comparison finds all differences, and only those."""

import pathlib
import tempfile
import unittest

from harness import compare, recording
from harness.differences import ExpectedDifferences
from harness.outcome import Outcome

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


def request(method, path, query=(), body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"method": method, "path": path, "query": list(query), "headers": headers, "body": body}


def differences(daemon, sdk, given=None):
    recordings = [recording.read(requests, given or {}) for requests in (daemon, sdk)]
    return list(compare.requests(*recordings))


class WhatIsEqual(unittest.TestCase):
    def assert_equal(self, daemon, sdk):
        self.assertEqual(differences(daemon, sdk), [])

    def test_ids_that_each_emulator_gave(self):
        self.assert_equal(
            [request("GET", f"/api/sandbox/{ONE}"), request("POST", "/api/x", body={"id": ONE})],
            [request("GET", f"/api/sandbox/{TWO}"), request("POST", "/api/x", body={"id": TWO})],
        )

    def test_repeated_reads(self):
        look = request("GET", "/api/sandbox/a")
        self.assert_equal([look], [look, look, look])

    def test_order_and_spelling_of_queries(self):
        self.assert_equal(
            [request("GET", "/api/x", [("a", '{"k":"v"}'), ("t", "2026-01-02T03:04:05Z")])],
            [request("GET", "/api/x", [("t", "2026-01-02T03:04:05.000000+0000"), ("a", '{"k": "v"}')])],
        )

    def test_percent_encoding(self):
        self.assert_equal([request("GET", "/api/a%3Ab%20c")], [request("GET", "/api/a:b%20c")])

    def test_headers_of_the_transport(self):
        self.assert_equal([request("GET", "/api/x", host="a")], [request("GET", "/api/x", host="b")])

    def test_parts_of_an_upload(self):
        path = "/_storage/bucket/key"
        self.assert_equal(
            [request("PUT", path, body={"size": 1})],
            [
                request("POST", path, [("uploads", "")]),
                request("PUT", path, [("partNumber", "1")]),
                request("POST", path),
            ],
        )


class WhatWasRecorded(unittest.TestCase):
    def test_a_line_that_is_being_written_is_left_out(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "requests.jsonl"
            file.write_text('{"seq":2,"body":"\u2028"}\n{"seq":1}\n{"seq":3,"query":[["sou', encoding="utf-8")
            self.assertEqual(recording.in_file(file), [{"seq": 1}, {"seq": 2, "body": "\u2028"}])


class WhatIsDifferent(unittest.TestCase):
    def assert_different(self, daemon, sdk, *lines, given=None):
        self.assertEqual(differences(daemon, sdk, given), list(lines))

    def test_a_member_of_the_body(self):
        self.assert_different(
            [request("POST", "/api/x", body={"a": [1], "b": 2})],
            [request("POST", "/api/x", body={"a": [1.5], "b": 2, "c": None})],
            "POST /api/x: body.a[0]: daemon has 1, sdk has 1.5",
            "POST /api/x: body.c: daemon has none, sdk has null",
        )

    def test_types(self):
        self.assert_different(
            [request("POST", "/api/x", body={"a": True})],
            [request("POST", "/api/x", body={"a": 1})],
            "POST /api/x: body.a: daemon has true, sdk has 1",
        )

    def test_a_query_parameter(self):
        self.assert_different(
            [request("GET", "/api/x", [("s", "a"), ("s", "b")])],
            [request("GET", "/api/x", [("s", "a")])],
            'GET /api/x: query s: daemon has ["a", "b"], sdk has "a"',
        )

    def test_a_header(self):
        self.assert_different(
            [request("GET", "/api/x", x_daytona_organization_id="a")],
            [request("GET", "/api/x")],
            'GET /api/x: header x-daytona-organization-id: daemon has "a", sdk has none',
        )

    def test_another_object(self):
        self.assert_different(
            [request("GET", f"/api/x/{ONE}")],
            [request("GET", f"/api/x/{TWO}")],
            "only daemon: GET /api/x/{box}",
            "only sdk: GET /api/x/{2}",
            given={"box": ONE},
        )

    def test_a_request_too_many(self):
        post = request("POST", "/api/x")
        self.assert_different([post, post], [post], "only daemon: POST /api/x")

    def test_a_request_too_few(self):
        self.assert_different([], [request("GET", "/api/x", [("a", "1")])], "only sdk: GET /api/x?a=1")

    def test_the_order(self):
        a, b = request("GET", "/api/a"), request("GET", "/api/b")
        self.assert_different(
            [a, b],
            [b, a],
            'order of requests: daemon has ["GET /api/a", "GET /api/b"], sdk has ["GET /api/b", "GET /api/a"]',
        )

    def test_a_credential_at_the_storage(self):
        self.assert_different(
            [request("PUT", "/_storage/k", x_daytona_source="daytonad")],
            [request("PUT", "/_storage/k")],
            'PUT /_storage/k: header x-daytona-source: daemon has "daytonad", sdk has none',
        )

    def test_outcomes(self):
        refused = Outcome(ok=False, http_status=404)
        self.assertEqual(list(compare.outcomes(refused, refused)), [])
        self.assertEqual(
            list(compare.outcomes(Outcome(ok=True), refused)),
            ["outcome: daemon has success, sdk has failure with 404"],
        )
        self.assertEqual(
            list(compare.outcomes(Outcome(ok=True, answer=["a"]), Outcome(ok=True, answer=["b"]))),
            ['answer[0]: daemon has "a", sdk has "b"'],
        )


class Expected(unittest.TestCase):
    def setUp(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "expected.yaml"
            path.write_text('- cases: "a.*"\n  sdk: python\n  difference: "GET [x]*"\n  reason: because\n')
            self.expected = ExpectedDifferences(path)

    def test_covers_what_it_names(self):
        self.assertTrue(self.expected.covers("a.b", "python", "GET [x]: y"))
        self.assertEqual(self.expected.stale({}), [])

    def test_covers_nothing_else(self):
        for case, sdk, line in (
            ("b", "python", "GET [x]"),
            ("a.b", "typescript", "GET [x]"),
            ("a.b", "python", "GET x"),
        ):
            self.assertFalse(self.expected.covers(case, sdk, line))

    def test_is_stale_when_it_covers_nothing(self):
        self.assertEqual(self.expected.stale({}), ["expected.yaml:1: matches nothing any more: a.* (python): GET [x]*"])
        self.assertEqual(self.expected.stale({"a.b": "skipped"}), [])


if __name__ == "__main__":
    unittest.main()
