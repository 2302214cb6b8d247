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

// Uploads build contexts, one after the other, with one progress bar on standard error if that is a terminal; those of
// which nothing is left are passed over. `on_uploaded` hears of each, at the end of all; of those before a failure,
// too.
std::optional<client::Error> UploadContexts(Session& session, const std::vector<client::ContextSource>& sources,
                                            const UploadOptions& options, const OnUploaded& on_uploaded);

// Each entry of a directory as a context that is called as it is, by name, without what the directory's .dockerignore
// leaves out. An entry that is a symbolic link stands for what it leads to, which must be in the directory.
absl::StatusOr<std::vector<client::ContextSource>> ContextsIn(const std::string& directory);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BUILD_CONTEXT_UPLOADS_H_
