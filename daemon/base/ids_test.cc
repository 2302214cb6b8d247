#include "daemon/base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace daytonad {
namespace {

TEST(NewCallIdTest, IsSixteenHexadecimalDigitsAndUnique) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewCallId();
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

TEST(LooksLikeUuidTest, AcceptsEitherCase) {
  EXPECT_TRUE(LooksLikeUuid("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"));
  EXPECT_TRUE(LooksLikeUuid("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"));
}

TEST(LooksLikeUuidTest, RefusesEverythingElse) {
  for (const char* text : {"", "web-1", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f",
                           "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fg", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9 "}) {
    EXPECT_FALSE(LooksLikeUuid(text)) << text;
  }
}

}  // namespace
}  // namespace daytonad
