#include "daemon/base/call_context.h"

#include <algorithm>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/ids.h"

namespace daytonad {

CallContext::CallContext(std::shared_ptr<const CallIdentity> identity, TimePoint deadline, std::stop_token stop_token)
    : identity_(std::move(identity)), deadline_(deadline), stop_token_(std::move(stop_token)) {}

CallContext CallContext::Background(std::string what) {
  auto identity = std::make_shared<CallIdentity>();
  identity->call_id = NewCallId();
  identity->method = std::move(what);
  return CallContext(std::move(identity), TimePoint::max(), std::stop_token());
}

CallContext CallContext::WithDeadline(TimePoint deadline) const {
  return CallContext(identity_, std::min(deadline_, deadline), stop_token_);
}

CallContext CallContext::WithStopToken(std::stop_token stop_token) const {
  return CallContext(identity_, deadline_, std::move(stop_token));
}

CallContext CallContext::Detached(TimePoint deadline) const {
  return CallContext(identity_, deadline, std::stop_token());
}

absl::Status CallContext::Check(TimePoint now) const {
  if (cancelled()) return CancelledError();
  if (now >= deadline_) return DeadlineExceededError();
  return absl::OkStatus();
}

LinkedStopSource::LinkedStopSource(const std::stop_token& parent) : forward_(parent, Forward{&source_}) {}

absl::Status CancelledError() {
  return MakeError(absl::StatusCode::kCancelled, "CALL_CANCELLED", "The call was cancelled by its caller.");
}

absl::Status DeadlineExceededError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "The call's time limit was reached.");
}

}  // namespace daytonad
