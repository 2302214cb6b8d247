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

// Disk space for uploads that have to be read to their end before they can be sent on. Its files have no name from the
// beginning, so that nothing is left of them however the daemon ends.
class Spool {
 public:
  // Where the files are, and how many bytes they may have together. The error, in one line, says why the directory
  // can't be used.
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

// One upload's bytes. Made, asked for room and destroyed on the loop thread; what touches the disk is for a thread of
// the pool. The spool outlives it.
class SpoolFile {
 public:
  explicit SpoolFile(Spool& spool) : spool_(spool) {}
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  ~SpoolFile() { spool_.used_ -= reserved_; }

  // Could so many bytes ever have room? RESOURCE_EXHAUSTED (SPOOL_FULL) if not. Reserves nothing.
  absl::Status CheckSize(int64_t bytes) const;
  // Room for so many more bytes, or RESOURCE_EXHAUSTED (SPOOL_FULL). Loop thread.
  absl::Status Reserve(int64_t bytes);

  // Pool. The first Append makes the file, and Close gives its space back.
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
