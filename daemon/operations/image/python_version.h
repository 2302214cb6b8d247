#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYTHON_VERSION_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYTHON_VERSION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace daytonad {

// The Python release that the Python SDK's `Image.debian_slim` uses: a fixed release for a series ("3.12"), a full
// version ("3.11.2", "3.13.0rc1") itself, the newest series for an empty version. For any other a plain
// INVALID_ARGUMENT with the SDK's message.
absl::StatusOr<std::string> PythonRelease(std::string_view version);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYTHON_VERSION_H_
