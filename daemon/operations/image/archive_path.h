#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_ARCHIVE_PATH_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_ARCHIVE_PATH_H_

#include <string>
#include <string_view>

namespace daytonad {

// A path without `.`, `//` and, where the text alone allows it, `..`: Python's posixpath.normpath. "" is ".".
std::string NormalizePath(std::string_view path);

// The Python SDK's name for a local path in a build context: normalised, without leading slashes. "/tmp/a" is "tmp/a",
// "./proj/" is "proj"; "/" is "".
std::string ArchivePath(std::string_view path);

// Whether a normalised relative path leaves its base directory.
bool ClimbsOut(std::string_view normalized);

// The last component; "" of "/".
std::string BaseName(std::string_view path);

// Joins a directory and a path below it; `relative` "." is the directory itself.
std::string JoinPath(std::string_view directory, std::string_view relative);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_ARCHIVE_PATH_H_
