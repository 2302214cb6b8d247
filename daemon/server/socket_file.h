#ifndef DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_
#define DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace daytonad {

// The right to make sockets in a directory: while one process has it, others wait. It ends with the object, and with
// the process however that ends; no file is left of it.
class SocketPathClaim {
 public:
  explicit SocketPathClaim(int directory) : directory_(directory) {}
  SocketPathClaim(SocketPathClaim&& other) noexcept;
  SocketPathClaim(const SocketPathClaim&) = delete;
  SocketPathClaim& operator=(const SocketPathClaim&) = delete;
  ~SocketPathClaim();

  // False, with errno, if somebody else has it or it cannot be had.
  bool TryToLock() const;

 private:
  int directory_;  // an open descriptor, which holds the lock; -1 for none
};

// Makes way for a UNIX socket at `path`: a socket that a daemon left behind when it was killed is removed; one that
// somebody answers on is not, nor is anything that is no socket. FAILED_PRECONDITION or PERMISSION_DENIED say what is
// in the way, and what to do.
//
// Keep the claim until the socket at `path` listens: else two daemons that start at once both find the same stale
// socket, and the later one removes the new socket of the other. Nobody needs it for long; whoever keeps it longer than
// `patience` keeps no daemon from starting.
absl::StatusOr<SocketPathClaim> PrepareSocketPath(const std::string& path,
                                                  std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_SOCKET_FILE_H_
