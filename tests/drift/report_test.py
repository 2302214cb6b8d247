"""Tests that the readers read both languages, and that the report finds the differences."""

import pathlib
import tempfile
import textwrap
import types
import unittest

import clients
import report

PYTHON = {
    "api/box_api.py": '''
        class BoxApi:
            def list_boxes(self):
                return self.api_client.call_api(*self._list_boxes_serialize())

            def _list_boxes_serialize(self, name, limit):
                _query_params = []
                if name is not None:
                    _query_params.append(('name', name))
                if limit is not None:
                    _query_params.append(('maxItems', limit.value))
                return self.api_client.param_serialize(
                    method='GET', resource_path='/sandbox', query_params=_query_params)

            def _delete_box_serialize(self, box_id):
                return self.api_client.param_serialize(method='DELETE', resource_path='/sandbox/{boxId}')
        ''',
    "api/__init__.py": "from x import BoxApi",
    "models/box.py": '''
        class Box(BaseModel):
            box_id: StrictStr = Field(serialization_alias="boxId")
            __properties: ClassVar[List[str]] = ["boxId", "kind"]
        ''',
    "models/kind.py": '''
        class Kind(str, Enum):
            """
            allowed enum values
            """
            SMALL = 'small'
            VERY_BIG = 'very-big'
            UNKNOWN_DEFAULT_OPEN_API = 'unknown_default_open_api'

            @classmethod
            def from_json(cls, text):
                return cls(text)
        ''',
}
TYPESCRIPT = {
    "src/api/box-api.js": """
        listBoxes: async (name, limit, options = {}) => {
            const localVarPath = `/sandbox`;
            const localVarRequestOptions = { method: 'GET', ...baseOptions, ...options };
            if (name !== undefined) {
                localVarQueryParameter['name'] = name;
            }
            localVarQueryParameter['maxItems'] = limit;
        },
        deleteBox: async (boxId, options = {}) => {
            const localVarPath = `/sandbox/{boxId}`
                .replace(`{${"boxId"}}`, encodeURIComponent(String(boxId)));
            const localVarRequestOptions = { method: 'DELETE', ...baseOptions, ...options };
        """,
    "src/models/box.d.ts": """
        export interface Box {
            /**
             * 'other'?: string
             */
            'boxId': string;
            'kind'?: BoxKindEnum;
        }
        export declare const BoxKindEnum: {
            readonly SMALL: "small";
            readonly VERY_BIG: "very-big";
            readonly UNKNOWN_DEFAULT_OPEN_API: "11184809";
        };
        export type BoxKindEnum = typeof BoxKindEnum[keyof typeof BoxKindEnum];
        """,
}


def client(files):
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = pathlib.Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return clients.read(directory, "a client")


class Readers(unittest.TestCase):
    def test_both_languages_say_the_same(self):
        for files, enum in ((PYTHON, "Kind"), (TYPESCRIPT, "BoxKindEnum")):
            read = client(files)
            self.assertEqual(
                read.operations, {"GET /sandbox": {"name", "maxItems"}, "DELETE /sandbox/{boxId}": set()}
            )
            self.assertEqual(read.fields, {"Box": {"boxId", "kind"}})
            self.assertEqual(read.enums, {enum: {"small", "very-big"}})


def overlay(removed_operations=None, removed_values=()):
    """Of a document that knows what the clients above know, and an operation that nobody uses."""
    box = {"properties": {"boxId": {"type": "string"}, "kind": {"$ref": "#/components/schemas/Kind"}}}
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Box"}}}}}
    queries = [{"name": name, "in": "query"} for name in ("name", "maxItems")]
    paths = {
        "/sandbox": {"get": {"parameters": [*queries, {"name": "X", "in": "header"}], "responses": answer}},
        "/sandbox/{boxId}": {"delete": {"responses": {}}},
    }
    schemas = {"Box": box, "Kind": {"enum": ["small", "very-big"]}, "Unused": {"properties": {"x": {}}}}
    return types.SimpleNamespace(
        document={"paths": paths, "components": {"schemas": schemas}},
        removed_operations=removed_operations or {},
        removed_values=set(removed_values),
    )


class Comparison(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.write("box_json.cc", '"boxId" "kind"; request.Add("name", "maxItems")')
        self.write("v1.proto", "enum Kind {\n  KIND_SMALL = 1;\n  KIND_VERY_BIG = 2;\n}\n")
        self.write("unmapped.yaml", "")

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def found(self, *read, over=None, unmapped_operations=frozenset()):
        drift = report.Drift(
            report.Document(over or overlay(), unmapped_operations),
            report.Sources(self.directory, self.directory),
            report.Unmapped(self.directory / "unmapped.yaml"),
            list(read or [client(PYTHON), client(TYPESCRIPT)]),
        )
        return list(drift.run())

    def test_nothing_is_different(self):
        self.assertEqual(self.found(), [])

    def test_what_is_new(self):
        newer = client(PYTHON)
        newer.operations["GET /sandbox"].add("minGpu")
        newer.operations["POST /sandbox/{boxId}/fly"] = set()
        newer.operations["GET /planes"] = set()
        newer.fields["Box"].add("colour")
        newer.fields["Unused"] = {"x", "y"}
        newer.enums["Kind"].add("tiny")
        self.assertEqual(
            self.found(newer),
            [
                "query minGpu of GET /sandbox is new",
                "operation POST /sandbox/{boxId}/fly is new",
                "operation GET /planes is of a new kind",
                "member Box.colour is new",
                "value tiny of Kind is new",
            ],
        )

    def test_what_is_gone_is_gone_from_all(self):
        older = client(TYPESCRIPT)
        newer = client(PYTHON)
        del newer.operations["DELETE /sandbox/{boxId}"]
        newer.operations["GET /sandbox"].remove("name")
        newer.fields["Box"].remove("kind")
        newer.enums["Kind"].remove("small")
        self.assertEqual(self.found(newer, older), ["value small of Kind is gone"])
        self.assertEqual(
            self.found(newer),
            [
                "operation DELETE /sandbox/{boxId} is gone",
                "query name of GET /sandbox is gone",
                "member Box.kind is gone",
                "value small of Kind is gone",
            ],
        )
        known = overlay({"DELETE /sandbox/{boxId}": "GET /sandbox"}, [("Kind", "small")])
        self.assertEqual(
            self.found(newer, over=known), ["query name of GET /sandbox is gone", "member Box.kind is gone"]
        )
        self.assertIn(
            "operation DELETE /sandbox/{boxId} is there, though overlay.yaml has it as removed",
            self.found(over=known),
        )

    def test_what_is_not_mapped(self):
        self.write("box_json.cc", '"boxId"; request.Add("name")')
        self.write("box_json_test.cc", '"kind" "maxItems" "small"')
        self.write("v1.proto", "enum Kind {\n  KIND_VERY_BIG = 2;\n}\n")
        expected = [
            "query maxItems of GET /sandbox is not mapped",
            "member Box.kind is not mapped",
            "value small of Kind is not mapped",
        ]
        self.assertEqual(self.found(), expected)
        self.assertEqual(self.found(unmapped_operations={"GET /sandbox"}), [])

    def test_what_is_left_out_for_a_reason(self):
        self.write("box_json.cc", '"boxId"; request.Add("name")')
        entries = ["Box.kind", "GET /sandbox max*", "* /planes*", "Box.boxId"]
        self.write("unmapped.yaml", "".join(f"- what: {entry!r}\n  reason: so\n" for entry in entries))
        newer = client(PYTHON)
        newer.operations["GET /planes"] = set()
        self.assertEqual(
            self.found(newer), ["unmapped.yaml: Box.boxId is mapped by now, or there is nothing of that name"]
        )
        self.write("unmapped.yaml", "- what: Box.kind\n")
        self.assertRaises(ValueError, self.found)


class Files(unittest.TestCase):
    def test_those_of_this_repository_can_be_read(self):
        document = report.Document(report.Overlay(), set())
        self.assertIn("queueTimeout", document.fields["CreateSandbox"])
        self.assertIn("L40S", document.enums["GpuType"].values)
        report.Unmapped(report.HERE / "unmapped.yaml")
        sources = report.Sources(report.UPSTREAM, report.PROTO)
        self.assertTrue(sources.name("buildInfo"))
        self.assertTrue(sources.name_value("GpuType", "RTX-PRO-6000"))
        self.assertFalse(sources.name_value("GpuType", "RTX-PRO"))
        for tests in report.SDK_TESTS:
            self.assertEqual(report.pinned_sdks(tests).keys(), {"daytona", "@daytona/sdk"})

    def test_a_newer_sdk(self):
        pinned = {"daytona": "0.226.1", "@daytona/sdk": "0.216.0"}
        self.assertEqual(report.older_sdks(pinned, pinned), [])
        self.assertEqual(
            report.older_sdks(pinned, {**pinned, "daytona": "0.227.0"}), ["daytona 0.227.0 is out, and 0.226.1 is used"]
        )


if __name__ == "__main__":
    unittest.main()
