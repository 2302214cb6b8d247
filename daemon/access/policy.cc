#include "daemon/access/policy.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {

bool MayMutate(const Caller& caller) { return !caller.read_only; }

absl::Status CheckAccess(const AccessRequest& request) {
  const Caller& caller = request.caller;
  if (request.effect == Effect::kRead || MayMutate(caller)) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kPermissionDenied, "READ_ONLY_LISTENER",
      absl::StrCat("Callers of ", caller.listener,
                   " may only read. Dial a listener that was given with --listen, not --listen-read-only."),
      {{"listener", caller.listener}});
}

}  // namespace daytonad
