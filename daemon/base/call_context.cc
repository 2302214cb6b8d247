#include "daemon/base/call_context.h"

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
  return CallContext(std::move(identity), TimePoint::max(), std::stop_token()).AsBackground();
}

CallContext CallContext::WithDeadline(TimePoint deadline) const {
  CallContext context = *this;
  context.deadline_ = std::min(deadline_, deadline);
  return context;
}

CallContext CallContext::WithStopToken(std::stop_token stop_token) const {
  CallContext context = *this;
  context.stop_token_ = std::move(stop_token);
  return context;
}

CallContext CallContext::Detached(TimePoint deadline) const {
  CallContext context = *this;
  context.send_by_ = send_by();
  context.deadline_ = deadline;
  context.stop_token_ = std::stop_token();
  return context;
}

CallContext CallContext::WithReadTerms(std::shared_ptr<ReadTerms> terms) const {
  CallContext context = *this;
  context.read_terms_ = std::move(terms);
  return context;
}

CallContext CallContext::AsBackground() const {
  CallContext context = *this;
  context.background_ = true;
  return context;
}

CallContext CallContext::WithRequestKey(RequestKey key) const {
  CallContext context = *this;
  context.request_key_ = std::make_shared<const RequestKey>(std::move(key));
  return context;
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
