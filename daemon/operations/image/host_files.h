#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_HOST_FILES_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_HOST_FILES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace daytonad {

// The files of the daemon's machine that images may use: those below the directories of --context-root.
//
// Paths are absolute. Each method returns PERMISSION_DENIED (PATH_NOT_ALLOWED), without details, for a path that is not
// below such a directory or leaves it by `..` or a symbolic link; NOT_FOUND (PATH_NOT_FOUND) for one that does not
// exist; INVALID_ARGUMENT (INVALID_REQUEST) for one of the wrong kind. May block on the disk: do not call on the loop
// thread.
class HostFiles {
 public:
  enum class Kind { kFile, kDirectory };

  virtual ~HostFiles() = default;

  virtual absl::StatusOr<Kind> KindOf(std::string_view path) const = 0;
  // A whole file; one of more than `max_bytes` is INVALID_ARGUMENT.
  virtual absl::StatusOr<std::string> ReadFile(std::string_view path, size_t max_bytes) const = 0;
  // The names in a directory, sorted, without `.` and `..`.
  virtual absl::StatusOr<std::vector<std::string>> ListDirectory(std::string_view path) const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_HOST_FILES_H_
