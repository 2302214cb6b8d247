#include "daemon/net/asio_clock.h"

#include <algorithm>
#include <utility>

#include "boost/asio/this_coro.hpp"
#include "daemon/net/wakeup.h"

namespace daytonad {

Task<absl::Status> AsioClock::Sleep(CallContext context, Duration duration) {
  const TimePoint now = Now();
  if (absl::Status status = context.Check(now); !status.ok()) co_return status;
  const bool endless = duration >= TimePoint::max() - now;
  const TimePoint end = endless ? TimePoint::max() : now + std::max(duration, Duration::zero());

  // A wake-up that nobody sets: what ends the wait is time, or the call.
  Wakeup wakeup(co_await boost::asio::this_coro::executor);
  absl::Status waited = co_await wakeup.Wait(context.WithDeadline(end));
  const bool slept = absl::IsDeadlineExceeded(waited) && end <= context.deadline();
  co_return slept ? absl::OkStatus() : waited;
}

}  // namespace daytonad
