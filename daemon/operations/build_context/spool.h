#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_SPOOL_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_SPOOL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/file_descriptor.h"

namespace daytonad {

// Disk space for uploads that must be complete before they can be sent. Its files never have a name, so that nothing is
// left of them however the daemon ends.
class Spool {
 public:
  // The directory of the files, and the limit of their total size. The one-line error says why the directory cannot be
  // used.
  static absl::StatusOr<Spool> Open(std::string directory, int64_t limit);

  const std::string& directory() const { return directory_; }
  int64_t limit() const { return limit_; }

 private:
  friend class SpoolFile;
  Spool(std::string directory, int64_t limit) : directory_(std::move(directory)), limit_(limit) {}

  const std::string directory_;
  const int64_t limit_;
  int64_t used_ = 0;  // loop thread
};

// The bytes of one upload. Create, reserve and destroy it on the loop thread; call what touches the disk on a pool
// thread. The spool must outlive it.
class SpoolFile {
 public:
  explicit SpoolFile(Spool& spool) : spool_(spool) {}
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  ~SpoolFile() { spool_.used_ -= reserved_; }

  // RESOURCE_EXHAUSTED (SPOOL_FULL) if this many bytes can never fit. Reserves nothing.
  absl::Status CheckSize(int64_t bytes) const;
  // Reserves space for this many more bytes, or returns RESOURCE_EXHAUSTED (SPOOL_FULL). Loop thread.
  absl::Status Reserve(int64_t bytes);

  // Pool thread. The first Append creates the file; Close frees its space.
  absl::Status Append(std::string_view bytes);
  absl::StatusOr<std::string> Read(int64_t offset, size_t size) const;  // empty at the end
  bool Close() {
    file_ = FileDescriptor();
    return true;
  }

 private:
  absl::Status DiskError(int error) const;

  Spool& spool_;
  int64_t reserved_ = 0;
  FileDescriptor file_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_SPOOL_H_
