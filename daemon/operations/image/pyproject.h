#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYPROJECT_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYPROJECT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace daytonad {

// What a pyproject.toml depends on: `[project].dependencies`, then each of `groups` that
// `[project.optional-dependencies]` has; unknown groups are skipped. What is wrong with the text is the message of the
// plain INVALID_ARGUMENT, in the Python SDK's words where it has some.
absl::StatusOr<std::vector<std::string>> PyprojectDependencies(std::string_view toml,
                                                               const std::vector<std::string>& groups);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYPROJECT_H_
