#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_PASS_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_PASS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/operations/build_context/context_content.h"
#include "daemon/operations/build_context/context_hash.h"
#include "daemon/operations/build_context/tar_writer.h"

namespace daytonad {

// Reads a context once, for its hash or for its hash and its tar. Runs on a pool thread, one call at a time.
class ContextPass final : private ContextSink {
 public:
  enum class Makes { kHash, kHashAndTar };

  // Source and roots must outlive it.
  ContextPass(const ContextSource& source, const ContextRoots& roots, Makes makes);

  struct Piece {
    std::string tar;   // may be empty; at most a little more than kStepBytes
    std::string hash;  // with the last piece
    bool last = false;
  };
  absl::StatusOr<Piece> Next();

 private:
  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override;

  const std::unique_ptr<ContextContent> content_;
  TreeHash hash_;
  std::optional<TarWriter> tar_;
  int64_t bytes_ = 0;  // of all files so far
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_PASS_H_
