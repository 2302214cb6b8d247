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
  // Between two looks while all is well; also the longest time between two while it is not.
  Clock::Duration interval = std::chrono::seconds(30);
  // The first wait after a failure; each further one is half as long again.
  Clock::Duration first_retry = std::chrono::seconds(5);
  // How long an answer may take.
  Clock::Duration time_limit = std::chrono::seconds(10);
};

// Asks Daytona once: OK if it answers and accepts our credential.
using UpstreamPing = std::function<Task<absl::Status>(CallContext)>;

// Asks Daytona again and again whether it answers and accepts our credential. Logs each change, with the reason, and
// nothing else. Loop thread only.
class UpstreamProbe {
 public:
  // `report` is told each change; before its first call nothing is known.
  UpstreamProbe(UpstreamPing ping, Clock& clock, UpstreamProbeOptions options,
                std::function<void(bool answers)> report);

  // Looks at once, then as the options say, until the context is cancelled. This object must outlive it.
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
  std::string reason_;  // why it is down
  Clock::Duration retry_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_UPSTREAM_PROBE_H_
