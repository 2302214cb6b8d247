#include "daemon/server/loop_watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <utility>

namespace daytonad {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

LoopWatchdogOptions QuickOptions(milliseconds limit) {
  LoopWatchdogOptions options;
  options.tick = milliseconds(1);
  options.stalled_after = milliseconds(3);
  options.limit = limit;
  return options;
}

TEST(LoopWatchdogTest, TellsThatTheLoopStallsAndThatItTurnsAgain) {
  EventLoop loop;
  std::promise<void> stalled;
  std::promise<void> resumed;
  std::promise<void> release;
  // A busy machine may have it stall more often than the test asked for.
  bool told_stalled = false;
  bool told_resumed = false;
  LoopWatchdog watchdog(loop, QuickOptions(hours(1)), [&](bool running) {
    if (!running && !std::exchange(told_stalled, true)) stalled.set_value();
    if (running && !std::exchange(told_resumed, true)) resumed.set_value();
  });
  loop.Post([future = release.get_future()]() mutable { future.wait(); });
  stalled.get_future().wait();
  release.set_value();
  resumed.get_future().wait();
}

TEST(LoopWatchdogDeathTest, EndsTheProcessAndSaysWhatItKnows) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto stall = [] {
    EventLoop loop;
    const LoopWatchdog watchdog(loop, QuickOptions(milliseconds(20)), [](bool /*running*/) {});
    std::promise<void> never;
    const std::shared_future<void> end = never.get_future().share();
    loop.Post([end] { end.wait(); });
    end.wait();
  };
  EXPECT_EXIT(stall(), ::testing::KilledBySignal(SIGABRT),
              "error the event loop was stalled for too long.* seconds=0\\.0 cpu_seconds=");
}

}  // namespace
}  // namespace daytonad
