#include "client/cli/text.h"

#include <string_view>

#include <gtest/gtest.h>

namespace daytonad::cli {
namespace {

TEST(Printable, KeepsTextAndReplacesWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("sandbox ä 日本"), "sandbox ä 日本");
  EXPECT_EQ(Printable("a\x1b[31mb"), "a\uFFFD[31mb");
  EXPECT_EQ(Printable("a\nb\tc"), "a\uFFFDb\uFFFDc");
  EXPECT_EQ(Printable(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(Printable("a\xffz"), "a\uFFFDz");
  EXPECT_EQ(Printable("cut \xe6\x97"), "cut \uFFFD\uFFFD");
}

TEST(LinesBeforeNonUtf8, FindsTheFirstWrongByte) {
  for (const char* text : {"", "FROM x\n# caf\u00e9 \u65e5\n", "\ufeffFROM x", "a\x1b\tb\x7f", "\u0085\u2028"}) {
    EXPECT_EQ(LinesBeforeNonUtf8(text), std::nullopt) << text;
  }
  EXPECT_EQ(LinesBeforeNonUtf8(std::string_view("a\0b", 3)), std::nullopt);
  EXPECT_EQ(LinesBeforeNonUtf8("FROM x\n\n# caf\xe9\n"), 2);
  EXPECT_EQ(LinesBeforeNonUtf8("\xff\xfe"), 0);
  EXPECT_EQ(LinesBeforeNonUtf8("a\ncut \xe6\x97"), 1);
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("äb"), 2);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("\uFFFD"), 1);
}

TEST(CutTo, NeverSplitsACharacterOrExceedsTheWidth) {
  EXPECT_EQ(CutTo("abcdef", 6), "abcdef");
  EXPECT_EQ(CutTo("abcdef", 5), "abcd…");
  EXPECT_EQ(CutTo("日本語", 5), "日本…");
  EXPECT_EQ(CutTo("日本語", 4), "日…");
  EXPECT_EQ(CutTo("abc", 1), "…");
  EXPECT_EQ(CutTo("abc", 0), "");
}

}  // namespace
}  // namespace daytonad::cli
