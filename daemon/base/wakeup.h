#ifndef DAYTONAD_DAEMON_BASE_WAKEUP_H_
#define DAYTONAD_DAEMON_BASE_WAKEUP_H_

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

namespace daytonad {

using LoopTimer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

// Wakes one coroutine from callbacks. It may be set many times; each Wait consumes all sets before it.
//
// It is a timer at the call's deadline, which Set() and cancellation cut short. Real time; loop thread only. It must
// outlive the wait.
class Wakeup {
 public:
  explicit Wakeup(const Executor& executor) : timer_(executor) {}

  // Ends the current wait, or else the next one at once. The coroutine resumes later, never within this call.
  void Set();

  // OK once set (and resets it), else CANCELLED or DEADLINE_EXCEEDED.
  Task<absl::Status> Wait(CallContext context);

 private:
  LoopTimer timer_;
  bool set_ = false;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_WAKEUP_H_
