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

TEST(Utf8Test, WhatIsBrokenBecomesAReplacement) {
  EXPECT_EQ(ToValidUtf8("a\xE4\xB8\xAD"
                        "b"),
            "a\xE4\xB8\xAD"
            "b");
  EXPECT_EQ(ToValidUtf8("a\xFF\xE4\xB8"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Utf8Test, ALongTextIsCutAtACharacterAndSaysHowMuchIsMissing) {
  EXPECT_EQ(Shortened("short", 5), "short");
  EXPECT_EQ(Shortened(std::string(100, 'a'), 30), std::string(10, 'a') + "... (90 bytes more)");
  std::string cjk;
  for (int i = 0; i < 100; ++i) cjk += "\xE4\xB8\xAD";
  const std::string cut = Shortened(cjk, 32);
  EXPECT_EQ(cut, cjk.substr(0, 12) + "... (288 bytes more)");
  EXPECT_EQ(Shortened(cjk, 5), "");
  for (size_t limit = 0; limit < 320; ++limit) {
    EXPECT_LE(Shortened(cjk, limit).size(), limit);
    EXPECT_EQ(ToValidUtf8(Shortened(cjk, limit)), Shortened(cjk, limit));
  }
}

}  // namespace
}  // namespace daytonad
