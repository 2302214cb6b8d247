#include "daemon/base/event.h"

#include <chrono>

namespace daytonad {

Task<absl::Status> Event::Wait(Clock& clock, CallContext context) {
  // The token keeps the stop state alive, so that the event itself may go as soon as it has fired.
  const std::stop_token fired = source_.get_token();
  if (fired.stop_requested()) co_return absl::OkStatus();
  // A sleep that never ends by itself, ended by whichever comes first: the event, the caller, the deadline.
  LinkedStopSource wake(context.stop_token());
  const std::stop_callback on_fired(fired, [&wake] { wake.RequestStop(); });
  constexpr auto kLongerThanAnyCall = std::chrono::hours(24 * 365);
  absl::Status slept = co_await clock.Sleep(context.WithStopToken(wake.token()), kLongerThanAnyCall);
  if (fired.stop_requested()) co_return absl::OkStatus();
  if (context.cancelled()) co_return CancelledError();
  co_return slept;
}

}  // namespace daytonad
