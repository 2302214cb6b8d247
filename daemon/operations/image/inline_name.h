#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_INLINE_NAME_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_INLINE_NAME_H_

#include <string>
#include <string_view>

namespace daytonad {

// Names in the build context for unnamed content: "inline-file-" or "inline-dir-" and the first 32 hex digits of its
// SHA-256. The same bytes get the same name, so that an earlier upload is found.
std::string InlineFileName(std::string_view content);
std::string InlineDirectoryName(std::string_view tar);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_INLINE_NAME_H_
