#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_ARCHIVE_PATH_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_ARCHIVE_PATH_H_

#include <string>
#include <string_view>

namespace daytonad {

// A path without `.`, `//` and, where that can be told from the text, `..`: Python's posixpath.normpath. "" is ".".
std::string NormalizePath(std::string_view path);

// The name of a local path inside a build context, as the Python SDK makes it: normalised, without its leading
// slashes. "/tmp/a" is "tmp/a", "./proj/" is "proj"; "/" is "".
std::string ArchivePath(std::string_view path);

// Does a normalised relative path climb out of what it is relative to?
bool ClimbsOut(std::string_view normalized);

// The last component; "" of "/".
std::string BaseName(std::string_view path);

// A directory and a path below it, as one; `relative` "." is the directory itself.
std::string JoinPath(std::string_view directory, std::string_view relative);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_ARCHIVE_PATH_H_
