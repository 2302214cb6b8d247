#ifndef DAYTONAD_DAEMON_BASE_EVENT_H_
#define DAYTONAD_DAEMON_BASE_EVENT_H_

#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// A one-time event for any number of waiting coroutines. For a repeated event, replace it and fire the old one:
// `std::exchange(event, Event()).Fire()`.
class Event {
 public:
  bool fired() const { return source_.stop_requested(); }
  void Fire() { source_.request_stop(); }

  // Calls `action` when the event fires (at once if it has fired), on the thread that fires it. Destroying the returned
  // object unregisters it.
  template <typename Action>
  std::stop_callback<Action> OnFired(Action action) {
    return std::stop_callback<Action>(source_.get_token(), std::move(action));
  }

  // OK as soon as the event has fired; else CANCELLED or DEADLINE_EXCEEDED, as the context says. Waiters do not refer
  // to the event itself: it may be destroyed right after it fired.
  Task<absl::Status> Wait(Clock& clock, CallContext context) {
    return clock.WaitFor(std::move(context), source_.get_token());
  }

 private:
  std::stop_source source_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_EVENT_H_
