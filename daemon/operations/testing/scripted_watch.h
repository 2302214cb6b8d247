#ifndef DAYTONAD_DAEMON_OPERATIONS_TESTING_SCRIPTED_WATCH_H_
#define DAYTONAD_DAEMON_OPERATIONS_TESTING_SCRIPTED_WATCH_H_

#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "daemon/api/watch.h"
#include "daemon/base/clock.h"
#include "daytonad/v1/sandbox.pb.h"

namespace daytonad {

// A watch with scripted observations. After the last one it waits until its context ends.
class ScriptedWatch final : public Watch<v1::Sandbox> {
 public:
  using Seen = Observation<v1::Sandbox>;

  explicit ScriptedWatch(Clock& clock) : clock_(clock) {}

  static std::shared_ptr<const v1::Sandbox> InState(const std::string& state) {
    v1::Sandbox sandbox;
    sandbox.set_id("id-1");
    sandbox.set_state_text(state);
    return std::make_shared<const v1::Sandbox>(std::move(sandbox));
  }
  static Seen Fresh(const std::string& state) { return Of(InState(state), absl::OkStatus(), true); }
  static Seen Stale(const std::string& state) { return Of(InState(state), absl::OkStatus(), false); }
  static Seen Failed(absl::Status status) { return Of(nullptr, std::move(status), true); }
  static Seen Of(std::shared_ptr<const v1::Sandbox> object, absl::Status status, bool fresh) {
    Seen seen;
    seen.object = std::move(object);
    seen.status = std::move(status);
    seen.fresh = fresh;
    return seen;
  }

  // The observations that come on their own, and those that PollNow() brings.
  std::deque<Seen> seen;
  std::deque<Seen> polls;
  int polled = 0;

  Task<absl::Status> Wait(CallContext context) override {
    if (!seen.empty()) co_return absl::OkStatus();
    co_return co_await clock_.WaitFor(std::move(context), std::stop_token());
  }
  Seen Take() override {
    Seen next = std::move(seen.front());
    seen.pop_front();
    return next;
  }

  void PollNow() override {
    ++polled;
    if (polls.empty()) return;
    seen.push_back(std::move(polls.front()));
    polls.pop_front();
  }

 private:
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_TESTING_SCRIPTED_WATCH_H_
