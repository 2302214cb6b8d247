#ifndef DAYTONAD_DAEMON_BASE_ABSENT_H_
#define DAYTONAD_DAEMON_BASE_ABSENT_H_

#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/error.h"

namespace daytonad {

// The requested object itself does not exist, or no longer: NOT_FOUND with a reason such as SANDBOX_NOT_FOUND, and its
// kind ("sandbox", "snapshot", "volume") in the metadata `absent`.
absl::Status AbsentError(std::string_view kind, std::string_view id_or_name, ErrorMetadata metadata = {});

// Whether this is such an error. NOT_FOUND alone proves nothing about the object: something else that the request names
// may be missing, such as a region.
bool IsAbsent(const absl::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ABSENT_H_
