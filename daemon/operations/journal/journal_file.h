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
  // Made if it is missing. Nobody else may read it.
  std::string directory;
  // A segment that is so large or so old is followed by another, and the one before it goes: what is younger than
  // `segment_age` is kept, unless there is more than `segment_bytes` of it.
  size_t segment_bytes = size_t{16} << 20;
  std::chrono::seconds segment_age = std::chrono::hours(1);
};

// The journal in its directory: two segments, of which the later one is written to, and a lock. Blocks; one thread at a
// time.
class JournalFile {
 public:
  using Time = std::chrono::system_clock::time_point;

  // Reads what is there. What is broken is logged, and left out. FAILED_PRECONDITION if another daemon uses the
  // directory, or if it can't be used.
  static absl::StatusOr<std::unique_ptr<JournalFile>> Open(JournalOptions options, Time now);

  // What was found, the oldest first. Once.
  std::vector<journal::Record> TakeRecords() { return std::move(records_); }

  // Writes records as EncodeRecord made them. They survive the end of the process then, however it ends. After an error
  // the file is as it was before.
  absl::Status Append(std::string_view bytes, Time now);
  // What was written survives a loss of power, too.
  absl::Status Sync();

 private:
  explicit JournalFile(JournalOptions options) : options_(std::move(options)) {}

  absl::Status OpenDirectory();
  absl::Status Lock();
  // Reads one of the files; where its last record ends, 0 if it is missing or not ours.
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
