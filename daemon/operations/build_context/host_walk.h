#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_HOST_WALK_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_HOST_WALK_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/file_descriptor.h"
#include "daemon/operations/build_context/context_content.h"
#include "daemon/operations/build_context/context_roots.h"

namespace daytonad {

// Walks a file or a directory tree below a context root.
//
// The hash depends on the order, which is that of Python's os.walk: entries of a directory in the file system's order,
// its subdirectories after everything else. Symbolic links are not followed, except if the context itself is one.
// Anything but files, directories and links is refused.
class HostWalk final : public ContextContent {
 public:
  // The roots must outlive it.
  HostWalk(const ContextRoots& roots, std::string path) : roots_(roots), path_(std::move(path)) {}

  absl::StatusOr<bool> Step(ContextSink& sink) override;

 private:
  struct Directory {
    std::string path;  // relative to the context
    std::vector<std::string> files;
    size_t next_file = 0;
    std::vector<std::string> directories;
    size_t next_directory = 0;
  };

  absl::Status Begin(ContextSink& sink);
  absl::Status NextEntry(ContextSink& sink);
  absl::Status ReadPiece(ContextSink& sink);
  absl::Status OnDirectory(std::string path, FileDescriptor descriptor, const struct stat& info, ContextSink& sink);
  absl::Status OnName(const std::string& path, ContextSink& sink);
  absl::Status OnFile(const std::string& path, FileDescriptor descriptor, ContextSink& sink);
  absl::Status OnLink(const std::string& path, const FileDescriptor& link, const struct stat& info, ContextSink& sink);
  absl::Status BeginFile(const std::string& path, FileDescriptor descriptor, const ContextEntry& entry,
                         ContextSink& sink);

  FileDescriptor Open(const std::string& path, int flags) const;
  std::string FullPath(const std::string& path) const;
  absl::Status Error(int error, const std::string& path) const;

  const ContextRoots& roots_;
  const std::string path_;
  ContextRoots::Place place_;
  bool begun_ = false;
  std::vector<Directory> directories_;  // from the context itself down to the current one
  // The file that is being read.
  FileDescriptor file_;
  std::string file_path_;
  int64_t file_left_ = 0;
  std::string buffer_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_HOST_WALK_H_
