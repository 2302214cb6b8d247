#include "daemon/base/turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/call_context.h"
#include "daemon/base/crew.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using TimePoint = Clock::TimePoint;

constexpr TimePoint kNow{1000s};
const TurnWait kWait("sandbox-create", kNow + 30s);

// Shows the time that a test says.
class SetClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  Task<absl::Status> Sleep(CallContext, Duration) override { co_return absl::OkStatus(); }
  Task<absl::Status> WaitFor(CallContext, std::stop_token) override { co_return absl::OkStatus(); }
  TimePoint now = kNow;
};

CallContext Call(TimePoint deadline = TimePoint::max()) {
  return CallContext(std::make_shared<CallIdentity>(), deadline, std::stop_token());
}

TEST(CallTurnsTest, TheLimitStandsStillWhileTheCallWaits) {
  CallTurns turns(kNow, 60s, 300s);
  EXPECT_EQ(turns.deadline(), kNow + 60s);
  EXPECT_EQ(turns.latest_deadline(), kNow + 360s);
  turns.Begin(kWait, kNow + 10s);
  EXPECT_EQ(turns.deadline(), kNow + 360s) << "it may wait so long, and has 50 s left then";
  turns.End(kNow + 40s);
  EXPECT_EQ(turns.deadline(), kNow + 90s);
  EXPECT_EQ(turns.latest_deadline(), kNow + 360s);
}

TEST(CallTurnsTest, AllWaitsTogetherHaveABound) {
  CallTurns turns(kNow, 60s, 300s);
  EXPECT_EQ(turns.turn_by(kNow + 5s), kNow + 305s);
  turns.Begin(kWait, kNow + 10s);
  EXPECT_EQ(turns.turn_by(kNow + 20s), kNow + 310s);
  turns.End(kNow + 210s);
  EXPECT_EQ(turns.turn_by(kNow + 250s), kNow + 350s) << "100 s are left";
  turns.Begin(kWait, kNow + 250s);
  turns.End(kNow + 400s);
  EXPECT_EQ(turns.turn_by(kNow + 400s), kNow + 400s);
}

TEST(CallTurnsTest, WaitsAtTheSameTimeCountOnce) {
  CallTurns turns(kNow, 60s, 300s);
  turns.Begin(kWait, kNow);
  turns.Begin(kWait, kNow + 5s);
  turns.End(kNow + 10s);
  turns.End(kNow + 20s);
  EXPECT_EQ(turns.deadline(), kNow + 80s);
}

TEST(CallTurnsTest, WithoutALimitOnlyTheWaitIsBounded) {
  const CallTurns turns(kNow, 0s, 300s);
  EXPECT_EQ(turns.deadline(), TimePoint::max());
  EXPECT_EQ(turns.latest_deadline(), TimePoint::max());
  EXPECT_EQ(turns.turn_by(kNow + 10min), kNow + 15min);
}

TEST(CallTurnsTest, TellsOfEachWait) {
  std::vector<std::string> told;
  CallTurns turns([&](const TurnWait& wait, TimePoint) { told.push_back(wait.what); });
  turns.Begin(kWait, kNow);
  turns.End(kNow + 1s);
  turns.Begin(TurnWait("authenticated", kNow), kNow + 2s);
  EXPECT_THAT(told, ElementsAre("sandbox-create", "authenticated"));
  EXPECT_EQ(turns.deadline(), TimePoint::max());
  EXPECT_EQ(turns.turn_by(kNow), TimePoint::max());
}

TEST(CallTurnsTest, AContextHasTheEarlierOfBothLimits) {
  const auto turns = std::make_shared<CallTurns>(kNow, 60s, 300s);
  const CallContext call = Call(kNow + 100s).WithTurns(turns);
  EXPECT_EQ(call.deadline(), kNow + 60s);
  EXPECT_EQ(call.send_by(), kNow + 60s);
  EXPECT_EQ(call.turn_by(kNow), kNow + 100s);
  EXPECT_EQ(call.latest_deadline(), kNow + 100s);
  turns->Begin(kWait, kNow);
  turns->End(kNow + 50s);
  EXPECT_EQ(call.deadline(), kNow + 100s);
  const CallContext fixed = call.WithFixedDeadline();
  turns->Begin(kWait, kNow + 50s);
  EXPECT_EQ(fixed.deadline(), kNow + 100s);
  EXPECT_EQ(fixed.turns(), nullptr);
}

TEST(CallTurnsTest, AScopeIsOneWait) {
  SetClock clock;
  const CallContext call = Call().WithTurns(std::make_shared<CallTurns>(kNow, 60s, 300s));
  {
    const TurnScope waiting(call, clock, kWait);
    clock.now += 20s;
  }
  EXPECT_EQ(call.deadline(), kNow + 80s);
  const TurnScope nobody_has_to_know(Call(), clock, kWait);
}

class CrewTest : public testing::Test {
 protected:
  SetClock clock_;
  const CallContext short_ = Call(kNow + 1s);
  const CallContext long_ = Call(kNow + 60s);
  Crew crew_{short_};
};

TEST_F(CrewTest, LastsAsLongAsTheLongestOfItsMembers) {
  EXPECT_EQ(crew_.send_by(), kNow + 1s) << "the first caller is about to enter";
  const Crew::Place first(crew_, short_, clock_);
  EXPECT_EQ(crew_.turn_by(kNow), kNow + 1s);
  {
    const Crew::Place second(crew_, long_, clock_);
    EXPECT_EQ(crew_.send_by(), kNow + 60s);
    EXPECT_EQ(crew_.turn_by(kNow), kNow + 60s);
    EXPECT_EQ(crew_.size(), 2U);
  }
  EXPECT_EQ(crew_.send_by(), kNow + 1s);
}

TEST_F(CrewTest, AllMembersWaitWhoeverCameWhen) {
  const CallContext early = Call().WithTurns(std::make_shared<CallTurns>(kNow, 60s, 300s));
  const CallContext late = Call().WithTurns(std::make_shared<CallTurns>(kNow, 60s, 300s));
  const CallContext gone = Call().WithTurns(std::make_shared<CallTurns>(kNow, 60s, 300s));
  const Crew::Place first(crew_, early, clock_);
  crew_.Begin(kWait, kNow);
  clock_.now = kNow + 10s;
  const Crew::Place second(crew_, late, clock_);
  {
    const Crew::Place third(crew_, gone, clock_);
    clock_.now = kNow + 15s;
  }
  crew_.End(kNow + 30s);
  EXPECT_EQ(early.deadline(), kNow + 90s);
  EXPECT_EQ(late.deadline(), kNow + 80s);
  EXPECT_EQ(gone.deadline(), kNow + 65s);
}

TEST_F(CrewTest, AFlightWithinAFlightTellsTheCallersOfBoth) {
  const auto inner_of = [this] {
    return Call().ForFlight(TimePoint::max(), {}, std::shared_ptr<Turns>(&crew_, [](Turns*) {}));
  };
  const CallContext outer_work = inner_of();
  const CallContext caller = Call().WithTurns(std::make_shared<CallTurns>(kNow, 60s, 300s));
  const Crew::Place place(crew_, caller, clock_);
  Crew inner(outer_work);
  const Crew::Place inner_place(inner, outer_work, clock_);
  EXPECT_EQ(inner.send_by(), kNow + 60s);
  inner.Begin(kWait, kNow);
  inner.End(kNow + 30s);
  EXPECT_EQ(caller.deadline(), kNow + 90s);
}

}  // namespace
}  // namespace daytonad
