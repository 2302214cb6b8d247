#ifndef DAYTONAD_DAEMON_SERVER_LISTEN_ADDRESS_H_
#define DAYTONAD_DAEMON_SERVER_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace daytonad {

// Where to listen: a UNIX socket or a TCP port.
struct ListenAddress {
  // As it was written; also what gRPC takes, and the name of the listener in logs and errors.
  std::string text;
  // A UNIX socket's absolute path; empty for TCP.
  std::string path;
  // TCP: a host name or an IP address (without brackets), and the port, 0 for any free one.
  std::string host;
  uint16_t port = 0;

  bool is_unix() const { return !path.empty(); }
  // Can only this machine reach it? A host name other than localhost counts as no.
  bool is_loopback() const;
};

// Understands `unix:PATH`, `HOST:PORT` and `[IPV6]:PORT`. INVALID_ARGUMENT says what is wrong and which forms there
// are.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view written);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LISTEN_ADDRESS_H_
