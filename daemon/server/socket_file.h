#ifndef DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_
#define DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace daytonad {

// A lock on creating sockets in a directory: while one process holds it, others wait. It ends with the object or the
// process, and leaves no file behind.
class SocketPathClaim {
 public:
  explicit SocketPathClaim(int directory) : directory_(directory) {}
  SocketPathClaim(SocketPathClaim&& other) noexcept;
  SocketPathClaim(const SocketPathClaim&) = delete;
  SocketPathClaim& operator=(const SocketPathClaim&) = delete;
  ~SocketPathClaim();

  // False, with errno, if another process holds it or it cannot be acquired.
  bool TryToLock() const;

 private:
  int directory_;  // the descriptor that holds the lock; -1 for none
};

// Prepares `path` for a UNIX socket: removes a stale socket that a killed daemon left behind, but neither a socket in
// use nor any other file. FAILED_PRECONDITION or PERMISSION_DENIED say what is in the way, and what to do.
//
// Keep the claim until the socket at `path` listens; otherwise two daemons that start together may find the same stale
// socket, and the later one removes the other's new socket. A claim is short: after `patience` another daemon starts
// without it.
absl::StatusOr<SocketPathClaim> PrepareSocketPath(const std::string& path,
                                                  std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_
