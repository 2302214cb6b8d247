#include "daemon/base/call_context.h"

#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/ids.h"

namespace daytonad {

CallContext::CallContext(std::shared_ptr<const CallIdentity> identity, TimePoint deadline, std::stop_token stop_token,
                         Clock::Duration max_queue_wait)
    : origin_(std::make_shared<Origin>(Origin{.identity = std::move(identity), .max_queue_wait = max_queue_wait})),
      deadline_(deadline),
      stop_token_(std::move(stop_token)) {}

CallContext CallContext::Background(std::string what) {
  auto identity = std::make_shared<CallIdentity>();
  identity->call_id = NewCallId();
  identity->method = std::move(what);
  return CallContext(std::move(identity), TimePoint::max(), std::stop_token()).AsBackground();
}

CallContext::TimePoint CallContext::send_by() const {
  const TimePoint own = std::min(origin_->send_by, deadline_);
  return progress() == nullptr ? own : std::min(own, progress()->send_by());
}

CallContext::TimePoint CallContext::queue_until(TimePoint now) const {
  const TimePoint own = std::min(origin_->send_by, deadline_);
  return progress() == nullptr ? own : std::min(own, progress()->queue_until(now));
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
  Origin origin = *origin_;
  origin.send_by = send_by();
  origin.progress = nullptr;
  CallContext context = WithOrigin(std::move(origin));
  context.deadline_ = deadline;
  context.stop_token_ = std::stop_token();
  return context;
}

CallContext CallContext::ForFlight(TimePoint deadline, std::stop_token stop_token,
                                   std::shared_ptr<CallProgress> progress) const {
  Origin origin = *origin_;
  origin.send_by = TimePoint::max();
  origin.progress = std::move(progress);
  CallContext context = WithOrigin(std::move(origin));
  context.deadline_ = deadline;
  context.stop_token_ = std::move(stop_token);
  return context;
}

CallContext CallContext::WithProgress(std::shared_ptr<CallProgress> progress) const {
  Origin origin = *origin_;
  origin.progress = std::move(progress);
  return WithOrigin(std::move(origin));
}

CallContext CallContext::WithFixedDeadline() const {
  if (progress() == nullptr) return *this;
  CallContext context = WithProgress(nullptr);
  context.deadline_ = deadline();
  return context;
}

CallContext CallContext::WithReadTerms(std::optional<ReadTerms> terms) const {
  Origin origin = *origin_;
  origin.read_terms = terms;
  return WithOrigin(std::move(origin));
}

CallContext CallContext::AsBackground() const {
  Origin origin = *origin_;
  origin.background = true;
  return WithOrigin(std::move(origin));
}

CallContext CallContext::WithRequestKey(RequestKey key) const {
  Origin origin = *origin_;
  origin.request_key = std::make_shared<const RequestKey>(std::move(key));
  return WithOrigin(std::move(origin));
}

CallContext CallContext::WithOrigin(Origin origin) const {
  CallContext context = *this;
  context.origin_ = std::make_shared<const Origin>(std::move(origin));
  return context;
}

absl::Status CallContext::Check(TimePoint now) const {
  if (cancelled()) return CancelledError();
  if (now >= deadline()) return DeadlineExceededError();
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
