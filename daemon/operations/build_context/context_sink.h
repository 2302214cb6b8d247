#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_SINK_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_SINK_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace daytonad {

// One file, directory or symbolic link of a build context.
struct ContextEntry {
  enum class Type { kFile, kDirectory, kSymlink };

  Type type = Type::kFile;
  // Relative to the context; empty for the context itself, a file or a directory.
  std::string path;
  mode_t mode = 0644;  // permission bits
  int64_t mtime = 0;   // seconds since 1970
  // The bytes of data that follow.
  int64_t size = 0;
  // For a directory: it has no entries.
  bool empty = false;
  // For a link: its target, as written.
  std::string link_target;
};

// Receives the entries of a context in order. Each entry is followed by its data, in any number of pieces.
class ContextSink {
 public:
  virtual ~ContextSink() = default;

  virtual absl::Status OnEntry(const ContextEntry& entry) = 0;
  virtual absl::Status OnData(std::string_view bytes) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_SINK_H_
