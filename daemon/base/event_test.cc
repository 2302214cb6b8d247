#include "daemon/base/event.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using std::chrono::seconds;

Task<void> WaitAndNote(Event& event, Clock& clock, CallContext context, std::vector<absl::StatusCode>& ends) {
  const absl::Status waited = co_await event.Wait(clock, std::move(context));
  ends.push_back(waited.code());
}

TEST(EventTest, WakesAllWhoWait) {
  FakeClock clock(FakeClock::Mode::kManual);
  boost::asio::io_context io(1);
  Event event;
  std::vector<absl::StatusCode> ends;
  for (int i = 0; i < 3; ++i) {
    Spawn(io.get_executor(), WaitAndNote(event, clock, CallContext::Background("test"), ends));
  }
  io.poll();
  EXPECT_TRUE(ends.empty());
  event.Fire();
  io.run();
  EXPECT_EQ(ends, std::vector<absl::StatusCode>(3, absl::StatusCode::kOk));
}

TEST(EventTest, AFiredEventDoesNotWait) {
  FakeClock clock;
  Event event;
  event.Fire();
  EXPECT_TRUE(event.fired());
  EXPECT_TRUE(RunTask(event.Wait(clock, CallContext::Background("test"))).ok());
}

TEST(EventTest, WaitEndsAtTheDeadline) {
  FakeClock clock;
  Event event;
  const CallContext context = CallContext::Background("test").WithDeadline(clock.Now() + seconds(5));
  EXPECT_EQ(RunTask(event.Wait(clock, context)).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(EventTest, WaitEndsWithItsCallAndLeavesTheOthers) {
  FakeClock clock(FakeClock::Mode::kManual);
  boost::asio::io_context io(1);
  Event event;
  std::stop_source source;
  std::vector<absl::StatusCode> ends;
  const CallContext context = CallContext::Background("test");
  Spawn(io.get_executor(), WaitAndNote(event, clock, context.WithStopToken(source.get_token()), ends));
  Spawn(io.get_executor(), WaitAndNote(event, clock, context, ends));
  io.poll();
  source.request_stop();
  io.poll();
  EXPECT_EQ(ends, std::vector<absl::StatusCode>{absl::StatusCode::kCancelled});
  event.Fire();
  io.run();
  EXPECT_EQ(ends.back(), absl::StatusCode::kOk);
}

TEST(EventTest, MayGoAsSoonAsItHasFired) {
  FakeClock clock(FakeClock::Mode::kManual);
  boost::asio::io_context io(1);
  auto event = std::make_unique<Event>();
  std::vector<absl::StatusCode> ends;
  Spawn(io.get_executor(), WaitAndNote(*event, clock, CallContext::Background("test"), ends));
  io.poll();
  event->Fire();
  event.reset();
  io.run();
  EXPECT_EQ(ends, std::vector<absl::StatusCode>{absl::StatusCode::kOk});
}

}  // namespace
}  // namespace daytonad
