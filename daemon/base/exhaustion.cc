#include "daemon/base/exhaustion.h"

#include <cerrno>
#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// By then other calls may have ended.
constexpr std::chrono::seconds kRetryDelay{1};

}  // namespace

bool IsExhaustion(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
      return true;
    default:
      return false;
  }
}

absl::Status ExhaustionError(int error, std::string_view what) {
  absl::Status status = MakeError(absl::StatusCode::kUnavailable, "DAEMON_EXHAUSTED",
                                  absl::StrCat("The daemon can't ", AbslView(what), ": ", std::strerror(error),
                                               ". Try again later, or raise the daemon's limits (ulimit -n)."));
  return WithRetryDelay(std::move(status), kRetryDelay);
}

}  // namespace daytonad
