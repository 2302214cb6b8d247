#include "daemon/net/asio_clock.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <stop_token>

#include "daemon/net/wakeup.h"

namespace daytonad {

Task<absl::Status> AsioClock::Sleep(CallContext context, Duration duration) {
  const TimePoint now = Now();
  if (absl::Status status = context.Check(now); !status.ok()) co_return status;
  const bool endless = duration >= TimePoint::max() - now;
  const TimePoint end = endless ? TimePoint::max() : now + std::max(duration, Duration::zero());

  LoopTimer timer(co_await boost::asio::this_coro::executor);
  timer.expires_at(std::min(end, context.deadline()));
  const std::stop_callback on_stop(context.stop_token(), [&timer] { timer.cancel(); });
  constexpr auto kToken = boost::asio::as_tuple(kUseTask);
  co_await timer.async_wait(kToken);
  if (context.cancelled()) co_return CancelledError();
  if (end > context.deadline()) co_return DeadlineExceededError();
  co_return absl::OkStatus();
}

}  // namespace daytonad
