#include "daemon/server/upstream_probe.h"

#include <algorithm>
#include <utility>

#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"

namespace daytonad {

UpstreamProbe::UpstreamProbe(UpstreamPing ping, Clock& clock, UpstreamProbeOptions options,
                             std::function<void(bool)> report)
    : ping_(std::move(ping)),
      clock_(clock),
      options_(options),
      report_(std::move(report)),
      retry_(std::min(options.first_retry, options.interval)) {}

Task<void> UpstreamProbe::Run(CallContext context) {
  while (!context.cancelled()) {
    absl::Status answer = co_await ping_(context.WithDeadline(clock_.Now() + options_.time_limit));
    if (context.cancelled()) co_return;
    Judge(answer);
    absl::Status slept = co_await clock_.Sleep(context, NextWait());
    if (!slept.ok()) co_return;
  }
}

void UpstreamProbe::Judge(const absl::Status& answer) {
  // A rate limit is an answer, but does not tell whether upstream works.
  if (absl::IsResourceExhausted(answer) && state_ != State::kUnknown) return;
  const State before = std::exchange(state_, answer.ok() ? State::kUp : State::kDown);
  if (state_ == State::kUp) {
    retry_ = std::min(options_.first_retry, options_.interval);
    reason_.clear();
    if (before != state_) Log(LogLevel::kInfo, "Daytona answers");
  } else if (std::string reason = ErrorReason(answer); before != state_ || reason != reason_) {
    reason_ = std::move(reason);
    Log(LogLevel::kWarning, "Daytona cannot be used", {{"reason", reason_}, {"error", StdView(answer.message())}});
  }
  if (before != state_) report_(state_ == State::kUp);
}

Clock::Duration UpstreamProbe::NextWait() {
  if (state_ == State::kUp) return options_.interval;
  return std::exchange(retry_, std::min(retry_ * 3 / 2, options_.interval));
}

}  // namespace daytonad
