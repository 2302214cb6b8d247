#ifndef DAYTONAD_DAEMON_BASE_CLOCK_H_
#define DAYTONAD_DAEMON_BASE_CLOCK_H_

#include <chrono>
#include <stop_token>

#include "absl/status/status.h"
#include "daemon/base/task.h"

namespace daytonad {

class CallContext;

// Time, as something that a test can hold still: "now" and "wait a while" come from one object, so that a fake one can
// let hours of polling pass in no time and see each wait that was asked for.
class Clock {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;

  virtual TimePoint Now() const = 0;

  // Waits. OK once `duration` has passed; DEADLINE_EXCEEDED at the call's deadline, if that comes first; CANCELLED as
  // soon as the call is cancelled.
  virtual Task<absl::Status> Sleep(CallContext context, Duration duration) = 0;

  // Waits for something other than time (see Event, which is what to use). OK as soon as a stop is requested of
  // `fired`; DEADLINE_EXCEEDED or CANCELLED if that happens to the call first.
  virtual Task<absl::Status> WaitFor(CallContext context, std::stop_token fired) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_CLOCK_H_
