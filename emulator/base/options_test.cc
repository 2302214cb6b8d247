#include "emulator/base/options.h"

#include <gtest/gtest.h>

namespace daytonad::emulator {
namespace {

TEST(ParseDuration, TakesNumbersWithUnits) {
  EXPECT_EQ(*ParseDuration("250ms"), milliseconds(250));
  EXPECT_EQ(*ParseDuration("2s"), milliseconds(2000));
  EXPECT_EQ(*ParseDuration("1m30s"), milliseconds(90000));
  EXPECT_EQ(*ParseDuration("0"), milliseconds(0));
}

TEST(ParseDuration, RefusesOtherTexts) {
  for (const char* text : {"", "5", "-1s", "soon", "inf"}) EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(ParseRateLimit, TakesNameRequestsAndSeconds) {
  std::map<std::string, RateLimit> limits;
  ASSERT_TRUE(ParseRateLimit("sandbox-create=3/10", limits).ok());
  ASSERT_TRUE(ParseRateLimit("authenticated=7", limits).ok());
  EXPECT_EQ(limits["sandbox-create"].limit, 3);
  EXPECT_EQ(limits["sandbox-create"].window_s, 10);
  EXPECT_EQ(limits["authenticated"].window_s, 60);
}

TEST(ParseRateLimit, RefusesUnknownNamesAndBadNumbers) {
  std::map<std::string, RateLimit> limits;
  for (const char* text : {"other=1/1", "authenticated=x/1", "authenticated=1/0", "authenticated"}) {
    EXPECT_FALSE(ParseRateLimit(text, limits).ok()) << text;
  }
}

}  // namespace
}  // namespace daytonad::emulator
