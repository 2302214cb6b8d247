#include "daemon/operations/create/queue_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// Takes one warning after another, each when `ready` fires.
class SlowSink final : public LogSink {
 public:
  explicit SlowSink(Clock& clock) : clock_(clock) {}

  Task<absl::Status> OnLog(v1::LogChunk) override { co_return absl::OkStatus(); }
  Task<absl::Status> OnWarning(v1::Warning warning) override {
    (void)co_await ready.Wait(clock_, CallContext::Background("test"));
    EXPECT_EQ(warning.reason(), "RATE_LIMIT_WAIT");
    told.push_back(warning.metadata().at("throttler") + " " + warning.metadata().at("wait_seconds"));
    co_return absl::OkStatus();
  }

  Event ready;
  std::vector<std::string> told;

 private:
  Clock& clock_;
};

class QueueWarningsTest : public testing::Test {
 protected:
  void Settle() {
    io_.restart();
    io_.poll();
  }

  FakeClock clock_{FakeClock::Mode::kManual};
  boost::asio::io_context io_{1};
  SlowSink sink_{clock_};
  std::shared_ptr<QueueWarnings> warnings_ = QueueWarnings::To(&sink_, io_.get_executor());
  const PausableLimit::OnWait tell_ = warnings_->listener();
  const Clock::TimePoint now_ = clock_.Now();
};

TEST_F(QueueWarningsTest, NamesTheRateLimitAndTheWait) {
  sink_.ready.Fire();
  tell_(QueueWait("sandbox-create", now_ + 41500ms), now_);
  Settle();
  EXPECT_THAT(sink_.told, ElementsAre("sandbox-create 41.5"));
}

TEST_F(QueueWarningsTest, TheNewestReplacesUnwrittenOnes) {
  for (const auto wait : {10s, 20s, 30s}) tell_(QueueWait("sandbox-create", now_ + wait), now_);
  Settle();
  sink_.ready.Fire();
  Settle();
  EXPECT_EQ(sink_.told.back(), "sandbox-create 30");
  EXPECT_LE(sink_.told.size(), 2U);
}

TEST_F(QueueWarningsTest, NothingIsWrittenAfterTheEnd) {
  tell_(QueueWait("sandbox-create", now_ + 10s), now_);
  Settle();
  bool finished = false;
  const auto finish = [](std::shared_ptr<QueueWarnings> warnings, Clock* clock, bool* done) -> Task<void> {
    co_await warnings->Finish(*clock);
    *done = true;
  };
  Spawn(io_.get_executor(), finish(warnings_, &clock_, &finished));
  Settle();
  EXPECT_FALSE(finished) << "one is being written";
  tell_(QueueWait("sandbox-create", now_ + 20s), now_);
  sink_.ready.Fire();
  Settle();
  EXPECT_TRUE(finished);
  EXPECT_THAT(sink_.told, ElementsAre("sandbox-create 10"));
}

TEST_F(QueueWarningsTest, AWaitForAConnectionIsNoRateLimit) {
  sink_.ready.Fire();
  tell_(QueueWait("", now_), now_);
  Settle();
  EXPECT_THAT(sink_.told, IsEmpty());
}

TEST_F(QueueWarningsTest, WithoutAStreamThereIsNoListener) {
  EXPECT_EQ(QueueWarnings::To(nullptr, io_.get_executor())->listener(), nullptr);
}

}  // namespace
}  // namespace daytonad
