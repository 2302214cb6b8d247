#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_GLOB_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_GLOB_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// Does a name match a pattern of one path component, as Go's filepath.Match: `*`, `?`, `[a-z]`, `[^a-z]`, and `\`
// before a character that is meant as it is? A pattern that Go finds malformed matches nothing.
bool MatchesName(std::string_view pattern, std::string_view name);

// Has the pattern a character that makes it one?
bool IsPattern(std::string_view pattern);

// The paths below `root` that a normalised relative pattern matches, relative to it and sorted. A component `**` is any
// number of directories, none included; names that begin with a dot match as others do. None is an empty list.
// INVALID_ARGUMENT (INVALID_REQUEST) if the pattern makes it look at too much; other errors are the host's.
absl::StatusOr<std::vector<std::string>> ExpandPattern(std::string_view root, std::string_view pattern,
                                                       const HostFiles& files);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_GLOB_H_
