#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_HASH_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_HASH_H_

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "daemon/operations/build_context/context_sink.h"

namespace daytonad {

// The name under which a context is stored. It is the one that the Daytona Python SDK makes, so that the daemon and
// that SDK find each other's uploads: the MD5 of
// - the archive path;
// - for a context that is a file: its bytes;
// - for a directory, in the order of its entries: the path and the bytes of each file, the path of each directory that
//   is empty (`.` for the context itself), the path of each symbolic link and then the bytes of the file to which it
//   leads.
// Nothing stands between these parts. A link counts by the text of its target if that is no file below a context root
// (or the way to it leads out of its root, or over an absolute link of another): the SDK leaves links to directories
// out, so that a changed one would be served from an old upload, reads files anywhere, and fails for links that lead
// nowhere.
class ContextHash final : public ContextSink {
 public:
  explicit ContextHash(std::string_view archive_path);

  absl::Status OnEntry(const ContextEntry& entry) override;
  absl::Status OnData(std::string_view bytes) override;

  // 32 lower-case hexadecimal digits. Called once, at the end.
  std::string Finish();

 private:
  void Add(std::string_view bytes);

  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_CONTEXT_HASH_H_
