#include "daemon/base/wakeup.h"

#include <boost/asio/as_tuple.hpp>
#include <stop_token>
#include <utility>

namespace daytonad {

void Wakeup::Set() {
  set_ = true;
  timer_.cancel();
}

Task<absl::Status> Wakeup::Wait(CallContext context) {
  const std::stop_callback on_stop(context.stop_token(), [this] { timer_.cancel(); });
  // A loop, because a timer that has just expired can no longer be cancelled, and a cancelled one may be spurious.
  while (!set_) {
    if (absl::Status status = context.Check(std::chrono::steady_clock::now()); !status.ok()) co_return status;
    timer_.expires_at(context.deadline());
    constexpr auto kToken = boost::asio::as_tuple(kUseTask);
    co_await timer_.async_wait(kToken);
  }
  set_ = false;
  co_return absl::OkStatus();
}

}  // namespace daytonad
