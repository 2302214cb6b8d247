#ifndef DAYTONAD_DAEMON_BASE_ABSENT_H_
#define DAYTONAD_DAEMON_BASE_ABSENT_H_

#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/error.h"

namespace daytonad {

// The very object that was asked for does not exist (any more): NOT_FOUND with a reason like SANDBOX_NOT_FOUND, and the
// metadata `absent` with its kind ("sandbox", "snapshot", "volume").
absl::Status AbsentError(std::string_view kind, std::string_view id_or_name, ErrorMetadata metadata = {});

// Is it such an error? NOT_FOUND alone proves nothing about the object: something else that the request names may be
// missing, a region, say.
bool IsAbsent(const absl::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ABSENT_H_
