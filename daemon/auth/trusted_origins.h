#ifndef DAYTONAD_DAEMON_AUTH_TRUSTED_ORIGINS_H_
#define DAYTONAD_DAEMON_AUTH_TRUSTED_ORIGINS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/net/url.h"

namespace daytonad {

// Where the credential may go: fixed when the daemon starts, never learned from an answer.
//
// That is the API's own origin, what --trusted-origin adds and, when the API is Daytona's cloud
// (https://app.daytona.io), https://proxy.app.daytona.io, which serves build logs and sandboxes there. The cloud's
// regions may have proxies under names of their own; those are for --trusted-origin.
class TrustedOrigins {
 public:
  // `extra`: "https://proxy.example.com" or "http://127.0.0.1:4000". INVALID_ARGUMENT (reason INVALID_URL) for anything
  // that has more than scheme, host and port.
  static absl::StatusOr<TrustedOrigins> Make(const BaseUrl& api, const std::vector<std::string>& extra);

  // May a request to this URL carry the credential? No if the URL cannot be read.
  bool Contains(std::string_view url) const;

 private:
  explicit TrustedOrigins(std::vector<Origin> origins) : origins_(std::move(origins)) {}

  std::vector<Origin> origins_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_AUTH_TRUSTED_ORIGINS_H_
