#include "daemon/net/event_loop.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <chrono>
#include <future>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/testing/run_task.h"
#include "daemon/base/wakeup.h"
#include "daemon/net/asio_clock.h"

namespace daytonad {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

Task<void> SetValue(std::promise<std::string>& promise) {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  promise.set_value(name.data());
  co_return;
}

TEST(EventLoopTest, SpawnRunsOnTheNamedThread) {
  EventLoop loop("a-name");
  std::promise<std::string> name;
  loop.Spawn(SetValue(name));
  EXPECT_EQ(name.get_future().get(), "a-name");
}

TEST(EventLoopTest, StopLetsWhatWasPostedRun) {
  int ran = 0;
  EventLoop loop;
  for (int i = 0; i < 100; ++i) loop.Post([&ran] { ++ran; });
  loop.Stop();
  EXPECT_EQ(ran, 100);
  loop.Stop();
}

TEST(EventLoopTest, StopAbandonsWhatDoesNotEnd) {
  AsioClock clock;
  EventLoop loop;
  auto sleep = [](AsioClock& clock) -> Task<void> {
    (void)co_await clock.Sleep(CallContext::Background("test"), hours(1));
  };
  loop.Spawn(sleep(clock));
  loop.Stop(milliseconds(1));
}

TEST(EventLoopDeathTest, AnEscapingExceptionEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        EventLoop loop;
        auto fail = []() -> Task<void> {
          throw std::runtime_error("broken invariant");
          co_return;
        };
        loop.Spawn(fail());
        loop.Stop();
      },
      "broken invariant");
}

class AsioClockTest : public ::testing::Test {
 protected:
  template <typename T>
  std::future<T> Start(Task<T> task) {
    return StartTask(loop_.context(), std::move(task));
  }

  AsioClock clock_;
  EventLoop loop_;
};

TEST_F(AsioClockTest, SleepsAtLeastAsLongAsAsked) {
  const auto start = steady_clock::now();
  EXPECT_TRUE(Start(clock_.Sleep(CallContext::Background("test"), milliseconds(20))).get().ok());
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
  EXPECT_TRUE(Start(clock_.Sleep(CallContext::Background("test"), milliseconds(-5))).get().ok());
}

TEST_F(AsioClockTest, SleepEndsAtTheDeadline) {
  const CallContext context = CallContext::Background("test").WithDeadline(steady_clock::now() + milliseconds(20));
  EXPECT_EQ(Start(clock_.Sleep(context, hours(1))).get().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Start(clock_.Sleep(context, milliseconds(0))).get().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(AsioClockTest, ThousandsOfEndlessSleepsAreCancelledAtOnce) {
  std::stop_source source;
  const CallContext context = CallContext::Background("test").WithStopToken(source.get_token());
  std::vector<std::future<absl::Status>> sleeps;
  sleeps.reserve(5000);
  for (int i = 0; i < 5000; ++i) sleeps.push_back(Start(clock_.Sleep(context, Clock::Duration::max())));
  loop_.Post([source]() mutable { source.request_stop(); });
  for (auto& sleep : sleeps) EXPECT_EQ(sleep.get().code(), absl::StatusCode::kCancelled);
}

TEST_F(AsioClockTest, ThousandsWhoWaitForTheSameAreWokenAtOnce) {
  std::stop_source event;
  const CallContext context = CallContext::Background("test");
  std::vector<std::future<absl::Status>> waits;
  waits.reserve(5000);
  for (int i = 0; i < 5000; ++i) waits.push_back(Start(clock_.WaitFor(context, event.get_token())));
  loop_.Post([event]() mutable { event.request_stop(); });
  for (auto& wait : waits) EXPECT_TRUE(wait.get().ok());
  EXPECT_TRUE(Start(clock_.WaitFor(context, event.get_token())).get().ok()) << "it has happened";
}

TEST_F(AsioClockTest, AWaitEndsWithItsCall) {
  const CallContext context = CallContext::Background("test").WithDeadline(steady_clock::now() + milliseconds(20));
  EXPECT_EQ(Start(clock_.WaitFor(context, std::stop_token())).get().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Start(clock_.WaitFor(context, std::stop_token())).get().code(), absl::StatusCode::kDeadlineExceeded);
  std::stop_source source;
  const CallContext cancelled = CallContext::Background("test").WithStopToken(source.get_token());
  std::future<absl::Status> wait = Start(clock_.WaitFor(cancelled, std::stop_token()));
  loop_.Post([source]() mutable { source.request_stop(); });
  EXPECT_EQ(wait.get().code(), absl::StatusCode::kCancelled);
}

Task<int> CountWakeups(Wakeup& wakeup, CallContext context) {
  int count = 0;
  while ((co_await wakeup.Wait(context)).ok()) ++count;
  co_return count;
}

TEST(WakeupTest, IsSeenOncePerWait) {
  boost::asio::io_context io(1);
  Wakeup wakeup(io.get_executor());
  std::stop_source source;
  auto count = StartTask(io, CountWakeups(wakeup, CallContext::Background("test").WithStopToken(source.get_token())));
  wakeup.Set();  // before the wait
  io.poll();
  wakeup.Set();  // during the wait, twice
  wakeup.Set();
  io.poll();
  source.request_stop();
  io.run();
  EXPECT_EQ(count.get(), 2);
}

}  // namespace
}  // namespace daytonad
