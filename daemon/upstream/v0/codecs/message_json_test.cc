#include "daemon/upstream/v0/codecs/message_json.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "daemon/base/error.h"
#include "daytonad/v1/sandbox_settings.pb.h"

namespace daytonad {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;
using google::protobuf::TextFormat;

// A contract with a field of every kind.
constexpr char kFile[] = R"(
  name: "test.proto" package: "test" syntax: "proto3"
  dependency: "google/protobuf/timestamp.proto" dependency: "google/protobuf/duration.proto"
  enum_type { name: "Color"
    value { name: "COLOR_UNSPECIFIED" number: 0 }
    value { name: "COLOR_DARK_RED" number: 1 }
    value { name: "COLOR_BLUE" number: 2 } }
  message_type { name: "Inner" field { name: "some_text" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING } }
  message_type { name: "List" field { name: "entries" number: 1 label: LABEL_REPEATED type: TYPE_STRING } }
  message_type { name: "All"
    field { name: "plain_text" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "small_number" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
    field { name: "large_number" number: 3 label: LABEL_OPTIONAL type: TYPE_INT64 }
    field { name: "natural" number: 4 label: LABEL_OPTIONAL type: TYPE_UINT32 }
    field { name: "amount" number: 5 label: LABEL_OPTIONAL type: TYPE_DOUBLE }
    field { name: "is_so" number: 6 label: LABEL_OPTIONAL type: TYPE_BOOL proto3_optional: true oneof_index: 0 }
    field { name: "content" number: 7 label: LABEL_OPTIONAL type: TYPE_BYTES }
    field { name: "color" number: 8 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".test.Color" }
    field { name: "color_text" number: 9 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "inner" number: 10 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".test.Inner" }
    field { name: "inners" number: 11 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".test.Inner" }
    field { name: "texts" number: 12 label: LABEL_REPEATED type: TYPE_STRING }
    field { name: "list" number: 13 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".test.List" }
    field { name: "made_at" number: 14 label: LABEL_OPTIONAL type: TYPE_MESSAGE
            type_name: ".google.protobuf.Timestamp" }
    field { name: "limit" number: 15 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" }
    field { name: "tags" number: 16 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".test.All.TagsEntry" }
    field { name: "counts" number: 17 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".test.All.CountsEntry" }
    field { name: "colors" number: 18 label: LABEL_REPEATED type: TYPE_ENUM type_name: ".test.Color" }
    field { name: "flag" number: 19 label: LABEL_OPTIONAL type: TYPE_BOOL }
    nested_type { name: "TagsEntry" options { map_entry: true }
      field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
      field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING } }
    nested_type { name: "CountsEntry" options { map_entry: true }
      field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
      field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_INT64 } }
    oneof_decl { name: "_is_so" } }
)";

class MessageJsonTest : public ::testing::Test {
 protected:
  MessageJsonTest() {
    (void)google::protobuf::Timestamp::descriptor();  // links them in
    (void)google::protobuf::Duration::descriptor();
    factory_.SetDelegateToGeneratedFactory(true);
    FileDescriptorProto file;
    EXPECT_TRUE(TextFormat::ParseFromString(kFile, &file));
    EXPECT_NE(pool_.BuildFile(file), nullptr);
  }

  std::unique_ptr<Message> All(const std::string& text = "") {
    std::unique_ptr<Message> message(factory_.GetPrototype(pool_.FindMessageTypeByName("test.All"))->New());
    EXPECT_TRUE(TextFormat::ParseFromString(text, message.get())) << text;
    return message;
  }
  std::string Written(const std::string& text, const FieldMappings& mappings = {}) {
    return WriteMessage(*All(text), mappings).dump();
  }
  // As text on one line, or the error's reason.
  std::string Read(const std::string& json, const FieldMappings& mappings = {}) {
    const std::unique_ptr<Message> message = All();
    const absl::Status status = ReadMessage(Json::parse(json), mappings, *message);
    if (!status.ok()) return std::string(ErrorReason(status));
    std::string text = message->ShortDebugString();
    return text;
  }

  // With the generated messages of Timestamp and Duration.
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::DynamicMessageFactory factory_{&pool_};
};

TEST_F(MessageJsonTest, WritesFieldsByTheirJsonNames) {
  EXPECT_EQ(Written("plain_text: 'a' small_number: -2 large_number: 9007199254740993 natural: 7 amount: 1.5"),
            R"({"plainText":"a","smallNumber":-2,"largeNumber":9007199254740993,"natural":7,"amount":1.5})");
  EXPECT_EQ(Written("amount: 2"), R"({"amount":2})") << "servers that take whole numbers refuse 2.0";
  EXPECT_EQ(Written("inner { some_text: 'a' } inners { some_text: 'b' } inners {} texts: 'x' texts: 'y'"),
            R"({"inner":{"someText":"a"},"inners":[{"someText":"b"},{}],"texts":["x","y"]})");
}

TEST_F(MessageJsonTest, WritesWhatIsGivenAndNothingElse) {
  EXPECT_EQ(Written(""), "{}");
  EXPECT_EQ(Written("is_so: false"), R"({"isSo":false})") << "given, though it is the default";
  EXPECT_EQ(Written("flag: false"), "{}");
  EXPECT_EQ(Written("", {{.field = "tags", .always = true}, {.field = "texts", .always = true}}),
            R"({"texts":[],"tags":{}})");
  EXPECT_EQ(Written("", {{.field = "is_so", .always = true}}), "{}") << "not given has a meaning of its own";
}

TEST_F(MessageJsonTest, WritesMapsSorted) {
  EXPECT_EQ(Written("tags { key: 'b' value: '2' } tags { key: 'a' value: '1' } counts { key: 'n' value: 3 }"),
            R"({"tags":{"a":"1","b":"2"},"counts":{"n":3}})");
}

TEST_F(MessageJsonTest, WritesEnumsAsUpstreamSpellsThem) {
  EXPECT_EQ(Written("color: COLOR_DARK_RED colors: COLOR_BLUE"), R"({"color":"dark_red","colors":["blue"]})");
  EXPECT_EQ(Written("color: COLOR_DARK_RED", {{.field = "color", .form = JsonForm::kDashedEnum}}),
            R"({"color":"dark-red"})");
  EXPECT_EQ(Written("color: COLOR_DARK_RED", {{.field = "color", .form = JsonForm::kUpperEnum}}),
            R"({"color":"DARK_RED"})");
  EXPECT_EQ(Written("color_text: 'mauve'"), R"({"color":"mauve"})");
  EXPECT_EQ(Written("color: COLOR_BLUE color_text: 'mauve'", {{.field = "color", .json = "paint"}}),
            R"({"paint":"mauve"})");
}

TEST_F(MessageJsonTest, WritesTimesSpansAndBytes) {
  EXPECT_EQ(Written("made_at { seconds: 1 nanos: 5000000 } limit { seconds: 90 } content: '\\001\\377'"),
            R"({"content":"Af8=","madeAt":"1970-01-01T00:00:01.005Z","limit":90})");
  EXPECT_EQ(Written("limit { seconds: 90 }", {{.field = "limit", .form = JsonForm::kMinutes}}), R"({"limit":1.5})");
}

TEST_F(MessageJsonTest, MappingsNameMembersAtAnyDepth) {
  EXPECT_EQ(Written("inner { some_text: 'a' }", {{.field = "inner.some_text", .json = "TEXT"}}),
            R"({"inner":{"TEXT":"a"}})");
  EXPECT_EQ(Read(R"({"inner": {"TEXT": "a"}})", {{.field = "inner.some_text", .json = "TEXT"}}),
            R"(inner { some_text: "a" })");
}

TEST_F(MessageJsonTest, ListsInOneString) {
  const FieldMappings mappings = {{.field = "texts", .form = JsonForm::kCommaList},
                                  {.field = "list", .form = JsonForm::kCommaList}};
  EXPECT_EQ(Written("texts: 'a' texts: 'b' list { entries: 'c' }", mappings), R"({"texts":"a,b","list":"c"})");
  EXPECT_EQ(Written("list {}", mappings), R"({"list":""})") << "given, and without entries";
  EXPECT_EQ(Read(R"({"texts": "a, b", "list": "c"})", mappings), R"(texts: "a" texts: "b" list { entries: "c" })");
}

TEST_F(MessageJsonTest, OmitsFieldsThatGoElsewhere) {
  const std::unique_ptr<Message> message = All("plain_text: 'a' small_number: 1");
  EXPECT_EQ(WriteMessage(*message, {}, {message->GetDescriptor()->FindFieldByName("plain_text")}).dump(),
            R"({"smallNumber":1})");
}

TEST_F(MessageJsonTest, ReadsEveryKind) {
  EXPECT_EQ(Read(R"({"plainText": "a", "smallNumber": -2, "largeNumber": 9007199254740993, "natural": 7, "amount": 1.5,
                     "isSo": false, "content": "Af8=", "inner": {"someText": "b"}, "inners": [{"someText": "c"}],
                     "texts": ["x", "y"], "madeAt": "1970-01-01T00:00:01.005Z", "limit": 1.5,
                     "tags": {"k": "v"}, "counts": {"n": 3}, "colors": ["blue"]})"),
            R"(plain_text: "a" small_number: -2 large_number: 9007199254740993 natural: 7 amount: 1.5 is_so: false )"
            R"(content: "\001\377" inner { some_text: "b" } inners { some_text: "c" } texts: "x" texts: "y" )"
            R"(made_at { seconds: 1 nanos: 5000000 } limit { seconds: 1 nanos: 500000000 } )"
            R"(tags { key: "k" value: "v" } counts { key: "n" value: 3 } colors: COLOR_BLUE)");
}

TEST_F(MessageJsonTest, AbsentNullAndWrongTypesLeaveFieldsUnset) {
  EXPECT_EQ(Read("{}"), "");
  EXPECT_EQ(Read("[1]"), "");
  EXPECT_EQ(Read(R"({"plainText": null, "smallNumber": null, "isSo": null, "inner": null, "texts": null})"), "");
  EXPECT_EQ(Read(R"({"plainText": 5, "smallNumber": "x", "isSo": "true", "content": "%", "texts": 3, "madeAt": "soon",
                     "tags": [], "limit": {}, "color": 1, "unknownMember": 1})"),
            "");
  EXPECT_EQ(Read(R"({"tags": {"a": "b", "c": 5, "d": null}})"), R"(tags { key: "a" value: "b" })");
  EXPECT_EQ(Read(R"({"texts": ["a", 5, null]})"), R"(texts: "a")");
}

TEST_F(MessageJsonTest, NumbersMayBeTextsAndAreClamped) {
  EXPECT_EQ(Read(R"({"smallNumber": "12", "amount": "0.5"})"), "small_number: 12 amount: 0.5");
  EXPECT_EQ(Read(R"({"smallNumber": 1e300, "natural": -5})"), "small_number: 2147483647");
  EXPECT_EQ(Read(R"({"largeNumber": -1e300})"), "large_number: -9223372036854775808");
}

TEST_F(MessageJsonTest, AnEnumKeepsUpstreamsText) {
  EXPECT_EQ(Read(R"({"color": "dark-red"})"), R"(color: COLOR_DARK_RED color_text: "dark-red")");
  EXPECT_EQ(Read(R"({"color": "DarkRed"})"), R"(color: COLOR_DARK_RED color_text: "DarkRed")");
  EXPECT_EQ(Read(R"({"color": "mauve"})"), R"(color_text: "mauve")");
  EXPECT_EQ(Read(R"({"color": "unspecified"})"), R"(color_text: "unspecified")");
}

TEST_F(MessageJsonTest, AListIsBounded) {
  Json json;
  json["texts"] = Json::array();
  for (size_t i = 0; i <= kMaxListItems; ++i) json["texts"].push_back("a");
  EXPECT_EQ(Read(json.dump()), "UPSTREAM_RESPONSE_TOO_LARGE");
}

TEST_F(MessageJsonTest, ObjectsAreReadByTheirOwnCodecs) {
  v1::SetSandboxPublicResponse response;
  ASSERT_TRUE(ReadMessage(Json::parse(R"({"sandbox": {"id": "i", "state": "started"}})"), {}, response).ok());
  EXPECT_EQ(response.sandbox().name(), "i") << "the sandbox codec fills the name in";
  EXPECT_EQ(ErrorReason(ReadMessage(Json::parse(R"({"sandbox": {}})"), {}, response)), "UPSTREAM_FOREIGN_ANSWER");
}

TEST_F(MessageJsonTest, TextForPathsAndQueries) {
  const std::unique_ptr<Message> message =
      All("plain_text: 'a/b' small_number: -1 is_so: true color: COLOR_DARK_RED texts: 'x' texts: 'y'");
  const auto text = [&](const char* field, int index = 0) {
    return FieldText(*message, *message->GetDescriptor()->FindFieldByName(field), JsonForm::kUsual, index);
  };
  EXPECT_EQ(text("plain_text"), "a/b");
  EXPECT_EQ(text("small_number"), "-1");
  EXPECT_EQ(text("is_so"), "true");
  EXPECT_EQ(text("color"), "dark_red");
  EXPECT_EQ(text("texts", 1), "y");
}

}  // namespace
}  // namespace daytonad
