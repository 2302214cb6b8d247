#ifndef DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_
#define DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace daytonad {

// Makes way for a UNIX socket at `path`: a socket that a daemon left behind when it was killed is removed; one that
// somebody answers on is not, nor is anything that is no socket. FAILED_PRECONDITION or PERMISSION_DENIED say what is
// in the way, and what to do.
absl::Status PrepareSocketPath(const std::string& path);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_
