#include "emulator/base/spool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace daytonad::emulator {
namespace {

TEST(Spool, KeepsFewBytes) {
  Spool spool("hello");
  EXPECT_TRUE(spool.Append(", world"));
  EXPECT_EQ(spool.ToString(), "hello, world");
  EXPECT_EQ(spool.size(), 12U);
  EXPECT_EQ(spool.Md5Hex(), "e4d7f1b4ed2e42d15898f4b27b019da4");
  EXPECT_EQ(spool.Sha256Hex(), "09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b");
}

TEST(Spool, KeepsManyBytesInOrder) {
  Spool spool;
  std::string all;
  for (int i = 0; i < 30; ++i) {
    const std::string piece(50'000 + i, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(spool.Append(piece));
    all += piece;
  }
  EXPECT_EQ(spool.size(), all.size());
  EXPECT_EQ(spool.ToString(), all);
  EXPECT_EQ(spool.Md5Hex(), Spool(all).Md5Hex());
  EXPECT_FALSE(spool.failed());
}

TEST(Spool, AnEmptyOneHasHashesToo) {
  EXPECT_EQ(Spool().Md5Hex(), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Spool().ToString(), "");
}

TEST(Spool, ReportsAFullDisk) {
  const char* const before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/nowhere/at/all", 1);
  Spool spool;
  EXPECT_TRUE(spool.Append("few"));
  EXPECT_FALSE(spool.Append(std::string(1'000'000, 'x')));
  EXPECT_TRUE(spool.failed());
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace daytonad::emulator
