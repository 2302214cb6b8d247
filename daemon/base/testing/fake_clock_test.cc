#include "daemon/base/testing/fake_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/spawn.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;

CallContext Context() { return CallContext::Background("test"); }

TEST(FakeClockTest, SleepPassesAtOnceAndIsRecorded) {
  FakeClock clock;
  const auto start = clock.Now();
  EXPECT_TRUE(RunTask(clock.Sleep(Context(), hours(24))).ok());
  EXPECT_TRUE(RunTask(clock.Sleep(Context(), seconds(1))).ok());
  EXPECT_EQ(clock.Now() - start, hours(24) + seconds(1));
  EXPECT_THAT(clock.sleeps(), ElementsAre(hours(24), seconds(1)));
}

TEST(FakeClockTest, SleepEndsAtTheDeadline) {
  FakeClock clock;
  const auto start = clock.Now();
  const CallContext context = Context().WithDeadline(start + seconds(5));
  EXPECT_TRUE(RunTask(clock.Sleep(context, seconds(2))).ok());
  EXPECT_EQ(RunTask(clock.Sleep(context, seconds(10))).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(clock.Now() - start, seconds(5));
}

TEST(FakeClockTest, WaitingForSomethingElseEndsAtTheDeadlineAndIsNoSleep) {
  FakeClock clock;
  const auto start = clock.Now();
  const CallContext context = Context().WithDeadline(start + seconds(5));
  EXPECT_EQ(RunTask(clock.WaitFor(context, std::stop_token())).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(clock.Now() - start, seconds(5));
  EXPECT_THAT(clock.sleeps(), ::testing::IsEmpty());
}

TEST(FakeClockTest, CancelledCallDoesNotSleep) {
  FakeClock clock;
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(RunTask(clock.Sleep(Context().WithStopToken(source.get_token()), seconds(1))).code(),
            absl::StatusCode::kCancelled);
}

Task<void> Tick(FakeClock& clock, seconds period, int times, std::string name, std::vector<std::string>& log) {
  for (int i = 0; i < times; ++i) {
    (void)co_await clock.Sleep(Context(), period);
    log.push_back(name);
  }
}

TEST(FakeClockTest, SleepersWakeInTheOrderOfTheirEnds) {
  FakeClock clock;
  const auto start = clock.Now();
  boost::asio::io_context io(1);
  std::vector<std::string> log;
  Spawn(io.get_executor(), Tick(clock, seconds(3), 2, "slow", log));
  Spawn(io.get_executor(), Tick(clock, seconds(2), 3, "fast", log));
  io.run();
  EXPECT_THAT(log, ElementsAre("fast", "slow", "fast", "slow", "fast"));
  EXPECT_EQ(clock.Now() - start, seconds(6));
}

TEST(FakeClockTest, ManualTimeStandsUntilAdvanced) {
  FakeClock clock(FakeClock::Mode::kManual);
  boost::asio::io_context io(1);
  std::vector<std::string> log;
  Spawn(io.get_executor(), Tick(clock, seconds(2), 1, "woke", log));
  io.poll();
  EXPECT_EQ(clock.sleepers(), 1U);
  clock.Advance(seconds(1));
  io.poll();
  EXPECT_TRUE(log.empty());
  clock.Advance(seconds(1));
  io.run();
  EXPECT_THAT(log, ElementsAre("woke"));
}

TEST(FakeClockTest, StopWakesASleeper) {
  FakeClock clock(FakeClock::Mode::kManual);
  boost::asio::io_context io(1);
  std::stop_source source;
  absl::Status status;
  auto sleep = [](FakeClock& clock, CallContext context, absl::Status& status) -> Task<void> {
    status = co_await clock.Sleep(context, seconds(2));
  };
  Spawn(io.get_executor(), sleep(clock, Context().WithStopToken(source.get_token()), status));
  io.poll();
  source.request_stop();
  io.run();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(clock.sleepers(), 0U);
}

TEST(RunTaskTest, ReturnsTheValue) {
  auto answer = []() -> Task<int> { co_return 42; };
  EXPECT_EQ(RunTask(answer()), 42);
}

}  // namespace
}  // namespace daytonad
