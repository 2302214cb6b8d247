#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_COPY_SOURCES_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_COPY_SOURCES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/operations/image/build_plan.h"
#include "daemon/operations/image/dockerfile.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// What an instruction takes from the build context, as it writes it: the sources of a COPY or ADD that are neither
// heredocs nor URLs; nothing of other instructions, and nothing of a COPY --from. A source that cannot be known here
// is a plain INVALID_ARGUMENT.
absl::StatusOr<std::vector<std::string>> ContextSources(const DockerfileInstruction& instruction, char escape);

// The files and directories below `context_dir` (absolute) that the text's COPY and ADD lines name, in the order of the
// lines; those of one pattern are sorted. Their archive paths are what Docker looks for: relative to `context_dir`.
//
// A path that begins with `context_dir` itself is taken too, as the SDKs take it; other absolute paths are relative to
// `context_dir`, as Docker takes them.
//
// A source that is not there or leaves `context_dir` is a plain INVALID_ARGUMENT that names the line; other errors are
// the host's.
absl::StatusOr<std::vector<ContextSource>> FindCopied(const DockerfileText& text, std::string_view context_dir,
                                                      const HostFiles& files);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_COPY_SOURCES_H_
