#include "emulator/http/url.h"

#include <gtest/gtest.h>

namespace daytonad::emulator {
namespace {

TEST(Url, DecodesPercentEverywhereAndPlusInQueries) {
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

}  // namespace
}  // namespace daytonad::emulator
