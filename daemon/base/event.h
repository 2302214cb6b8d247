#ifndef DAYTONAD_DAEMON_BASE_EVENT_H_
#define DAYTONAD_DAEMON_BASE_EVENT_H_

#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// Something that happens once, for any number of waiting coroutines. For what happens again and again, put a new one in
// its place, and fire the old one: `std::exchange(event, Event()).Fire()`.
class Event {
 public:
  bool fired() const { return source_.stop_requested(); }
  void Fire() { source_.request_stop(); }

  // Calls `action` when the event fires (at once if it has), on the thread that fires it, unless the returned object is
  // gone.
  template <typename Action>
  std::stop_callback<Action> OnFired(Action action) {
    return std::stop_callback<Action>(source_.get_token(), std::move(action));
  }

  // OK as soon as the event has fired; else CANCELLED or DEADLINE_EXCEEDED, as the context says. Who waits needs the
  // event no longer, only somebody who fires it: firing it and letting go of it at once is fine.
  Task<absl::Status> Wait(Clock& clock, CallContext context) {
    return clock.WaitFor(std::move(context), source_.get_token());
  }

 private:
  std::stop_source source_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_EVENT_H_
