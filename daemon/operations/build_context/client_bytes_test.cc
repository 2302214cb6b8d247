#include "daemon/operations/build_context/client_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <string>

#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxIdle{30};

// A client that sends each piece so long after the one before has been read, on a clock that the test holds.
class SlowClient final : public ByteStream {
 public:
  struct Piece {
    seconds after;
    std::string bytes;
  };
  SlowClient(FakeClock& clock, std::deque<Piece> pieces) : clock_(clock), pieces_(std::move(pieces)) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    Piece& next = pieces_.front();
    const Clock::Duration patience = context.deadline() - clock_.Now();
    const Clock::Duration waits = std::min<Clock::Duration>(next.after, patience);
    clock_.Advance(waits);
    if (waits < next.after) {
      next.after -= std::chrono::duration_cast<seconds>(waits);
      co_return DeadlineExceededError();
    }
    std::string bytes = std::move(next.bytes);
    pieces_.pop_front();
    co_return bytes;
  }

 private:
  FakeClock& clock_;
  std::deque<Piece> pieces_;
};

class ClientBytesTest : public ::testing::Test {
 protected:
  // How it ends, and after how long.
  std::string Outcome(std::deque<SlowClient::Piece> pieces, seconds deadline = seconds(1'000'000)) {
    SlowClient client(clock_, std::move(pieces));
    ClientBytes bytes(client, clock_, kMaxIdle, [this] { return crowded_; });
    const Clock::TimePoint begin = clock_.Now();
    const CallContext context = CallContext::Background("test").WithDeadline(begin + deadline);
    while (true) {
      const absl::StatusOr<std::string> read = RunTask(io_, bytes.Read(context));
      const auto seconds_passed = std::chrono::duration_cast<seconds>(clock_.Now() - begin).count();
      if (!read.ok()) return ErrorReason(read.status()) + " " + std::to_string(seconds_passed);
      if (read->empty()) return "end " + std::to_string(seconds_passed);
    }
  }

  boost::asio::io_context io_{1};
  FakeClock clock_{FakeClock::Mode::kManual};
  bool crowded_ = false;
};

const std::string kMuch(ClientBytes::kProgress, 'x');

TEST_F(ClientBytesTest, AClientThatMakesProgressIsWaitedFor) {
  EXPECT_EQ(Outcome({{seconds(29), kMuch}, {seconds(29), kMuch}, {seconds(29), ""}}), "end 87");
}

TEST_F(ClientBytesTest, AClientThatSendsNothingTimesOut) {
  EXPECT_EQ(Outcome({{seconds(1000), kMuch}}), "STREAM_STALLED 30");
  EXPECT_EQ(Outcome({{seconds(10), kMuch}, {seconds(1000), kMuch}}), "STREAM_STALLED 40");
}

TEST_F(ClientBytesTest, AnOccasionalByteIsNotProgress) {
  std::deque<SlowClient::Piece> pieces;
  for (int i = 0; i < 100; ++i) pieces.push_back({seconds(1), "x"});
  EXPECT_EQ(Outcome(std::move(pieces)), "STREAM_STALLED 30");
}

TEST_F(ClientBytesTest, WhileOthersWaitTheTimeoutAfterTheFirstBytesIsShort) {
  crowded_ = true;
  EXPECT_EQ(Outcome({{seconds(29), "x"}, {seconds(1000), ""}}), "STREAM_STALLED 29");
  EXPECT_EQ(Outcome({{seconds(29), kMuch}, {seconds(1000), ""}}), "STREAM_STALLED 34");
}

TEST_F(ClientBytesTest, TheCallsDeadlineHasItsOwnError) {
  EXPECT_EQ(Outcome({{seconds(1000), ""}}, seconds(7)), "DEADLINE_EXCEEDED 7");
}

}  // namespace
}  // namespace daytonad
