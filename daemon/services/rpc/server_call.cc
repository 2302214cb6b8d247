#include "daemon/services/rpc/server_call.h"

#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/error_metadata.h"
#include "daemon/services/rpc/rpc_errors.h"

namespace daytonad {
namespace {

// Longer values are invalid, and rejected.
constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxObject = 512;

}  // namespace

ServerCall::ServerCall(MethodKind kind, std::shared_ptr<const CallIdentity> identity, Clock::TimePoint arrival,
                       Clock::Duration max_queue_wait)
    : kind_(kind),
      arrival_(arrival),
      context_(std::move(identity), Clock::TimePoint::max(), stop_.get_token(), max_queue_wait) {}

void ServerCall::set_object(std::string_view object) { object_ = std::string(object.substr(0, kMaxObject)); }

void ServerCall::set_request_id(std::string_view id) {
  if (id.size() <= kMaxRequestId) request_id_ = std::string(id);
}

void ServerCall::ShutDown() {
  shut_down_ = true;
  EndWith(ShuttingDownError());
}

void ServerCall::EndWith(absl::Status why) {
  if (ended_.ok()) ended_ = std::move(why);
  stop_.request_stop();
}

absl::Status ServerCall::FinalStatus(absl::Status status) const {
  if (!ended_.ok() && absl::IsCancelled(status)) {
    const bool unknown = shut_down_ && ErrorMetadataValue(status, "outcome") == "unknown";
    // The metadata says what the call was about.
    status = WithMetadataOf(unknown ? ShutDownWhileSentError() : ended_, status);
  }
  // So that who finds the error in a log finds the call.
  if (status.ok() || request_id_.empty() || ErrorMetadataValue(status, "request_id").has_value()) return status;
  return WithErrorMetadata(std::move(status), "request_id", request_id_);
}

}  // namespace daytonad
