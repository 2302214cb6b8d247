#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_HOST_TEXT_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_HOST_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/operations/image/host_files.h"

namespace daytonad {

// A text file, read as Python does: CRLF and a lone CR become LF. INVALID_ARGUMENT if it is not UTF-8 or has more than
// 1 MiB; other errors are the host's.
absl::StatusOr<std::string> ReadHostText(const HostFiles& files, std::string_view path);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_HOST_TEXT_H_
