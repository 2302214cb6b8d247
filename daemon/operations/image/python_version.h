#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYTHON_VERSION_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYTHON_VERSION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace daytonad {

// The release of Python that `Image.debian_slim` of the Python SDK takes: a series ("3.12") stands for a fixed release
// of it, a full version ("3.11.2", "3.13.0rc1") for itself, and nothing for the newest series. What is wrong with any
// other is the message of the plain INVALID_ARGUMENT, in the SDK's words.
absl::StatusOr<std::string> PythonRelease(std::string_view version);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYTHON_VERSION_H_
