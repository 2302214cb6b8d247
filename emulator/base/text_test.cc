#include "emulator/base/text.h"

#include <gtest/gtest.h>

#include "emulator/base/wire_time.h"
#include "emulator/http/url.h"

namespace daytonad::emulator {
namespace {

TEST(Text, JoinsTextAndNumbers) { EXPECT_EQ(StrCat("a", 1, std::string("b"), -20L, std::string_view("c")), "a1b-20c"); }

TEST(Text, ReadsWholeIntegersOnly) {
  EXPECT_EQ(ParseInteger<int>("-12"), -12);
  EXPECT_FALSE(ParseInteger<int>("12x").has_value());
  EXPECT_FALSE(ParseInteger<int>("").has_value());
  EXPECT_FALSE(ParseInteger<std::uint16_t>("65536").has_value());
}

TEST(Url, DecodesPercentAndPlusWhereTheyMeanSomething) {
  EXPECT_EQ(DecodePath("a%2Fb%20c+d%zz%4"), "a/b c+d%zz%4");
  EXPECT_EQ(DecodeQuery("a+b%2B"), "a b+");
}

TEST(Url, KeepsRepeatedParametersInOrder) {
  const QueryParams query("states=a&limit=5&states=b&empty=&flag");
  EXPECT_EQ(query.GetAll("states"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(query.Get("limit"), "5");
  EXPECT_EQ(query.Get("flag"), "");
  EXPECT_FALSE(query.Get("none").has_value());
}

TEST(WireTime, ReadsWhatTheSdksSend) {
  const auto expected = ParseTime("2026-01-02T03:04:05.000Z");
  ASSERT_TRUE(expected.has_value());
  EXPECT_EQ(FormatTime(*expected), "2026-01-02T03:04:05.000Z");
  EXPECT_EQ(ParseTime("2026-01-02T03:04:05.000000+0000"), expected);
  EXPECT_EQ(ParseTime("2026-01-02T03:04:05+00:00"), expected);
  EXPECT_EQ(ParseTime("2026-01-02T04:04:05 01:00"), expected);
  EXPECT_FALSE(ParseTime("yesterday").has_value());
}

}  // namespace
}  // namespace daytonad::emulator
