#ifndef DAYTONAD_DAEMON_SERVER_UPSTREAM_PROBE_H_
#define DAYTONAD_DAEMON_SERVER_UPSTREAM_PROBE_H_

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

struct UpstreamProbeOptions {
  // The interval of probes while all is well, and the longest interval after failures.
  Clock::Duration interval = std::chrono::seconds(30);
  // The first wait after a failure; each further one is 1.5 times as long.
  Clock::Duration first_retry = std::chrono::seconds(5);
  // The deadline of a probe.
  Clock::Duration time_limit = std::chrono::seconds(10);
};

// Probes Daytona once: OK if it answers and accepts the credential.
using UpstreamPing = std::function<Task<absl::Status>(CallContext)>;

// Probes periodically whether Daytona answers and accepts the credential. Logs changes only, with the reason. Loop
// thread only.
class UpstreamProbe {
 public:
  // `report` is called with the first result and each change.
  UpstreamProbe(UpstreamPing ping, Clock& clock, UpstreamProbeOptions options,
                std::function<void(bool answers)> report);

  // Probes at once, then as the options say, until the context is cancelled. This object must outlive it.
  Task<void> Run(CallContext context);

 private:
  enum class State { kUnknown, kUp, kDown };

  void Judge(const absl::Status& answer);
  Clock::Duration NextWait();

  const UpstreamPing ping_;
  Clock& clock_;
  const UpstreamProbeOptions options_;
  const std::function<void(bool)> report_;
  State state_ = State::kUnknown;
  std::string reason_;  // why Daytona is down
  Clock::Duration retry_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_UPSTREAM_PROBE_H_
