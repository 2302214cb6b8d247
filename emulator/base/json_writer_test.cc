#include "emulator/base/json_writer.h"

#include <gtest/gtest.h>

#include "emulator/base/json.h"

namespace daytonad::emulator {
namespace {

TEST(JsonWriter, WritesWhatAParserReads) {
  JsonWriter writer;
  writer.Text("plain", "a b");
  writer.Text("escaped", "\"\\\n\x01\x7F/");
  writer.Text("not ascii", "\xC3\xA9");
  writer.Number("number", -7);
  writer.Boolean("boolean", true);
  writer.Null("null");
  writer.Raw("raw", R"([1,{"a":2}])");
  const Json expected = {
      {"plain", "a b"},  {"escaped", "\"\\\n\x01\x7F/"}, {"not ascii", "\xC3\xA9"}, {"number", -7}, {"boolean", true},
      {"null", nullptr}, {"raw", {1, {{"a", 2}}}}};
  const std::string text = writer.Finish();
  EXPECT_EQ(Json::parse(text), expected);
  EXPECT_EQ(text, ToText(expected));
}

TEST(JsonWriter, WritesAnEmptyObject) { EXPECT_EQ(JsonWriter().Finish(), "{}"); }

TEST(QuotedJson, ReplacesWhatIsNotUtf8) { EXPECT_EQ(QuotedJson("a\xFF"), "\"a\xEF\xBF\xBD\""); }

}  // namespace
}  // namespace daytonad::emulator
