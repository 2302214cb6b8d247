#include "daemon/operations/base/outcome.h"

#include <google/protobuf/util/time_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/error_metadata.h"
#include "daemon/operations/base/object_names.h"

namespace daytonad {
namespace {

// `kind` is the prefix of the metadata keys: "sandbox" gives sandbox_id, sandbox_name, sandbox_state.
template <typename T>
absl::Status NamingAs(absl::Status status, const char* kind, T object) {
  KeepName(object);
  const std::pair<const char*, const std::string&> facts[] = {
      {"_id", object.id()}, {"_name", object.name()}, {"_state", object.state_text()}};
  for (const auto& [suffix, value] : facts) {
    if (!value.empty()) status = WithErrorMetadata(std::move(status), absl::StrCat(kind, suffix), value);
  }
  return status;
}

// The object's name for users.
template <typename T>
std::string NameOf(T object) {
  KeepName(object);
  return object.name().empty() ? object.id() : object.name();
}

template <typename T>
absl::Status FailedAs(const char* reason, const char* what, const T& object) {
  const std::string name = NameOf(object);
  const std::string why = object.error_reason().empty() ? "upstream gives no reason" : object.error_reason();
  return Naming(MakeError(absl::StatusCode::kFailedPrecondition, reason,
                          absl::StrCat(what, " ", name, " ended in state ", object.state_text(), ": ", why)),
                object);
}

}  // namespace

absl::Status Naming(absl::Status status, const v1::Sandbox& sandbox) {
  return NamingAs(std::move(status), "sandbox", sandbox);
}
absl::Status Naming(absl::Status status, const v1::Snapshot& snapshot) {
  return NamingAs(std::move(status), "snapshot", snapshot);
}
absl::Status Naming(absl::Status status, const v1::Volume& volume) {
  return NamingAs(std::move(status), "volume", volume);
}

absl::Status FailedError(const v1::Sandbox& sandbox) { return FailedAs("SANDBOX_FAILED", "Sandbox", sandbox); }
absl::Status FailedError(const v1::Snapshot& snapshot) {
  return FailedAs("SNAPSHOT_BUILD_FAILED", "Snapshot", snapshot);
}
absl::Status FailedError(const v1::Volume& volume) { return FailedAs("VOLUME_FAILED", "Volume", volume); }

std::optional<absl::Status> GivenUpError(const v1::Sandbox& sandbox) {
  using google::protobuf::util::TimeUtil;
  const std::string name = NameOf(sandbox);
  if (sandbox.has_queue_timed_out_at()) {
    const std::string at = TimeUtil::ToString(sandbox.queue_timed_out_at());
    return Naming(
        MakeError(absl::StatusCode::kFailedPrecondition, "QUEUE_TIMED_OUT",
                  absl::StrCat("No machine came free for sandbox ", name, " in time, and upstream gave it up at ", at,
                               ". Create it again later, or with a longer queue_timeout_minutes."),
                  {{"queue_timed_out_at", at}}),
        sandbox);
  }
  if (sandbox.has_spot_evicted_at()) {
    const std::string at = TimeUtil::ToString(sandbox.spot_evicted_at());
    return Naming(MakeError(absl::StatusCode::kFailedPrecondition, "SPOT_EVICTED",
                            absl::StrCat("The spare capacity that sandbox ", name, " ran on was taken back at ", at,
                                         ", and the sandbox is gone. Create it again, or without `spot`."),
                            {{"spot_evicted_at", at}}),
                  sandbox);
  }
  return std::nullopt;
}

absl::Status DeletedError(const v1::Sandbox& sandbox) {
  if (std::optional<absl::Status> given_up = GivenUpError(sandbox)) return *std::move(given_up);
  return Naming(MakeError(absl::StatusCode::kNotFound, "SANDBOX_NOT_FOUND",
                          absl::StrCat("The sandbox ", NameOf(sandbox), " was deleted.")),
                sandbox);
}

absl::Status RequestIdReusedError() {
  return MakeError(
      absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
      "What was made under this request_id is not what this request asks for. Use a new id for each intent.");
}

absl::Status ExplainTimeout(absl::Status status, const WaitContext& context, Clock& clock, const std::string& what) {
  // Upstream's own timeout is not the call's.
  if (!absl::IsDeadlineExceeded(status) || ErrorReason(status) == "UPSTREAM_TIMED_OUT") return status;
  const bool own_limit = context.call.Check(clock.Now()).ok();
  if (!own_limit) return WithErrorMessage(status, absl::StrCat("The call's deadline was reached: ", what, "."));
  absl::Status timed_out = MakeError(absl::StatusCode::kDeadlineExceeded, "WAIT_TIMED_OUT",
                                     absl::StrCat("The time limit of the request was reached: ", what,
                                                  ". Wait for it, or ask with a larger `timeout`."));
  return WithMetadataOf(std::move(timed_out), status);
}

}  // namespace daytonad
