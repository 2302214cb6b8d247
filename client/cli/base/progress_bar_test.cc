#include "client/cli/base/progress_bar.h"

#include <chrono>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace daytonad::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kMiB = 1 << 20;

class ProgressBarTest : public testing::Test {
 protected:
  ProgressBar Bar(std::int64_t total, int width) {
    return ProgressBar("upload", total, err_, width, [this] { return now_; });
  }
  // What was written since the last call.
  std::string Written() {
    std::string text = err_.str();
    err_.str("");
    return text;
  }

  std::ostringstream err_;
  ProgressBar::Time now_{seconds(100)};
};

TEST_F(ProgressBarTest, IsWrittenOverUntilAPlainLineIsLeft) {
  {
    ProgressBar bar = Bar(20 * kMiB, 80);
    now_ += seconds(1);
    bar.Sent(5 * kMiB);
    EXPECT_EQ(Written(), "\rupload  25% [=====>                 ] 5.0 MiB of 20.0 MiB, 5.0 MiB/s, 0:03 left\x1b[K");
    now_ += seconds(1);
    bar.Skipped(10 * kMiB);
    EXPECT_EQ(Written(), "\rupload  75% [================>     ] 15.0 MiB of 20.0 MiB, 2.5 MiB/s, 0:02 left\x1b[K");
    now_ += seconds(1);
    bar.Sent(5 * kMiB);
    Written();
    bar.Finish();
    EXPECT_EQ(Written(), "\rupload 100% of 20.0 MiB in 3.0 s, 10.0 MiB of it there already, 3.3 MiB/s\x1b[K\n");
  }
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressBarTest, LimitsHowOftenItIsRedrawn) {
  ProgressBar bar = Bar(100, 80);
  bar.Sent(1);
  EXPECT_NE(Written(), "");
  now_ += milliseconds(99);
  bar.Sent(1);
  EXPECT_EQ(Written(), "");
  now_ += milliseconds(1);
  bar.Sent(1);
  EXPECT_NE(Written(), "");
}

TEST_F(ProgressBarTest, FitsANarrowTerminal) {
  ProgressBar bar = Bar(20 * kMiB, 30);
  now_ += seconds(1);
  bar.Sent(5 * kMiB);
  EXPECT_EQ(Written(), "\rupload  25% 5.0 MiB of 20.0 …\x1b[K");
}

TEST_F(ProgressBarTest, WritesNothingWithoutATerminal) {
  ProgressBar bar = Bar(10, 0);
  bar.Sent(10);
  bar.Finish();
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressBarTest, WhatFollowsAnUnfinishedOneBeginsALine) {
  { ProgressBar(Bar(10, 80)).Sent(1); }
  EXPECT_TRUE(Written().ends_with("\n"));
  { Bar(10, 80); }
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressBarTest, SaysThatEverythingWasStored) {
  ProgressBar bar = Bar(512, 80);
  bar.Skipped(512);
  Written();
  bar.Finish();
  EXPECT_EQ(Written(), "\rupload 100% of 512 B, all there already\x1b[K\n");
}

TEST(BytesText, HasOneUnit) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(kMiB - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(3 * 1024 * kMiB / 2), "1.5 GiB");
  EXPECT_EQ(BytesText(5000 * 1024 * kMiB), "4.9 TiB");
}

TEST(ClockText, HasHoursIfThereAreAny) {
  EXPECT_EQ(ClockText(seconds(0)), "0:00");
  EXPECT_EQ(ClockText(seconds(61)), "1:01");
  EXPECT_EQ(ClockText(seconds(3723)), "1:02:03");
}

}  // namespace
}  // namespace daytonad::cli
