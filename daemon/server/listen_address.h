#ifndef DAYTONAD_DAEMON_SERVER_LISTEN_ADDRESS_H_
#define DAYTONAD_DAEMON_SERVER_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace daytonad {

// An address to listen on: a UNIX socket or a TCP port.
struct ListenAddress {
  // As configured; also gRPC's target, and the listener's name in logs and errors.
  std::string text;
  // A UNIX socket's absolute path; empty for TCP.
  std::string path;
  // TCP: a host name or an IP address (without brackets), and the port, 0 for any free one.
  std::string host;
  uint16_t port = 0;

  bool is_unix() const { return !path.empty(); }
  // Whether only this machine can reach it. False for host names other than localhost.
  bool is_loopback() const;
};

// Parses `unix:PATH`, `HOST:PORT` and `[IPV6]:PORT`. INVALID_ARGUMENT says what is wrong and lists the forms.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view written);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LISTEN_ADDRESS_H_
