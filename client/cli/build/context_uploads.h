#ifndef DAYTONAD_CLIENT_CLI_BUILD_CONTEXT_UPLOADS_H_
#define DAYTONAD_CLIENT_CLI_BUILD_CONTEXT_UPLOADS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/base/session.h"
#include "client/cpp/context_pack.h"

namespace daytonad::cli {

struct UploadOptions {
  bool quiet = false;  // no progress bar
  std::string request_id;
};

using OnUploaded = std::function<void(const client::ContextSource&, const v1::UploadBuildContextResponse&)>;

// Uploads build contexts one by one, with one progress bar if standard error is a terminal. Skips contexts whose files
// are all excluded. Calls `on_uploaded` for each at the end, also for those before a failure.
std::optional<client::Error> UploadContexts(Session& session, const std::vector<client::ContextSource>& sources,
                                            const UploadOptions& options, const OnUploaded& on_uploaded);

// Each entry of a directory as a context with the entry's name, without what the directory's .dockerignore excludes. A
// symbolic link stands for its target, which must be in the directory.
absl::StatusOr<std::vector<client::ContextSource>> ContextsIn(const std::string& directory);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BUILD_CONTEXT_UPLOADS_H_
