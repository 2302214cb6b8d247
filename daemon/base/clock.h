#ifndef DAYTONAD_DAEMON_BASE_CLOCK_H_
#define DAYTONAD_DAEMON_BASE_CLOCK_H_

#include <chrono>
#include <stop_token>

#include "absl/status/status.h"
#include "daemon/base/task.h"

namespace daytonad {

class CallContext;

// Time that tests can control. "Now" and waits come from one object, so that a fake can let hours of polling pass at
// once and record each wait.
class Clock {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;

  virtual TimePoint Now() const = 0;

  // Waits. OK once `duration` has passed; DEADLINE_EXCEEDED at the call's deadline, if that comes first; CANCELLED as
  // soon as the call is cancelled.
  virtual Task<absl::Status> Sleep(CallContext context, Duration duration) = 0;

  // Waits for something other than time; use Event for that. OK as soon as `fired` has a stop request;
  // DEADLINE_EXCEEDED or CANCELLED if the call ends first.
  virtual Task<absl::Status> WaitFor(CallContext context, std::stop_token fired) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_CLOCK_H_
