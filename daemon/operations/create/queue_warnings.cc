#include "daemon/operations/create/queue_warnings.h"

#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/call_context.h"
#include "daemon/base/spawn.h"

namespace daytonad {
namespace {

v1::Warning WaitWarning(const QueueWait& wait, Clock::TimePoint now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(wait.until - now);
  const std::string seconds = absl::StrCat(static_cast<double>(left.count()) / 1000);
  v1::Warning warning;
  warning.set_reason("RATE_LIMIT_WAIT");
  warning.set_message(absl::StrCat("Daytona's rate limit `", wait.throttler,
                                   "` is used up: the request waits for its turn, ", seconds, " s at least."));
  (*warning.mutable_metadata())["throttler"] = wait.throttler;
  (*warning.mutable_metadata())["wait_seconds"] = seconds;
  return warning;
}

}  // namespace

PausableLimit::OnWait QueueWarnings::listener() {
  if (sink_ == nullptr) return nullptr;
  return [self = shared_from_this()](const QueueWait& wait, Clock::TimePoint now) { self->Tell(wait, now); };
}

Task<void> QueueWarnings::Finish(Clock& clock) {
  sink_ = nullptr;
  if (!writing_) co_return;
  // A write has its own bounds.
  (void)co_await written_.Wait(clock, CallContext::Background("turn warnings"));
}

void QueueWarnings::Tell(const QueueWait& wait, Clock::TimePoint now) {
  // A wait for a connection is not upstream's doing, and its length is not known.
  if (sink_ == nullptr || wait.throttler.empty()) return;
  next_ = WaitWarning(wait, now);
  if (!std::exchange(writing_, true)) Spawn(executor_, Write(shared_from_this()));
}

Task<void> QueueWarnings::Write(std::shared_ptr<QueueWarnings> self) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (self->sink_ != nullptr && self->next_.has_value()) {
    v1::Warning warning = *std::exchange(self->next_, std::nullopt);
    // If it can't be told, that is no matter for the request.
    (void)co_await self->sink_->OnWarning(std::move(warning));
  }
  self->writing_ = false;
  self->written_.Fire();
}

}  // namespace daytonad
