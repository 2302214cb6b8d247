#include "daemon/operations/outcome.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// `kind` is the prefix of the metadata keys: "sandbox" gives sandbox_id, sandbox_name, sandbox_state.
template <typename T>
absl::Status NamingAs(absl::Status status, const char* kind, const T& object) {
  const std::pair<const char*, const std::string&> facts[] = {
      {"_id", object.id()}, {"_name", object.name()}, {"_state", object.state_text()}};
  for (const auto& [suffix, value] : facts) {
    if (!value.empty()) status = WithErrorMetadata(std::move(status), absl::StrCat(kind, suffix), value);
  }
  return status;
}

template <typename T>
absl::Status FailedAs(const char* reason, const char* what, const T& object) {
  const std::string& name = object.name().empty() ? object.id() : object.name();
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

absl::Status ExplainTimeout(absl::Status status, const WaitContext& context, Clock& clock, const std::string& what) {
  if (!absl::IsDeadlineExceeded(status)) return status;
  const Clock::TimePoint now = clock.Now();
  const bool own_limit = !context.wait.Check(now).ok() && context.call.Check(now).ok();
  if (!own_limit) return WithErrorMessage(status, absl::StrCat("The call's deadline was reached: ", what, "."));
  return MakeError(absl::StatusCode::kDeadlineExceeded, "WAIT_TIMED_OUT",
                   absl::StrCat("The time limit of the request was reached: ", what,
                                ". Wait for it, or ask with a larger `timeout`."));
}

}  // namespace daytonad
