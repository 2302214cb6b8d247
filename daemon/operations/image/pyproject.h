#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYPROJECT_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYPROJECT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace daytonad {

// The dependencies in a pyproject.toml: `[project].dependencies`, then each of `groups` that
// `[project.optional-dependencies]` has; unknown groups are skipped. For an invalid text a plain INVALID_ARGUMENT, with
// the Python SDK's message where it has one.
absl::StatusOr<std::vector<std::string>> PyprojectDependencies(std::string_view toml,
                                                               const std::vector<std::string>& groups);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_PYPROJECT_H_
