#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_GLOB_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_GLOB_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// Whether a name matches a pattern of one path component, as in Go's filepath.Match: `*`, `?`, `[a-z]`, `[^a-z]`, and
// `\` before a literal character. A pattern that is malformed in Go matches nothing.
bool MatchesName(std::string_view pattern, std::string_view name);

// Whether the text has a special character of patterns.
bool IsPattern(std::string_view pattern);

// The paths below `root` that a normalised relative pattern matches, relative to it and sorted. A component `**`
// matches any number of directories, including none; names that begin with a dot match, too. Empty if nothing matches.
// INVALID_ARGUMENT (INVALID_REQUEST) if the pattern visits too many directories; other errors are the host's.
absl::StatusOr<std::vector<std::string>> ExpandPattern(std::string_view root, std::string_view pattern,
                                                       const HostFiles& files);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_GLOB_H_
