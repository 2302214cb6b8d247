#include "daemon/base/admission.h"

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <utility>

#include "daemon/base/wakeup.h"

namespace daytonad {

struct Admission::Waiter {
  explicit Waiter(const Executor& executor) : wakeup(executor) {}
  Wakeup wakeup;
  bool admitted = false;
};

Task<absl::StatusOr<Admission::Permit>> Admission::Acquire(CallContext context) {
  if (!closed_.ok()) co_return closed_;
  if (absl::Status going = context.Check(std::chrono::steady_clock::now()); !going.ok()) co_return going;
  if (in_use_ < limit_) {
    ++in_use_;
    co_return Permit(this);
  }
  Waiter waiter(co_await boost::asio::this_coro::executor);
  const auto place = waiters_.Add(context.identity().caller.client, &waiter);
  absl::Status waited = co_await waiter.wakeup.Wait(context);
  if (waiter.admitted) {
    // It has left the queue already. If the call ended at the same time, the slot goes to the next one: an ended call
    // starts nothing.
    Permit permit(this);
    if (absl::Status going = context.Check(std::chrono::steady_clock::now()); !going.ok()) co_return going;
    co_return std::move(permit);
  }
  waiters_.Remove(place);
  co_return waited.ok() ? closed_ : waited;
}

void Admission::Close(absl::Status reason) {
  closed_ = std::move(reason);
  for (Waiter* waiter : waiters_.InOrder()) waiter->wakeup.Set();
}

void Admission::GiveBack() {
  if (waiters_.empty() || !closed_.ok()) {
    --in_use_;
    return;
  }
  Waiter* next = waiters_.Pop();
  next->admitted = true;
  next->wakeup.Set();
}

}  // namespace daytonad
