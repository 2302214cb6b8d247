#include "daemon/net/asio_clock.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <stop_token>

#include "daemon/base/wakeup.h"

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

Task<absl::Status> AsioClock::WaitFor(CallContext context, std::stop_token fired) {
  if (fired.stop_requested()) co_return absl::OkStatus();
  if (absl::Status status = context.Check(Now()); !status.ok()) co_return status;

  LoopTimer timer(co_await boost::asio::this_coro::executor);
  timer.expires_at(context.deadline());
  const auto wake = [&timer] { timer.cancel(); };
  const std::stop_callback on_fired(fired, wake);
  const std::stop_callback on_stop(context.stop_token(), wake);
  constexpr auto kToken = boost::asio::as_tuple(kUseTask);
  co_await timer.async_wait(kToken);
  if (fired.stop_requested()) co_return absl::OkStatus();
  co_return context.cancelled() ? CancelledError() : DeadlineExceededError();
}

}  // namespace daytonad
