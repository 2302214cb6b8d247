#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/testing/fake_api.h"
#include "daemon/api/testing/next_observation.h"
#include "daemon/base/absent.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/shared_state.h"
#include "daemon/state/testing/objects.h"

// Half a minute of random calls and changes, on an upstream whose answers are slow, whose lists lag, and whose events
// are late, doubled, out of order or lost. Each change has a number, which tells older states from newer ones.
namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SandboxResult = absl::StatusOr<v1::Sandbox>;

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  int UpTo(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }
  bool OneIn(int chances) { return UpTo(chances - 1) == 0; }
  milliseconds Ms(int most) { return milliseconds(UpTo(most)); }

 private:
  std::mt19937 random_;
};

int NumberOf(const v1::Sandbox& sandbox) { return static_cast<int>(sandbox.updated_at().seconds()); }

class ErraticUpstream final : public FakeApi {
 public:
  ErraticUpstream(Clock& clock, Dice& dice) : clock_(clock), dice_(dice) {}

  void Add(const std::string& id) { Enter(SandboxIn(id, "started", ++number_)); }
  void Change(const std::string& id) {
    const auto found = objects_.find(id);
    if (found == objects_.end()) return;
    static const std::map<std::string, std::string> kNext = {
        {"started", "stopping"}, {"stopping", "stopped"}, {"stopped", "starting"}, {"starting", "started"}};
    Enter(SandboxIn(id, kNext.at(found->second.state_text()), ++number_));
  }
  void Remove(const std::string& id) {
    if (!objects_.contains(id)) return;
    Enter(SandboxIn(id, "destroyed", ++number_));
    objects_.erase(id);
  }
  // The object's true state; "" if it does not exist.
  std::string StateOfReal(const std::string& id) const {
    const auto found = objects_.find(id);
    return found == objects_.end() ? "" : found->second.state_text();
  }

  // Events that are due.
  std::vector<v1::Sandbox> TakeEvents() {
    std::vector<v1::Sandbox> due;
    while (!events_.empty() && events_.begin()->first <= clock_.Now()) {
      due.push_back(events_.begin()->second);
      events_.erase(events_.begin());
    }
    return due;
  }
  void SetEvents(bool up) {
    events_up_ = up;
    events_.clear();
  }
  void Calm() { erratic_ = false; }

  using FakeApi::Run;
  Task<SandboxResult> Run(CallContext context, GetSandbox op) override {
    absl::Status sent = co_await clock_.Sleep(context, dice_.Ms(300));
    if (!sent.ok()) co_return sent;
    SandboxResult answer = Find(op.key);
    absl::Status received = co_await clock_.Sleep(context, dice_.Ms(300));
    if (!received.ok()) co_return received;
    if (erratic_ && dice_.OneIn(10)) co_return absl::UnavailableError("a bad moment");
    co_return answer;
  }
  Task<SandboxResult> Run(CallContext context, StopSandbox op) override {
    absl::Status sent = co_await clock_.Sleep(context, dice_.Ms(300));
    if (!sent.ok()) co_return sent;
    Change(op.key);
    SandboxResult answer = Find(op.key);
    absl::Status received = co_await clock_.Sleep(context, dice_.Ms(300));
    if (!received.ok()) co_return received;
    if (erratic_ && dice_.OneIn(10)) co_return absl::UnavailableError("the answer was lost");
    co_return answer;
  }
  Task<absl::StatusOr<SandboxPage>> Run(CallContext context, ListSandboxes) override {
    absl::Status slept = co_await clock_.Sleep(context, dice_.Ms(300));
    if (!slept.ok()) co_return slept;
    if (erratic_ && dice_.OneIn(10)) co_return absl::UnavailableError("a bad moment");
    const Clock::TimePoint as_of = clock_.Now() - dice_.Ms(2000);
    SandboxPage page;
    for (const auto& [id, history] : history_) {
      const v1::Sandbox* then = nullptr;
      for (const auto& [time, sandbox] : history) {
        if (time <= as_of) then = &sandbox;
      }
      if (then == nullptr || then->state_text() == "destroyed") continue;
      page.items.push_back(ItemIn(id, then->state_text(), NumberOf(*then)));
    }
    co_return page;
  }

 private:
  void Enter(v1::Sandbox sandbox) {
    history_[sandbox.id()].emplace_back(clock_.Now(), sandbox);
    if (events_up_) {
      for (int i = dice_.OneIn(5) ? 2 : 1; i > 0; --i) {
        if (!dice_.OneIn(5)) events_.emplace(clock_.Now() + dice_.Ms(dice_.OneIn(2) ? 50 : 2000), sandbox);
      }
    }
    objects_[sandbox.id()] = std::move(sandbox);
  }
  SandboxResult Find(const std::string& id_or_name) const {
    for (const auto& [id, sandbox] : objects_) {
      if (id == id_or_name || sandbox.name() == id_or_name) return sandbox;
    }
    return AbsentError("sandbox", "none");
  }

  Clock& clock_;
  Dice& dice_;
  bool erratic_ = true;
  bool events_up_ = false;
  int number_ = 0;
  std::map<std::string, v1::Sandbox> objects_;
  std::map<std::string, std::vector<std::pair<Clock::TimePoint, v1::Sandbox>>> history_;
  std::multimap<Clock::TimePoint, v1::Sandbox> events_;
};

class SharedStateRandomTest : public ::testing::TestWithParam<unsigned> {
 protected:
  struct Watcher {
    std::string id;
    std::unique_ptr<Watch<v1::Sandbox>> watch;
    std::stop_source stop;
    std::string state;
    bool gone = false;
  };

  SharedStateRandomTest() {
    // A few objects are polled singly, many by lists.
    const int count = GetParam() % 2 == 0 ? 3 : 12;
    for (int i = 0; i < count; ++i) {
      ids_.push_back("box-" + std::to_string(i));
      upstream_.Add(ids_.back());
    }
  }
  void TearDown() override {
    for (Watcher& watcher : watchers_) watcher.stop.request_stop();
    Settle();
    watchers_.clear();
    Step();
    for (int i = 0; i < 100; ++i) Step();
    EXPECT_EQ(clock_.sleepers(), 0U);
  }

  const std::string& AnyId() { return ids_[static_cast<size_t>(dice_.UpTo(static_cast<int>(ids_.size()) - 1))]; }

  void Settle() {
    io_.restart();
    io_.poll();
  }
  void Step() {
    settled_ = answered_;
    clock_.Advance(milliseconds(10));
    Settle();
    for (v1::Sandbox& event : upstream_.TakeEvents()) {
      state_.OnSandbox(std::move(event));
      Settle();
    }
  }

  // --- Callers ---

  static Task<void> ReadOnce(SharedStateRandomTest* test, std::string id, std::optional<Clock::Duration> max_age) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const int at_least = test->answered_[id];
    const CallContext context = CallContext::Background("test").WithReadTerms(ReadTerms{max_age});
    const SandboxResult seen = co_await test->state_.api().Run(context, GetSandbox(id));
    if (!seen.ok()) co_return;
    EXPECT_GE(NumberOf(*seen), at_least) << "read the state before a mutation, source "
                                         << static_cast<int>(context.facts().read_source.value());
    EXPECT_EQ(seen->view(), v1::VIEW_FULL);
  }
  static Task<void> ChangeOnce(SharedStateRandomTest* test, std::string id) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const SandboxResult made = co_await test->state_.api().Run(CallContext::Background("test"), StopSandbox(id, false));
    if (made.ok()) test->answered_[id] = std::max(test->answered_[id], NumberOf(*made));
  }
  static Task<void> ListOnce(SharedStateRandomTest* test) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    (void)co_await test->state_.api().Run(CallContext::Background("test"), ListSandboxes(SandboxListQuery(), ""));
  }
  static Task<void> Follow(SharedStateRandomTest* test, Watcher* watcher) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const CallContext context = CallContext::Background("test").WithStopToken(watcher->stop.get_token());
    while (!watcher->gone) {
      const absl::StatusOr<Observation<v1::Sandbox>> seen = co_await NextObservation(*watcher->watch, context);
      if (!seen.ok()) co_return;
      watcher->gone = absl::IsNotFound(seen->status);
      if (watcher->gone || !seen->status.ok()) continue;
      watcher->state = seen->object->state_text();
      EXPECT_GE(NumberOf(*seen->object), test->settled_[watcher->id]) << "observed the state before a mutation";
    }
  }

  void Spawn(Task<void> task) {
    daytonad::Spawn(io_.get_executor(), std::move(task));
    Settle();
  }
  void Open(const std::string& id) {
    Watcher& watcher = watchers_.emplace_back();
    watcher.id = id;
    watcher.watch = state_.WatchSandbox(id);
    Spawn(Follow(this, &watcher));
  }
  void SetEvents(bool up) {
    events_up_ = up;
    upstream_.SetEvents(up);
    up ? state_.OnEventsUp() : state_.OnEventsDown();
    Settle();
  }

  void DoSomething() {
    if (dice_.OneIn(12)) upstream_.Change(AnyId());
    if (dice_.OneIn(400)) upstream_.Remove(AnyId());
    if (dice_.OneIn(10)) {
      const std::optional<Clock::Duration> ages[] = {std::nullopt, seconds(0), milliseconds(500), seconds(20)};
      Spawn(ReadOnce(this, AnyId(), ages[dice_.UpTo(3)]));
    }
    if (dice_.OneIn(20)) Spawn(ChangeOnce(this, AnyId()));
    if (dice_.OneIn(50)) Spawn(ListOnce(this));
    if (dice_.OneIn(300)) SetEvents(!events_up_);
    if (dice_.OneIn(100)) Open(AnyId());
    if (dice_.OneIn(30))
      watchers_[static_cast<size_t>(dice_.UpTo(static_cast<int>(watchers_.size()) - 1))].watch->PollNow();
  }

  Dice dice_{GetParam()};
  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  ErraticUpstream upstream_{clock_, dice_};
  SharedState state_{upstream_, io_.get_executor(), clock_, SharedStateOptions()};
  bool events_up_ = false;
  std::vector<std::string> ids_;
  std::deque<Watcher> watchers_;
  std::map<std::string, int> answered_;  // the number of the last mutation that was answered
  std::map<std::string, int> settled_;   // the same one step earlier: watchers must have seen it by now
};

TEST_P(SharedStateRandomTest, ReadsNeverShowTheStateBeforeAMutationAndWatchersSeeTheLastState) {
  for (const std::string& id : ids_) Open(id);
  for (int i = 0; i < 3000; ++i) {
    DoSomething();
    Step();
    if (HasFailure()) FAIL() << "at " << i * 10 << " ms";
  }
  // Nothing changes any more. Events in flight arrive, and polls find what was missed.
  upstream_.Calm();
  for (int i = 0; i < 3500; ++i) Step();
  for (const Watcher& watcher : watchers_) {
    EXPECT_EQ(watcher.gone, upstream_.StateOfReal(watcher.id).empty()) << watcher.id;
    if (!watcher.gone) {
      EXPECT_EQ(watcher.state, upstream_.StateOfReal(watcher.id)) << watcher.id;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SharedStateRandomTest, ::testing::Range(1U, 25U));

}  // namespace
}  // namespace daytonad
