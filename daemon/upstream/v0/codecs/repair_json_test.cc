#include "daemon/upstream/v0/codecs/repair_json.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/upstream/v0/codecs/json_fields.h"

namespace daytonad {
namespace {

TEST(RepairJsonTest, LeavesValidTextAsItIs) {
  for (const char* text :
       {"", "{}", R"({"a":[1,-2.5e3,true,null,"x\n\u00e9\ud83d\ude00\\u"]})", "[\"\xC3\xA9\"]", R"("\\")"}) {
    EXPECT_EQ(RepairJson(text), text);
  }
}

TEST(RepairJsonTest, ReplacesHalvesOfSurrogatePairs) {
  EXPECT_EQ(RepairJson(R"("a\ud83d")"), R"("a\ufffd")");
  EXPECT_EQ(RepairJson(R"("\ude00b")"), R"("\ufffdb")");
  EXPECT_EQ(RepairJson(R"("\uD83D\uD83D\uDE00")"), R"("\ufffd\uD83D\uDE00")");
  EXPECT_EQ(RepairJson(R"("\ud83d\n")"), R"("\ufffd\n")");
}

TEST(RepairJsonTest, ReplacesWrongBytesOneByOne) {
  EXPECT_EQ(RepairJson("\"a\xFF\xC3(\""), R"("a\ufffd\ufffd(")");
  EXPECT_EQ(RepairJson("\"\xED\xA0\xBD\""), R"("\ufffd\ufffd\ufffd")") << "a surrogate as UTF-8";
}

TEST(RepairJsonTest, EscapesWhatMayNotStandInStrings) {
  EXPECT_EQ(RepairJson("\"a\nb\x01\""), R"("a\u000ab\u0001")");
  EXPECT_EQ(RepairJson(R"("C:\dir\x")"), R"("C:\\dir\\x")");
  EXPECT_EQ(RepairJson(R"("\u12")"), R"("\\u12")");
}

TEST(RepairJsonTest, NumbersThatAreNoneBecomeNull) {
  EXPECT_EQ(RepairJson("[NaN, Infinity, -Infinity, 1e999, 1e3]"), "[null, null, null, null, 1e3]");
  EXPECT_EQ(RepairJson(R"({"NaN": "Infinity"})"), R"({"NaN": "Infinity"})") << "in a string";
}

TEST(RepairJsonTest, WhatIsCutOffStaysBroken) {
  for (const char* text : {"{\"a", "{\"a\\", "{\"a\\u", "[1,", "\"\\ud83d"}) {
    EXPECT_TRUE(ParseLeniently(text).is_discarded()) << text;
  }
}

TEST(ParseLenientlyTest, OneBadStringDoesNotSpoilTheRest) {
  const Json json = ParseLeniently("\xEF\xBB\xBF{\"a\": \"x\\ud83d\", \"b\": \"\xFF\", \"c\": NaN, \"d\": \"5\"}");
  ASSERT_TRUE(json.is_object());
  const JsonFields fields(json);
  EXPECT_EQ(fields.String("a"), "x\uFFFD");
  EXPECT_EQ(fields.String("b"), "\uFFFD");
  EXPECT_EQ(fields.Number("c"), std::nullopt);
  EXPECT_EQ(fields.Int32("d"), 5);
}

}  // namespace
}  // namespace daytonad
