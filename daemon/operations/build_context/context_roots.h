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

// The directories that --context-root opens, and the only way by which the daemon reads what a caller names by path.
//
// To check a path and then to open it leaves a gap in which somebody can put a link in its place. Here the kernel does
// both at once: each open starts at the root's own descriptor (held since the start; a root that was replaced meanwhile
// needs a restart) and fails when `..` or a symbolic link leads out of it. An absolute link always counts as leading
// out, even if its target lies below the root: whether it does depends on where the root is mounted.
class ContextRoots final : public HostFiles {
 public:
  // Nothing is open.
  ContextRoots() = default;

  // The error, in one line, names the directory that is not absolute, is none, or cannot be opened; or says that this
  // system lacks what confines paths (openat2: Linux 5.6, and a seccomp profile that allows it).
  static absl::StatusOr<ContextRoots> Open(const std::vector<std::string>& directories);

  // Whether nothing is open.
  bool empty() const { return roots_.empty(); }

  absl::StatusOr<Kind> KindOf(std::string_view path) const override;
  absl::StatusOr<std::string> ReadFile(std::string_view path, size_t max_bytes) const override;
  absl::StatusOr<std::vector<std::string>> ListDirectory(std::string_view path) const override;

  // Where a path is: the root's descriptor, good as long as this object, and the path from there ("." for the root).
  struct Place {
    int root = -1;
    std::string path;
  };
  // Finds it and makes sure that there is a file or a directory now.
  absl::StatusOr<Place> Find(std::string_view path) const;

 private:
  struct Root {
    std::string path;  // without a trailing slash
    FileDescriptor descriptor;
  };

  std::vector<Root> roots_;  // the longest path first
};

// Opens what is at `path` below the directory `root`, with open(2)'s flags. Never leaves it, follows no link of /proc,
// never waits for a FIFO's other end. An invalid descriptor has its reason in errno; EXDEV: the path leads out.
FileDescriptor OpenBeneath(int root, const std::string& path, int flags);

// The names in an open directory, in the order in which the file system has them, without `.` and `..`. False with
// errno if it can't be read.
bool ReadNames(FileDescriptor directory, std::vector<std::string>& names);

// What a caller is told of an errno for a path that he gave.
absl::Status PathError(int error, std::string_view path);
absl::Status PathNotAllowed(std::string_view path);
absl::Status WrongKindOfFile(std::string_view path);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_ROOTS_H_
