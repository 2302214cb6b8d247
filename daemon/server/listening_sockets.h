#ifndef DAYTONAD_DAEMON_SERVER_LISTENING_SOCKETS_H_
#define DAYTONAD_DAEMON_SERVER_LISTENING_SOCKETS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/file_descriptor.h"
#include "daemon/server/listen_address.h"

namespace daytonad {

// The file of a bound UNIX socket; removed with the object, unless it was replaced.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept { *this = std::move(other); }
  SocketFile& operator=(SocketFile&& other) noexcept;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

 private:
  std::string path_;
  ino_t inode_ = 0;
};

// The sockets of one address: bound, listening, non-blocking. A host name may have several IP addresses; they share the
// port.
struct ListeningSockets {
  std::vector<FileDescriptor> sockets;
  SocketFile file;
  uint16_t port = 0;  // for TCP: the real one if 0 was configured
};

// Binds and listens. A UNIX socket's path must be free; its file gets the permissions `socket_mode`. Not thread-safe:
// it changes the process's umask while binding. FAILED_PRECONDITION says why the address cannot be bound.
absl::StatusOr<ListeningSockets> OpenListeningSockets(const ListenAddress& address, mode_t socket_mode);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LISTENING_SOCKETS_H_
