#include "daemon/access/policy.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {

absl::Status CheckAccess(const Caller& caller, Action action) {
  if (action == Action::kRead || !caller.read_only) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kPermissionDenied, "READ_ONLY_LISTENER",
      absl::StrCat("Callers of ", caller.listener,
                   " may only read. Dial a listener that was given with --listen, not --listen-read-only."),
      {{"listener", caller.listener}});
}

}  // namespace daytonad
