#include "daemon/upstream/v0/codecs/clean_text.h"

#include <gtest/gtest.h>

namespace daytonad {
namespace {

TEST(CleanTextTest, KeepsGoodText) { EXPECT_EQ(CleanText("größer als 5 €, 😀", 100), "größer als 5 €, 😀"); }

TEST(CleanTextTest, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(CleanText("a\xFFz", 100), "a\uFFFDz");
  EXPECT_EQ(CleanText("cut \xE2\x82", 100), "cut \uFFFD\uFFFD");
  EXPECT_EQ(CleanText("\xC0\xAF", 100), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(CleanText("\xED\xA0\x80", 100), "\uFFFD\uFFFD\uFFFD") << "surrogate";
  EXPECT_EQ(CleanText("\xF4\x90\x80\x80", 100), "\uFFFD\uFFFD\uFFFD\uFFFD") << "beyond U+10FFFF";
}

TEST(CleanTextTest, IsOneLineWithoutSpaceAtItsEnds) {
  EXPECT_EQ(CleanText("\n one\ntwo\x1b[31m\r\n", 100), "one two [31m");
  EXPECT_EQ(CleanText(std::string_view("a\0b", 3), 100), "a b");
  EXPECT_EQ(CleanText(" \n ", 100), "");
}

TEST(CleanTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(CleanText("ab€cd", 4), "ab");
  EXPECT_EQ(CleanText("ab€cd", 5), "ab€");
  EXPECT_EQ(CleanText("abc", 0), "");
}

}  // namespace
}  // namespace daytonad
