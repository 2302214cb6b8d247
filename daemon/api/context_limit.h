#ifndef DAYTONAD_DAEMON_API_CONTEXT_LIMIT_H_
#define DAYTONAD_DAEMON_API_CONTEXT_LIMIT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {

// The largest tar of a build context that a ContextStore takes. A larger one need not be read to its end.
inline constexpr int64_t kMaxContextBytes = int64_t{10'000} * (8 << 20);

// INVALID_ARGUMENT (CONTEXT_TOO_LARGE).
inline absl::Status ContextTooLarge(int64_t limit = kMaxContextBytes) {
  return MakeError(absl::StatusCode::kInvalidArgument, "CONTEXT_TOO_LARGE",
                   absl::StrCat("The build context is larger than ", limit >> 20,
                                " MiB, the limit of the storage. Exclude files from it."),
                   {{"limit", absl::StrCat(limit)}});
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_CONTEXT_LIMIT_H_
