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

// The build context in a client's tar: checks that its entries stay inside, and passes them on with paths relative to
// the context.
//
// A directory counts as empty if the next entry is not inside it: more cannot be known while a tar arrives.
class TarContext final : private ContextSink {
 public:
  enum class Names {
    kRelative,  // to the context, which is a directory
    kFromRoot,  // begin with the archive path; the context may be a single file of that path
  };

  // The sink must outlive this.
  TarContext(std::string archive_path, Names names, ContextSink& sink);

  // Returns INVALID_ARGUMENT (INVALID_REQUEST) for an invalid tar, or the sink's error.
  absl::Status Feed(std::string_view bytes) { return reader_.Feed(bytes); }
  // Call it after the last byte.
  absl::Status Finish();

 private:
  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override { return sink_.OnData(bytes); }
  absl::StatusOr<std::string> PathInContext(std::string_view path) const;
  absl::Status CheckParents(std::string_view path) const;
  // Passes on the directory that was held back until it was known whether it is empty.
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
