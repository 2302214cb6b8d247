#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_INLINE_NAME_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_INLINE_NAME_H_

#include <string>
#include <string_view>

namespace daytonad {

// Names inside the build context for what came without one: the same for the same bytes, so that an upload of them is
// found again; "inline-file-" or "inline-dir-" and the first 32 hex digits of their SHA-256.
std::string InlineFileName(std::string_view content);
std::string InlineDirectoryName(std::string_view tar);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_INLINE_NAME_H_
