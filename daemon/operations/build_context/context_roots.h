#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_ROOTS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_ROOTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/file_descriptor.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// The directories of --context-root. The daemon reads paths from callers only through this class.
//
// Between a check of a path and its open, somebody could replace it by a link. Here the kernel does both at once: each
// open starts at the root's descriptor (held since the start; a replaced root needs a restart) and fails if `..` or a
// symbolic link leaves the root. An absolute link always counts as leaving it, even if its target is below the root,
// because that depends on where the root is mounted.
class ContextRoots final : public HostFiles {
 public:
  // No roots.
  ContextRoots() = default;

  // The one-line error names the directory that is not absolute, is not a directory or cannot be opened; or it says
  // that this system lacks openat2 (Linux 5.6, and a seccomp profile that allows it).
  static absl::StatusOr<ContextRoots> Open(const std::vector<std::string>& directories);

  // Whether nothing is open.
  bool empty() const { return roots_.empty(); }

  absl::StatusOr<Kind> KindOf(std::string_view path) const override;
  absl::StatusOr<std::string> ReadFile(std::string_view path, size_t max_bytes) const override;
  absl::StatusOr<std::vector<std::string>> ListDirectory(std::string_view path) const override;

  // A path's location: the root's descriptor, valid as long as this object, and the path relative to it ("." for the
  // root).
  struct Place {
    int root = -1;
    std::string path;
  };
  // Finds the path and checks that it exists now.
  absl::StatusOr<Place> Find(std::string_view path) const;

 private:
  struct Root {
    std::string path;  // without a trailing slash
    FileDescriptor descriptor;
  };

  std::vector<Root> roots_;  // the longest path first
};

// Opens `path` below the directory `root`, with open(2)'s flags. Never leaves the root, follows no /proc link, never
// waits for a FIFO's other end. If the descriptor is invalid, errno has the reason; EXDEV: the path leaves the root.
FileDescriptor OpenBeneath(int root, const std::string& path, int flags);

// The names in an open directory, in the file system's order, without `.` and `..`. False with errno if it cannot be
// read.
bool ReadNames(FileDescriptor directory, std::vector<std::string>& names);

// The errors for a path that a caller named.
absl::Status PathError(int error, std::string_view path);
absl::Status PathNotAllowed(std::string_view path);
absl::Status WrongKindOfFile(std::string_view path);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_ROOTS_H_
