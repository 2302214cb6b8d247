#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_CONTEXT_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_CONTEXT_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/operations/build_context/context_sink.h"
#include "daemon/operations/build_context/tar_reader.h"

namespace daytonad {

// The build context in a tar that somebody else made: checks that its entries stay inside and gives them on, with paths
// relative to the context.
//
// A directory counts as empty if the entry after it is not inside it: no more can be known while a tar arrives.
class TarContext final : private ContextSink {
 public:
  enum class Names {
    kRelative,  // to the context, which is a directory
    kFromRoot,  // begin with the archive path; the context may be a single file of that path
  };

  // The sink outlives this.
  TarContext(std::string archive_path, Names names, ContextSink& sink);

  // INVALID_ARGUMENT (INVALID_REQUEST) says what is wrong with the tar; and whatever the sink returns.
  absl::Status Feed(std::string_view bytes) { return reader_.Feed(bytes); }
  // There are no more bytes.
  absl::Status Finish();

 private:
  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override { return sink_.OnData(bytes); }
  absl::StatusOr<std::string> PathInContext(std::string_view path) const;
  absl::Status CheckParents(std::string_view path) const;
  // Gives the directory on that was held back until it was known whether it is empty.
  absl::Status Release(std::optional<std::string_view> next_path);

  const std::string archive_path_;
  const Names names_;
  ContextSink& sink_;
  TarReader reader_;
  std::optional<ContextEntry> directory_;
  std::set<std::string, std::less<>> links_;
  bool any_entry_ = false;
  bool single_file_ = false;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_CONTEXT_H_
