#include "daemon/base/log_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace daytonad {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogLimiterTest : public ::testing::Test {
 protected:
  // How many of so many equal lines are written.
  int Admitted(int lines, const std::string& message) {
    int admitted = 0;
    for (int i = 0; i < lines; ++i) {
      std::optional<LogLimiter::TimePoint> report_at;
      if (limiter_.Admit(LogLevel::kWarning, message, now_, &report_at)) ++admitted;
      if (report_at.has_value()) report_at_.push_back(*report_at);
    }
    return admitted;
  }

  // "message: lines" of each message.
  std::vector<std::string> Suppressed() {
    std::vector<std::string> suppressed;
    for (const auto& one : limiter_.TakeSuppressed(now_)) {
      EXPECT_EQ(one.level, LogLevel::kWarning);
      suppressed.push_back(one.message + ": " + std::to_string(one.lines));
    }
    return suppressed;
  }

  LogLimiter limiter_{{.lines = 3, .interval = seconds(10), .messages = 4}};
  LogLimiter::TimePoint now_{};
  std::vector<LogLimiter::TimePoint> report_at_;
};

TEST_F(LogLimiterTest, OfAFloodTheFirstLinesAreWrittenAndTheOthersCounted) {
  EXPECT_EQ(Admitted(1000, "flood"), 3);
  EXPECT_THAT(report_at_, ElementsAre(now_ + seconds(10))) << "told once";
  EXPECT_THAT(Suppressed(), IsEmpty()) << "the interval is not over";
  now_ += seconds(10);
  EXPECT_THAT(Suppressed(), ElementsAre("flood: 997"));
  EXPECT_THAT(Suppressed(), IsEmpty());
}

TEST_F(LogLimiterTest, EachMessageAndEachIntervalHasALimitOfItsOwn) {
  EXPECT_EQ(Admitted(5, "a"), 3);
  EXPECT_EQ(Admitted(2, "b"), 2);
  now_ += seconds(9);
  EXPECT_EQ(Admitted(1, "a"), 0);
  EXPECT_EQ(Admitted(2, "b"), 1);
  now_ += seconds(1);
  EXPECT_EQ(Admitted(4, "a"), 3);
  EXPECT_THAT(report_at_, ElementsAre(LogLimiter::TimePoint(seconds(10)), LogLimiter::TimePoint(seconds(10)),
                                      LogLimiter::TimePoint(seconds(20))));
  now_ += seconds(10);
  EXPECT_THAT(Suppressed(), ::testing::UnorderedElementsAre("a: 3", "b: 1", "a: 1"));
}

TEST_F(LogLimiterTest, WhatIsWithinTheLimitIsNotReported) {
  EXPECT_EQ(Admitted(3, "a"), 3);
  EXPECT_THAT(report_at_, IsEmpty());
  now_ += seconds(10);
  EXPECT_THAT(Suppressed(), IsEmpty());
}

TEST_F(LogLimiterTest, AFloodOfDifferentMessagesIsLimitedToo) {
  int admitted = 0;
  for (int i = 0; i < 1000; ++i) admitted += Admitted(1, "message " + std::to_string(i));
  EXPECT_EQ(admitted, 4 + 3) << "one of each that there is room for, and of all others together what one may have";
  now_ += seconds(10);
  EXPECT_THAT(Suppressed(), ElementsAre("(various): 993"));
  EXPECT_EQ(Admitted(1, "message 500"), 1) << "there is room again";
}

}  // namespace
}  // namespace daytonad
