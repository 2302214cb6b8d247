#include "daemon/operations/base/watching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/absent.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/operations/testing/scripted_watch.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WatchingTest : public ::testing::Test, protected UpdateSink<v1::Sandbox> {
 protected:
  using Seen = ScriptedWatch::Seen;

  Task<absl::Status> OnUpdate(Update<v1::Sandbox> update) override {
    told_.push_back(update.object->state_text() + (update.removed ? " removed" : "") +
                    (update.maybe_missed ? " missed" : ""));
    co_return taken_;
  }

  // To its end, or for a minute.
  absl::Status WatchIt(std::deque<Seen> seen, std::deque<Seen> polls = {}) {
    auto watch = std::make_unique<ScriptedWatch>(clock_);
    watch->seen = std::move(seen);
    watch->polls = std::move(polls);
    const CallContext context = CallContext::Background("test").WithDeadline(clock_.Now() + std::chrono::minutes(1));
    return RunTask(io_, WatchToTheEnd<v1::Sandbox>(context, std::move(watch), *this));
  }

  static Seen Missed(Seen seen) {
    seen.maybe_missed = true;
    return seen;
  }
  static Seen Gone(const std::string& state) {
    return ScriptedWatch::Of(ScriptedWatch::InState(state), AbsentError("sandbox", "gone"), true);
  }

  boost::asio::io_context io_;
  FakeClock clock_;
  std::vector<std::string> told_;
  absl::Status taken_;
};

TEST_F(WatchingTest, SendsTheStateAndEachChangeUntilTheContextEnds) {
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(WatchIt({ScriptedWatch::Fresh("starting"), Missed(ScriptedWatch::Fresh("started"))})));
  EXPECT_THAT(told_, ElementsAre("starting", "started missed"));
}

TEST_F(WatchingTest, StartsWithAFreshState) {
  (void)WatchIt({ScriptedWatch::Stale("starting")}, {Missed(ScriptedWatch::Fresh("started"))});
  EXPECT_THAT(told_, ElementsAre("started")) << "nothing was missed before the first";
}

TEST_F(WatchingTest, LaterStaleStatesAreSent) {
  (void)WatchIt({ScriptedWatch::Fresh("starting"), ScriptedWatch::Stale("started")});
  EXPECT_THAT(told_, ElementsAre("starting", "started"));
}

TEST_F(WatchingTest, AConfirmationIsNoUpdateButMaybeMissedIsKept) {
  const Seen first = ScriptedWatch::Fresh("started");
  (void)WatchIt(
      {first, first, Missed(first), first, ScriptedWatch::Fresh("stopped"), ScriptedWatch::Fresh("starting")});
  EXPECT_THAT(told_, ElementsAre("started", "stopped missed", "starting"));
}

TEST_F(WatchingTest, NorIsAnObservationWithChangedTimesOnly) {
  const auto at = [](int second, bool is_public) {
    v1::Sandbox sandbox = *ScriptedWatch::InState("started");
    sandbox.mutable_updated_at()->set_seconds(second);
    sandbox.mutable_last_activity_at()->set_seconds(second);
    sandbox.set_is_public(is_public);
    return ScriptedWatch::Of(std::make_shared<const v1::Sandbox>(std::move(sandbox)), absl::OkStatus(), true);
  };
  (void)WatchIt({at(5, false), at(4, false), at(6, false), at(6, true)});
  EXPECT_THAT(told_, ElementsAre("started", "started"));
}

TEST_F(WatchingTest, RemovalIsTheLastUpdate) {
  EXPECT_TRUE(WatchIt({ScriptedWatch::Fresh("started"), Gone("destroyed"), ScriptedWatch::Fresh("never")}).ok());
  EXPECT_THAT(told_, ElementsAre("started", "destroyed removed"));
}

TEST_F(WatchingTest, RemovalIsSentWithTheLastKnownState) {
  EXPECT_TRUE(
      WatchIt({ScriptedWatch::Fresh("started"), Missed(ScriptedWatch::Failed(AbsentError("sandbox", "gone")))}).ok());
  EXPECT_THAT(told_, ElementsAre("started", "started removed missed"));
}

TEST_F(WatchingTest, AMissingObjectIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(WatchIt({Gone("destroyed")})));
  EXPECT_TRUE(absl::IsNotFound(WatchIt({ScriptedWatch::Stale("started")}, {Gone("started")})));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WatchingTest, AnotherErrorEndsIt) {
  EXPECT_TRUE(absl::IsPermissionDenied(
      WatchIt({ScriptedWatch::Fresh("started"), ScriptedWatch::Failed(absl::PermissionDeniedError("no"))})));
  EXPECT_THAT(told_, ElementsAre("started"));
}

TEST_F(WatchingTest, AnErrorOfTheSinkEndsIt) {
  taken_ = absl::CancelledError("gone");
  EXPECT_TRUE(absl::IsCancelled(WatchIt({ScriptedWatch::Fresh("started"), ScriptedWatch::Fresh("stopped")})));
  EXPECT_THAT(told_, ElementsAre("started"));
}

}  // namespace
}  // namespace daytonad
