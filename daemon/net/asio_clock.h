#ifndef DAYTONAD_DAEMON_NET_ASIO_CLOCK_H_
#define DAYTONAD_DAEMON_NET_ASIO_CLOCK_H_

#include <stop_token>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

// The real clock. A sleep costs one entry in the loop's timer heap and some 600 bytes of coroutine, so thousands are
// cheap. Loop thread only.
class AsioClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  Task<absl::Status> Sleep(CallContext context, Duration duration) override;
  Task<absl::Status> WaitFor(CallContext context, std::stop_token fired) override;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_ASIO_CLOCK_H_
