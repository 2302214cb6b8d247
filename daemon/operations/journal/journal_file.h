#ifndef DAYTONAD_DAEMON_OPERATIONS_JOURNAL_JOURNAL_FILE_H_
#define DAYTONAD_DAEMON_OPERATIONS_JOURNAL_JOURNAL_FILE_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/file_descriptor.h"
#include "daemon/operations/journal/record.pb.h"

namespace daytonad {

struct JournalOptions {
  // Created if missing. Readable by its owner only.
  std::string directory;
  // A segment of this size or age is followed by a new one, and its predecessor is deleted: records younger than
  // `segment_age` are kept, unless they exceed `segment_bytes`.
  size_t segment_bytes = size_t{16} << 20;
  std::chrono::seconds segment_age = std::chrono::hours(1);
};

// The journal's directory: two segments, of which the later one is written, and a lock. Blocking; one thread at a time.
class JournalFile {
 public:
  using Time = std::chrono::system_clock::time_point;

  // Reads the existing records. Broken ones are logged and skipped. FAILED_PRECONDITION if another daemon uses the
  // directory, or if it is unusable.
  static absl::StatusOr<std::unique_ptr<JournalFile>> Open(JournalOptions options, Time now);

  // The records that were read, oldest first. Call it once.
  std::vector<journal::Record> TakeRecords() { return std::move(records_); }

  // Writes encoded records. They survive a crash of the process then. After an error the file is unchanged.
  absl::Status Append(std::string_view bytes, Time now);
  // Syncs: written records survive a power failure, too.
  absl::Status Sync();

 private:
  explicit JournalFile(JournalOptions options) : options_(std::move(options)) {}

  absl::Status OpenDirectory();
  absl::Status Lock();
  // Reads one of the files. Returns where its last record ends; 0 if it is missing or not a journal.
  size_t ReadFile(const char* name);
  absl::Status OpenCurrent(size_t end, Time now);
  absl::Status BeginSegment(Time now);
  absl::Status Write(std::string_view bytes);

  const JournalOptions options_;
  FileDescriptor directory_;
  FileDescriptor lock_;
  FileDescriptor current_;
  size_t size_ = 0;
  Time began_;
  std::vector<journal::Record> records_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_JOURNAL_JOURNAL_FILE_H_
