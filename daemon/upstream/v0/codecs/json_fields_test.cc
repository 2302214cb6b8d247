#include "daemon/upstream/v0/codecs/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseJsonTest, RefusesWhatIsNoJson) {
  for (const char* text : {"{", "{\"a\":}", "{\"a\":1}}", "[1,2", "{'a':1}"}) {
    const absl::StatusOr<Json> json = ParseJson(text);
    EXPECT_EQ(json.status().code(), absl::StatusCode::kInternal) << text;
    EXPECT_EQ(ErrorReason(json.status()), "UPSTREAM_MALFORMED_RESPONSE") << text;
  }
}

TEST(ParseJsonTest, WhatDoesNotEvenBeginLikeAnAnswerIsNotDaytonas) {
  for (const char* text :
       {"", " ", "nonsense", "NaN", "\"text\"", "<html></html>", "<?xml version=\"1.0\"?>", "\x1F\x8B"}) {
    const absl::StatusOr<Json> json = ParseJson(text);
    EXPECT_EQ(json.status().code(), absl::StatusCode::kUnavailable) << text;
    EXPECT_EQ(ErrorReason(json.status()), "UPSTREAM_FOREIGN_ANSWER") << text;
  }
  EXPECT_THAT(ParseJson("").status().message(), HasSubstr("empty"));
}

TEST(ParseJsonTest, SaysWhatAWebPageMeans) {
  for (const char* text : {"<!DOCTYPE html><title>Daytona</title>", "\n  <HTML lang=en>"}) {
    EXPECT_THAT(ParseJson(text).status().message(), HasSubstr("/api")) << text;
  }
}

TEST(ParseJsonTest, RefusesDeepNesting) {
  const std::string deep(200'000, '[');
  EXPECT_FALSE(ParseJson(deep).ok());
  EXPECT_EQ(ErrorReason(ParseJson(deep + std::string(200'000, ']')).status()), "UPSTREAM_MALFORMED_RESPONSE");
}

TEST(JsonFieldsTest, TakesNullAndOtherTypesForAbsent) {
  const Json json =
      Json::parse(R"({"null": null, "number": 5, "text": "t", "list": [1, "a", null], "object": {"a": 1}})");
  const JsonFields fields(json);
  EXPECT_EQ(fields.Find("null"), nullptr);
  EXPECT_EQ(fields.Find("absent"), nullptr);
  EXPECT_EQ(fields.String("number"), "");
  EXPECT_FALSE(fields.Bool("text"));
  EXPECT_EQ(fields.Number("text"), std::nullopt);
  EXPECT_EQ(fields.Number("list"), std::nullopt);
  EXPECT_THAT(fields.StringList("list"), ElementsAre("a"));
  EXPECT_THAT(fields.StringList("number"), IsEmpty());
  EXPECT_THAT(fields.StringMap("object"), IsEmpty());
  EXPECT_THAT(fields.StringMap("list"), IsEmpty());
  EXPECT_EQ(fields.Timestamp("number"), std::nullopt);
}

TEST(JsonFieldsTest, HasNoFieldsIfItIsNoObject) {
  for (const char* text : {"[]", "null", "5", "\"id\""}) {
    const Json json = Json::parse(text);
    EXPECT_EQ(JsonFields(json).String("id"), "") << text;
  }
}

TEST(JsonFieldsTest, ReadsNumbersInAnyForm) {
  const Json json = Json::parse(R"({"a": 1, "b": 1.5, "c": "2.5", "d": -7, "e": 1e300, "f": "-3", "g": "inf"})");
  const JsonFields fields(json);
  EXPECT_EQ(fields.Number("a"), 1);
  EXPECT_EQ(fields.Number("b"), 1.5);
  EXPECT_EQ(fields.Number("c"), 2.5);
  EXPECT_EQ(fields.Int32("b"), 1);
  EXPECT_EQ(fields.Int32("d"), -7);
  EXPECT_EQ(fields.Int32("e"), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(fields.Int32("f"), -3);
  EXPECT_EQ(fields.Number("g"), std::nullopt);
}

TEST(JsonFieldsTest, ReadsListsAlsoFromCommaSeparatedText) {
  const Json json = Json::parse(R"({"list": ["a", "b"], "text": "10.0.0.0/8, 1.2.3.4/32,", "empty": ""})");
  const JsonFields fields(json);
  EXPECT_THAT(fields.StringList("list"), ElementsAre("a", "b"));
  EXPECT_THAT(fields.StringList("text"), ElementsAre("10.0.0.0/8", "1.2.3.4/32"));
  EXPECT_THAT(fields.StringList("empty"), IsEmpty());
}

TEST(JsonFieldsTest, ReadsTimes) {
  const Json json =
      Json::parse(R"({"z": "2026-11-21T20:35:48.701Z", "offset": "2026-11-21T21:35:48+01:00", "none": "soon",
                                    "infinite": "infinite-future", "before": "1969-12-31T23:59:59.5Z"})");
  const JsonFields fields(json);
  ASSERT_TRUE(fields.Timestamp("z").has_value());
  EXPECT_EQ(fields.Timestamp("z")->seconds(), 1795293348);
  EXPECT_EQ(fields.Timestamp("z")->nanos(), 701'000'000);
  EXPECT_EQ(fields.Timestamp("offset")->seconds(), 1795293348);
  EXPECT_EQ(fields.Timestamp("none"), std::nullopt);
  EXPECT_EQ(fields.Timestamp("infinite"), std::nullopt);
  EXPECT_EQ(fields.Timestamp("before")->seconds(), -1);
  EXPECT_EQ(fields.Timestamp("before")->nanos(), 500'000'000);
}

}  // namespace
}  // namespace daytonad
