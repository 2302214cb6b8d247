#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_WRITER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_WRITER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/operations/build_context/context_sink.h"

struct archive;

namespace daytonad {

// Makes an uncompressed tar out of a context's entries, piece by piece: ustar, and pax where a name or a size needs it.
//
// Everything belongs to user and group 0: COPY gives its files to root in any case (or to whom its --chown says), and
// so the daemon's users stay its own affair. Modes and times are the sources', hard links are files.
class TarWriter final : public ContextSink {
 public:
  // Entries are called by `archive_path` and their own path; with an empty one by their path alone.
  explicit TarWriter(std::string archive_path);
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  ~TarWriter() override;

  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override;
  // Writes the end.
  absl::Status Close();

  // What was made since the last call.
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
