#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_WRITER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_WRITER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/operations/build_context/context_sink.h"

struct archive;

namespace daytonad {

// Writes an uncompressed tar of a context's entries, piece by piece: ustar, and pax where a name or size needs it.
//
// Everything belongs to user and group 0: COPY assigns its files to root anyway (or by --chown), and the ids of the
// daemon's machine stay private. Modes and times are those of the sources; hard links become files.
class TarWriter final : public ContextSink {
 public:
  // Entries are named by `archive_path` and their own path; with an empty one only by their path.
  explicit TarWriter(std::string archive_path);
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  ~TarWriter() override;

  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override;
  // Writes the end.
  absl::Status Close();

  // The bytes written since the last call.
  std::string Take();

 private:
  struct Output;

  absl::Status Failed() const;

  const std::string archive_path_;
  const std::unique_ptr<Output> output_;
  archive* const archive_;
  bool in_file_ = false;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_WRITER_H_
