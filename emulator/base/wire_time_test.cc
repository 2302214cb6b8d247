#include "emulator/base/wire_time.h"

#include <gtest/gtest.h>

namespace daytonad::emulator {
namespace {

TEST(WireTime, ReadsTheFormsOfTheSdks) {
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
