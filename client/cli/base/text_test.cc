#include "client/cli/base/text.h"

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

TEST(Printable, EscapesWhatMakesATextLookLikeAnotherOne) {
  EXPECT_EQ(Printable("a\u202ecod\u2066x\u2069"), "a\\u202ecod\\u2066x\\u2069");
  EXPECT_EQ(Printable("\ufeffa\u200bb\u00adc\u2028\u061c"), "\\ufeffa\\u200bb\\u00adc\\u2028\\u061c");
  EXPECT_EQ(Printable("\U000E0041"), "\\udb40\\udc41");
  EXPECT_EQ(Printable("\U0001F469\u200d\U0001F4BB"), "\U0001F469\u200d\U0001F4BB") << "an emoji of two";
}

TEST(PrintableJson, ParsesToTheSame) {
  EXPECT_EQ(PrintableJson("{\"name\": \"ä\u2066\u202e\"}\n"), "{\"name\": \"ä\\u2066\\u202e\"}\n");
}

TEST(TerminalLog, PassesOnlyLinesAndColors) {
  const std::string log = "a\tb\r\n\x1b[1;31mred\x1b[0m ä\n\x1b]0;title\x07\x1b[2J\u202ex\xff";
  const std::string shown = "a\tb\r\n\x1b[1;31mred\x1b[0m ä\n\uFFFD]0;title\uFFFD\uFFFD[2J\\u202ex\uFFFD";
  for (std::size_t piece = 1; piece <= log.size(); ++piece) {
    TerminalLog terminal;
    std::string text;
    for (std::size_t at = 0; at < log.size(); at += piece) text += terminal.Take(log.substr(at, piece));
    EXPECT_EQ(text + terminal.Rest(), shown) << piece;
  }
  TerminalLog cut;
  EXPECT_EQ(cut.Take("a\x1b[3"), "a");
  EXPECT_EQ(cut.Rest(), "\uFFFD[3");
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
