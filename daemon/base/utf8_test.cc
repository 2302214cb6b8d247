#include "daemon/base/utf8.h"

#include "gtest/gtest.h"

namespace daytonad {
namespace {

TEST(Utf8Test, CharactersOfEachLength) {
  EXPECT_EQ(Utf8CharacterLength("a"), 1U);
  EXPECT_EQ(Utf8CharacterLength(std::string_view("\0x", 2)), 1U);
  EXPECT_EQ(Utf8CharacterLength("\xC3\xA9x"), 2U);
  EXPECT_EQ(Utf8CharacterLength("\xE2\x80\xA8x"), 3U);
  EXPECT_EQ(Utf8CharacterLength("\xF4\x8F\xBF\xBFx"), 4U);
}

TEST(Utf8Test, WhatIsNoCharacter) {
  for (const char* text : {"\xE9t", "\x80", "\xC3", "\xE2\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(Utf8CharacterLength(text), 0U) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace daytonad
