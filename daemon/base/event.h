#ifndef DAYTONAD_DAEMON_BASE_EVENT_H_
#define DAYTONAD_DAEMON_BASE_EVENT_H_

#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// Something that happens once, for any number of waiting coroutines.
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

  // OK as soon as the event has fired; else CANCELLED or DEADLINE_EXCEEDED, as the context says. The event must outlive
  // the wait; firing it and letting go of it at once is fine.
  Task<absl::Status> Wait(Clock& clock, CallContext context);

 private:
  std::stop_source source_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_EVENT_H_
