#ifndef DAYTONAD_DAEMON_STATE_TESTING_WATCH_HUB_FIXTURE_H_
#define DAYTONAD_DAEMON_STATE_TESTING_WATCH_HUB_FIXTURE_H_

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/testing/next_observation.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/testing/polled_upstream.h"
#include "daemon/state/watch_hub.h"

namespace daytonad {

class WatchHubTest : public ::testing::Test {
 protected:
  struct Watcher {
    std::unique_ptr<Watch<v1::Sandbox>> watch;
    std::stop_source stop;
    std::vector<Observation<v1::Sandbox>> seen;

    const Observation<v1::Sandbox>& last() const { return seen.back(); }
    std::string state() const { return last().object == nullptr ? "" : last().object->state_text(); }
  };

  void TearDown() override {
    if (upstream_.gate != nullptr) upstream_.gate->Fire();
    if (upstream_.list_gate != nullptr) upstream_.list_gate->Fire();
    for (Watcher& watcher : watchers_) Leave(watcher);
    Settle();
    EXPECT_EQ(hub_.size(), 0U);
    EXPECT_EQ(clock_.sleepers(), 0U) << "something still runs without watchers";
  }

  static Task<void> Follow(Watcher* watcher) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    while (true) {
      const CallContext context = CallContext::Background("test").WithStopToken(watcher->stop.get_token());
      absl::StatusOr<Observation<v1::Sandbox>> next = co_await NextObservation(*watcher->watch, context);
      if (!next.ok()) co_return;
      watcher->seen.push_back(*std::move(next));
      if (!watcher->last().status.ok()) co_return;
    }
  }

  Watcher& OpenOnly(const std::string& id) {
    Watcher& watcher = watchers_.emplace_back();
    watcher.watch = hub_.Open(id);
    return watcher;
  }
  // Reads observations until there is an error, or the watcher leaves.
  void Read(Watcher& watcher) {
    Spawn(io_.get_executor(), Follow(&watcher));
    Settle();
  }
  Watcher& Open(const std::string& id) {
    Watcher& watcher = OpenOnly(id);
    Read(watcher);
    return watcher;
  }
  void Leave(Watcher& watcher) {
    watcher.stop.request_stop();
    Settle();
    watcher.watch.reset();
    Settle();
  }

  void Settle() {
    io_.restart();
    io_.poll();
  }
  // Advances the clock in steps, so that everything due happens in between.
  void Pass(Clock::Duration duration, Clock::Duration step = std::chrono::milliseconds(5)) {
    for (Clock::Duration passed{}; passed < duration; passed += step) {
      clock_.Advance(step);
      Settle();
    }
  }

  void Upstream(const v1::Sandbox& sandbox) { upstream_.objects[sandbox.id()] = sandbox; }
  void Observe(const v1::Sandbox& sandbox, ObservationSource source) {
    cache_.Observe(sandbox, source, cache_.NextRevision(), clock_.Now());
  }
  void Event(const v1::Sandbox& sandbox) {
    Upstream(sandbox);
    Observe(sandbox, ObservationSource::kEvent);
    Settle();
  }
  void SetEvents(bool up) {
    up ? freshness_.EventsUp(clock_.Now()) : freshness_.EventsDown();
    hub_.OnEventsChanged();
    Settle();
  }
  // Caches and watches that many objects: "0", "1", ...
  void OpenMany(int count) {
    for (int i = 0; i < count; ++i) {
      Upstream(SandboxIn(std::to_string(i), "starting"));
      Observe(SandboxIn(std::to_string(i), "starting"), ObservationSource::kRead);
      Open(std::to_string(i));
    }
  }

  // The pauses between them, in milliseconds.
  std::vector<long> Pauses(const std::vector<Clock::TimePoint>& times) const {
    std::vector<long> pauses;
    Clock::TimePoint before = started_;
    for (const Clock::TimePoint& time : times) {
      pauses.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(time - before).count());
      before = time;
    }
    return pauses;
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  const Clock::TimePoint started_ = clock_.Now();
  ObjectCache<v1::Sandbox> cache_{1 << 20};
  Freshness freshness_{Lifetimes()};
  PolledUpstream upstream_{cache_, clock_};
  WatchHub<v1::Sandbox> hub_{io_.get_executor(), clock_, cache_, freshness_, upstream_.source()};
  std::deque<Watcher> watchers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_TESTING_WATCH_HUB_FIXTURE_H_
