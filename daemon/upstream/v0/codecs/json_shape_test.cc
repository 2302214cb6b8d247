#include "daemon/upstream/v0/codecs/json_shape.h"

#include <gtest/gtest.h>

#include <string>

namespace daytonad {
namespace {

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonShapeTest, DepthIsLimited) {
  EXPECT_EQ(ShapeOfJson(Nested(kMaxJsonDepth)), JsonShape::kTolerable);
  EXPECT_EQ(ShapeOfJson(Nested(kMaxJsonDepth + 1)), JsonShape::kTooDeep);
  EXPECT_EQ(ShapeOfJson(std::string(1'000'000, '[')), JsonShape::kTooDeep);
  std::string objects;
  for (size_t i = 0; i <= kMaxJsonDepth; ++i) objects += R"({"a":)";
  EXPECT_EQ(ShapeOfJson(objects), JsonShape::kTooDeep);
}

TEST(JsonShapeTest, WhatFollowsOneAnotherIsNotDeep) {
  std::string list = "[";
  for (int i = 0; i < 1000; ++i) list += R"({"a":[1]},)";
  EXPECT_EQ(ShapeOfJson(list), JsonShape::kTolerable);
}

TEST(JsonShapeTest, ValuesAreCounted) {
  std::string numbers = "[0";
  for (size_t i = 0; i < kMaxJsonValues; ++i) numbers += ",0";
  EXPECT_EQ(ShapeOfJson(numbers), JsonShape::kTooManyValues);
  std::string objects;
  for (size_t i = 0; i <= kMaxJsonValues; ++i) objects += "{}";
  EXPECT_EQ(ShapeOfJson(objects), JsonShape::kTooManyValues);
}

TEST(JsonShapeTest, StringsHaveNoShape) {
  EXPECT_EQ(ShapeOfJson('"' + std::string(1'000'000, '[') + '"'), JsonShape::kTolerable);
  EXPECT_EQ(ShapeOfJson('"' + std::string(1'000'000, ',') + '"'), JsonShape::kTolerable);
  EXPECT_EQ(ShapeOfJson(R"("\"[" )" + std::string(kMaxJsonDepth, '[')), JsonShape::kTolerable);
  EXPECT_EQ(ShapeOfJson(R"("\\")" + std::string(kMaxJsonDepth + 1, '[')), JsonShape::kTooDeep);
}

TEST(JsonShapeTest, BrokenTextIsLookedAtToItsEnd) {
  for (const char* text : {"", "\"", "\"\\", "]]]}}}", "nonsense", "\"\\\""}) {
    EXPECT_EQ(ShapeOfJson(text), JsonShape::kTolerable) << text;
  }
}

}  // namespace
}  // namespace daytonad
