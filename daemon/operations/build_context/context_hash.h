#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_HASH_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_HASH_H_

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "daemon/operations/build_context/context_sink.h"

namespace daytonad {

using Digest = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

// The name under which the Daytona Python SDK stores a context, for callers who share uploads with that SDK: the MD5 of
// - the archive path;
// - for a context that is a file: its bytes;
// - for a directory, in the order of its entries: the path and the bytes of each file, the path of each directory that
//   is empty (`.` for the context itself), the path and the target of each symbolic link.
// These parts have no separators, so different trees may have the same name: a file `a` with the content "bcd", and a
// file `ab` with "cd".
class ContextHash final : public ContextSink {
 public:
  explicit ContextHash(std::string_view archive_path);

  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override;

  // 32 lower-case hexadecimal digits. Call it once, at the end.
  std::string Finish();

 private:
  Digest digest_;
};

// The name under which the daemon stores a context unless the caller gives another one, unique to each tree. It is
// defined at BuildContextHeader.context_hash in build_service.proto: the first half of the SHA-256 of a record per
// entry, each with the lengths of its parts in front.
class TreeHash final : public ContextSink {
 public:
  explicit TreeHash(std::string_view archive_path);

  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override;

  // 32 lower-case hexadecimal digits. Call it once, at the end.
  std::string Finish();

 private:
  Digest digest_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_HASH_H_
