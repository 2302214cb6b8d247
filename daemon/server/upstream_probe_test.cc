#include "daemon/server/upstream_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stop_token>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class UpstreamProbeTest : public ::testing::Test {
 protected:
  // Runs a probe through these answers, then cancels it.
  void Run(std::deque<absl::Status> answers) {
    answers_ = std::move(answers);
    UpstreamProbe probe([this](CallContext context) { return Ping(this, std::move(context)); }, clock_, options_,
                        [this](bool up) { reports_.push_back(up); });
    RunTask(probe.Run(CallContext::Background("test").WithStopToken(stop_.get_token())));
  }

  static Task<absl::Status> Ping(UpstreamProbeTest* test, CallContext context) {
    EXPECT_EQ(context.deadline() - test->clock_.Now(), test->options_.time_limit);
    absl::Status answer = test->answers_.front();
    test->answers_.pop_front();
    if (test->answers_.empty()) test->stop_.request_stop();
    co_return answer;
  }

  static absl::Status Down() { return MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", "no route"); }
  static absl::Status Limited() { return MakeError(absl::StatusCode::kResourceExhausted, "RATE_LIMITED", "wait"); }

  FakeClock clock_;
  UpstreamProbeOptions options_;
  std::stop_source stop_;
  std::deque<absl::Status> answers_;
  std::vector<bool> reports_;
};

const absl::Status kOk = absl::OkStatus();

TEST_F(UpstreamProbeTest, ReportsChangesOnly) {
  Run({Down(), Down(), kOk, kOk, Down(), kOk});
  // The last answer came after the stop.
  EXPECT_THAT(reports_, ElementsAre(false, true, false));
}

TEST_F(UpstreamProbeTest, LooksAtOnceAndThenAtItsInterval) {
  Run({kOk, kOk, kOk});
  EXPECT_THAT(clock_.sleeps(), ElementsAre(seconds(30), seconds(30)));
  EXPECT_THAT(reports_, ElementsAre(true));
}

TEST_F(UpstreamProbeTest, BacksOffWhileItFailsAndBeginsAnewAfterASuccess) {
  Run({Down(), Down(), Down(), Down(), Down(), Down(), Down(), kOk, Down(), kOk});
  EXPECT_THAT(clock_.sleeps(),
              ElementsAre(seconds(5), milliseconds(7500), milliseconds(11250), milliseconds(16875),
                          std::chrono::microseconds(25312500), seconds(30), seconds(30), seconds(30), seconds(5)));
}

TEST_F(UpstreamProbeTest, NeverWaitsLongerThanItsInterval) {
  options_.interval = seconds(1);
  Run({Down(), Down(), kOk, kOk});
  EXPECT_THAT(clock_.sleeps(), ElementsAre(seconds(1), seconds(1), seconds(1)));
}

TEST_F(UpstreamProbeTest, TakesARateLimitForNoNews) {
  Run({kOk, Limited(), Limited(), kOk});
  EXPECT_THAT(reports_, ElementsAre(true));
}

TEST_F(UpstreamProbeTest, SaysNothingOnceItIsStopped) {
  Run({kOk});
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(clock_.sleeps(), IsEmpty());
}

}  // namespace
}  // namespace daytonad
