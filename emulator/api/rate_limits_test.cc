#include "emulator/api/rate_limits.h"

#include <gtest/gtest.h>

namespace daytonad::emulator {
namespace {

TEST(RateLimits, CountsDownAndRefusesUntilTheWindowEnds) {
  RateLimits limits({{"authenticated", {2, 10}}});
  const auto first = limits.Take("authenticated", 1000);
  EXPECT_TRUE(first.allowed);
  EXPECT_EQ(first.limit, 2);
  EXPECT_EQ(first.remaining, 1);
  EXPECT_EQ(first.reset_s, 10);
  EXPECT_TRUE(limits.Take("authenticated", 2000).allowed);
  const auto refused = limits.Take("authenticated", 4001);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reset_s, 7);
  EXPECT_TRUE(limits.Take("authenticated", 11000).allowed);
}

TEST(RateLimits, PeekCountsNothing) {
  RateLimits limits({{"failed-auth", {1, 60}}});
  EXPECT_TRUE(limits.Peek("failed-auth", 0).allowed);
  EXPECT_TRUE(limits.Take("failed-auth", 0).allowed);
  EXPECT_FALSE(limits.Peek("failed-auth", 0).allowed);
}

TEST(RateLimits, ThrottlersWithoutABudgetLetEverythingThrough) {
  RateLimits limits({});
  EXPECT_TRUE(limits.Take("authenticated", 0).allowed);
  EXPECT_FALSE(limits.Take("authenticated", 0).limited);
}

}  // namespace
}  // namespace daytonad::emulator
