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

// The build-context sources of an instruction, as written: those of a COPY or ADD, without heredocs and URLs. Other
// instructions, and COPY --from, have none. A source that only the build knows is a plain INVALID_ARGUMENT.
absl::StatusOr<std::vector<std::string>> ContextSources(const DockerfileInstruction& instruction, char escape);

// The files and directories below `context_dir` (absolute) that the COPY and ADD lines name, in the order of the lines;
// those of one pattern are sorted. Their archive paths are relative to `context_dir`, as Docker expects.
//
// As in the SDKs, a path may begin with `context_dir` itself; as in Docker, other absolute paths are relative to
// `context_dir`.
//
// A source that does not exist or leaves `context_dir` is a plain INVALID_ARGUMENT that names the line; other errors
// are the host's.
absl::StatusOr<std::vector<ContextSource>> FindCopied(const DockerfileText& text, std::string_view context_dir,
                                                      const HostFiles& files);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_COPY_SOURCES_H_
