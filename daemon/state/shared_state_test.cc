#include "daemon/state/shared_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/testing/fake_api.h"
#include "daemon/api/testing/next_observation.h"
#include "daemon/base/absent.h"
#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using Source = ReadSource;
using SandboxResult = absl::StatusOr<v1::Sandbox>;

// An upstream with sandboxes. An answer shows the state at the time of the request, and is sent when the gate opens.
class SlowUpstream : public FakeApi {
 public:
  explicit SlowUpstream(Clock& clock) : clock_(clock) {}

  using FakeApi::Run;
  Task<SandboxResult> Run(CallContext context, GetSandbox op) override {
    Record(op);
    return Answer(std::move(context), Find(op.key), read_gate);
  }
  Task<SandboxResult> Run(CallContext context, StopSandbox op) override {
    Record(op);
    SandboxResult found = Find(op.key);
    if (found.ok()) {
      found->set_state_text("stopping");
      found->mutable_updated_at()->set_seconds(found->updated_at().seconds() + 1);
      objects[found->id()] = *found;
    }
    return Answer(std::move(context), std::move(found), change_gate);
  }
  Task<absl::StatusOr<SandboxPage>> Run(CallContext, ListSandboxes) override {
    calls.emplace_back("ListSandboxes");
    SandboxPage page;
    for (const auto& [id, object] : objects) {
      page.items.push_back(object);
      page.items.back().set_view(v1::VIEW_BASIC);
      page.items.back().clear_env();
    }
    co_return page;
  }

  std::map<std::string, v1::Sandbox> objects;
  std::shared_ptr<Event> read_gate;
  std::shared_ptr<Event> change_gate;

 private:
  SandboxResult Find(const std::string& id_or_name) const {
    for (const auto& [id, object] : objects) {
      if (id == id_or_name || object.name() == id_or_name) return object;
    }
    return AbsentError("sandbox", "none");
  }
  Task<SandboxResult> Answer(CallContext context, SandboxResult answer, std::shared_ptr<Event> gate) {
    if (gate != nullptr) {
      absl::Status waited = co_await gate->Wait(clock_, std::move(context));
      if (!waited.ok()) co_return waited;
    }
    co_return answer;
  }

  Clock& clock_;
};

class SharedStateTest : public ::testing::Test {
 protected:
  struct Call {
    CallContext context = CallContext::Background("test");
    std::optional<SandboxResult> result;

    std::string state() const { return result.has_value() && result->ok() ? (*result)->state_text() : "no answer"; }
  };

  SharedStateTest() { upstream_.objects["a"] = SandboxIn("a", "started"); }

  static Task<void> Keep(Task<SandboxResult> task, Call* call) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    call->result = co_await std::move(task);
  }
  Call& Spawn(Task<SandboxResult> task, Call& call) {
    daytonad::Spawn(io_.get_executor(), Keep(std::move(task), &call));
    Settle();
    return call;
  }
  Call& Get(const std::string& id_or_name, std::optional<Clock::Duration> max_age = std::nullopt) {
    Call& call = calls_.emplace_back();
    return Spawn(state_.api().Run(call.context.WithReadTerms(ReadTerms{max_age}), GetSandbox(id_or_name)), call);
  }
  Call& Stop(const std::string& id_or_name) {
    return Spawn(state_.api().Run(CallContext::Background("test"), StopSandbox(id_or_name, false)),
                 calls_.emplace_back());
  }

  void Settle() {
    io_.restart();
    io_.poll();
  }
  void Pass(Clock::Duration duration) {
    clock_.Advance(duration);
    Settle();
  }
  // Requests to upstream since the last call.
  size_t Asked() { return std::exchange(upstream_.calls, {}).size(); }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  SlowUpstream upstream_{clock_};
  SharedState state_{upstream_, io_.get_executor(), clock_, SharedStateOptions()};
  std::deque<Call> calls_;
};

// --- Where an answer comes from ---

TEST_F(SharedStateTest, SaysWhereAnAnswerComesFromAndHowOldItIs) {
  upstream_.read_gate = std::make_shared<Event>();
  Call& first = Get("a");
  Pass(milliseconds(200));
  Call& second = Get("a");
  Pass(milliseconds(100));
  upstream_.read_gate->Fire();
  Settle();
  EXPECT_EQ(first.context.facts().read_source, Source::kMiss);
  EXPECT_EQ(first.context.facts().age, milliseconds(300));
  EXPECT_EQ(second.context.facts().read_source, Source::kCoalesced);
  EXPECT_EQ(second.context.facts().age, milliseconds(300));
  Pass(milliseconds(400));
  const Call& third = Get("name-of-a");
  EXPECT_EQ(third.context.facts().read_source, Source::kHit);
  EXPECT_EQ(third.context.facts().age, milliseconds(700));
  EXPECT_EQ(third.state(), "started");
  EXPECT_EQ(Asked(), 1U);
  const Call& fourth = Get("a", seconds(0));
  EXPECT_FALSE(fourth.context.facts().read_source.has_value()) << "the cache was not asked";
  EXPECT_EQ(fourth.context.facts().age, seconds(0));
  EXPECT_EQ(Asked(), 1U);
}

TEST_F(SharedStateTest, AReadWithoutTermsAsksUpstream) {
  Get("a");
  Call& call = calls_.emplace_back();
  Spawn(state_.api().Run(CallContext::Background("test"), GetSandbox("a")), call);
  EXPECT_EQ(Asked(), 2U);
}

TEST_F(SharedStateTest, CachedReadsOnOtherThreadsAreTheSame) {
  EXPECT_FALSE(state_.FindSandbox("a", std::nullopt).has_value());
  Get("a");
  Pass(milliseconds(400));
  const auto found = state_.FindSandbox("name-of-a", std::nullopt);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->object->state_text(), "started");
  EXPECT_EQ(found->age, milliseconds(400));
  EXPECT_FALSE(state_.FindSandbox("a", milliseconds(300)).has_value());
  EXPECT_FALSE(state_.FindSandbox("a", seconds(0)).has_value());
}

TEST_F(SharedStateTest, NotFoundIsNotCached) {
  EXPECT_TRUE(absl::IsNotFound(Get("b").result->status()));
  upstream_.objects["b"] = SandboxIn("b", "creating");
  EXPECT_EQ(Get("b").state(), "creating");
}

// --- How long ---

TEST_F(SharedStateTest, WithoutEventsAnAnswerIsFreshForASecond) {
  Get("a");
  Pass(seconds(1));
  Get("a");
  EXPECT_EQ(Asked(), 1U);
  Pass(milliseconds(1));
  Get("a");
  EXPECT_EQ(Asked(), 1U);
}

TEST_F(SharedStateTest, WithEventsForHalfAMinute) {
  state_.OnEventsUp();
  Pass(milliseconds(1));
  Get("a");
  Pass(seconds(30));
  Get("a");
  EXPECT_EQ(Asked(), 1U);
  Pass(milliseconds(1));
  Get("a");
  EXPECT_EQ(Asked(), 1U);
}

TEST_F(SharedStateTest, AnObjectFromBeforeEventsCameUpIsFreshForASecondOnly) {
  Get("a");
  Pass(milliseconds(1));
  state_.OnEventsUp();
  Pass(seconds(2));
  Get("a");
  EXPECT_EQ(Asked(), 2U);
  Pass(seconds(2));
  Get("a");
  EXPECT_EQ(Asked(), 0U);
  state_.OnEventsDown();
  Get("a");
  EXPECT_EQ(Asked(), 1U) << "events no longer update the cache";
  Pass(milliseconds(1));
  state_.OnEventsUp();
  Pass(seconds(2));
  Get("a");
  EXPECT_EQ(Asked(), 1U) << "events in between were missed";
}

TEST_F(SharedStateTest, AReadThatWasSentBeforeEventsCameUpIsFreshForASecondOnly) {
  upstream_.read_gate = std::make_shared<Event>();
  Get("a");
  Pass(milliseconds(1));
  state_.OnEventsUp();
  upstream_.read_gate->Fire();
  Pass(seconds(2));
  Asked();
  Get("a");
  EXPECT_EQ(Asked(), 1U);
}

TEST_F(SharedStateTest, AnEventIsServedAtOnce) {
  state_.OnEventsUp();
  Get("a");
  state_.OnSandbox(SandboxIn("a", "stopped", 2));
  EXPECT_EQ(Get("a").state(), "stopped");
  EXPECT_EQ(Get("a").context.facts().read_source, Source::kHit);
  state_.OnSandbox(SandboxIn("a", "destroyed", 3));
  upstream_.objects.clear();
  EXPECT_TRUE(absl::IsNotFound(Get("a").result->status()));
}

TEST_F(SharedStateTest, MaxAgeHoldsWhileEventsAreUp) {
  state_.OnEventsUp();
  Get("a");
  Pass(seconds(2));
  EXPECT_EQ(Get("a", seconds(1)).context.facts().read_source, Source::kMiss);
  Pass(seconds(20));
  EXPECT_EQ(Get("a", seconds(20)).context.facts().read_source, Source::kHit);
}

TEST_F(SharedStateTest, AListItemNeverReplacesAFullObject) {
  (*upstream_.objects["a"].mutable_env())["KEY"] = "value";
  Get("a");
  std::optional<absl::StatusOr<SandboxPage>> page;
  boost::asio::co_spawn(io_, state_.api().Run(CallContext::Background("test"), ListSandboxes(SandboxListQuery(), "")),
                        [&](std::exception_ptr, absl::StatusOr<SandboxPage> seen) { page = std::move(seen); });
  Settle();
  ASSERT_TRUE(page.has_value() && page->ok());
  const Call& call = Get("a");
  EXPECT_EQ(call.context.facts().read_source, Source::kHit);
  EXPECT_EQ(call.result->value().env().at("KEY"), "value");
  EXPECT_EQ(call.result->value().view(), v1::VIEW_FULL);
}

// --- Read your writes ---

TEST_F(SharedStateTest, AReadAfterAMutationShowsItsAnswer) {
  Get("a");
  EXPECT_EQ(Stop("a").state(), "stopping");
  Asked();
  const Call& call = Get("name-of-a");
  EXPECT_EQ(call.state(), "stopping");
  EXPECT_EQ(call.context.facts().read_source, Source::kHit);
  EXPECT_EQ(Asked(), 0U);
}

TEST_F(SharedStateTest, AnObjectIsNotServedWhileAMutationIsInProgress) {
  Get("a");
  upstream_.change_gate = std::make_shared<Event>();
  Stop("a");
  EXPECT_FALSE(state_.FindSandbox("a", std::nullopt).has_value());
  EXPECT_EQ(Get("a").context.facts().read_source, Source::kMiss);
  EXPECT_FALSE(state_.FindSandbox("a", std::nullopt).has_value()) << "nor an object that was read meanwhile";
  upstream_.change_gate->Fire();
  Settle();
  EXPECT_EQ(Get("a").state(), "stopping");
}

TEST_F(SharedStateTest, AReadFromBeforeAMutationIsNeitherReturnedNorCached) {
  const auto old_gate = upstream_.read_gate = std::make_shared<Event>();
  Call& before = Get("a");
  upstream_.read_gate.reset();
  Stop("a");
  Call& after = Get("a");
  EXPECT_EQ(after.state(), "stopping");
  old_gate->Fire();
  Settle();
  EXPECT_EQ(before.state(), "stopping") << "although it was sent before the mutation";
  EXPECT_EQ(Get("a").state(), "stopping");
  EXPECT_EQ(Get("name-of-a").state(), "stopping");
}

TEST_F(SharedStateTest, NorIsItJoinedAfterTheMutation) {
  const auto old_gate = upstream_.read_gate = std::make_shared<Event>();
  Get("a");
  Stop("a");
  upstream_.read_gate.reset();
  const Call& after = Get("a", seconds(0));
  EXPECT_EQ(after.state(), "stopping");
  EXPECT_NE(after.context.facts().read_source, Source::kCoalesced);
  old_gate->Fire();
  Settle();
}

// --- Watching ---

TEST_F(SharedStateTest, WatchersSeeTheMutationsOfAllCallers) {
  auto watch = state_.WatchSandbox("a");
  std::vector<std::string> told;
  std::stop_source stop;
  struct Follow {
    static Task<void> Run(Watch<v1::Sandbox>* watch, std::vector<std::string>* told, std::stop_token stop) {
      co_await boost::asio::this_coro::throw_if_cancelled(false);
      const CallContext context = CallContext::Background("test").WithStopToken(std::move(stop));
      while (true) {
        absl::StatusOr<Observation<v1::Sandbox>> seen = co_await NextObservation(*watch, context);
        if (!seen.ok()) co_return;
        told->push_back(seen->object->state_text());
      }
    }
  };
  daytonad::Spawn(io_.get_executor(), Follow::Run(watch.get(), &told, stop.get_token()));
  Settle();
  Stop("name-of-a");
  EXPECT_THAT(told, ElementsAre("started", "stopping"));
  EXPECT_THAT(upstream_.calls, SizeIs(2));
  stop.request_stop();
  Settle();
  watch.reset();
  Settle();
  EXPECT_EQ(clock_.sleepers(), 0U);
}

}  // namespace
}  // namespace daytonad
