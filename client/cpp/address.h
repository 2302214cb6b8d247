#ifndef DAYTONAD_CLIENT_CPP_ADDRESS_H_
#define DAYTONAD_CLIENT_CPP_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace daytonad::client {

// The daemon's default address: the environment variable DAYTONAD_ADDRESS, else unix:/run/daytonad/daytonad.sock or, if
// only that one exists, unix:$XDG_RUNTIME_DIR/daytonad.sock.
std::string DefaultAddress();

// Converts an address to a gRPC target. `address` is `unix:PATH` or `HOST:PORT`, an IPv6 host in brackets, or a
// comma-separated list of several daemons' `IPV4:PORT`. Anything else is INVALID_ARGUMENT with a message that says what
// is wrong.
absl::StatusOr<std::string> GrpcTarget(std::string_view address);

}  // namespace daytonad::client

#endif  // DAYTONAD_CLIENT_CPP_ADDRESS_H_
