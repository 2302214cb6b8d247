#ifndef DAYTONAD_DAEMON_AUTH_TRUSTED_ORIGINS_H_
#define DAYTONAD_DAEMON_AUTH_TRUSTED_ORIGINS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/net/url.h"

namespace daytonad {

// The origins that the credential may be sent to: fixed at start, never learned from an answer.
//
// These are the API's own origin, those of --trusted-origin and, if the API is Daytona's cloud
// (https://app.daytona.io), https://proxy.app.daytona.io, which serves build logs and sandboxes there. Regions of the
// cloud may have proxies with other names; add them with --trusted-origin.
class TrustedOrigins {
 public:
  // `extra`: "https://proxy.example.com" or "http://127.0.0.1:4000". INVALID_ARGUMENT (INVALID_URL) for a URL with more
  // than scheme, host and port.
  static absl::StatusOr<TrustedOrigins> Make(const BaseUrl& api, const std::vector<std::string>& extra);

  // Whether a request to this URL may carry the credential. False if the URL is invalid.
  bool Contains(std::string_view url) const;

 private:
  explicit TrustedOrigins(std::vector<Origin> origins) : origins_(std::move(origins)) {}

  std::vector<Origin> origins_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_AUTH_TRUSTED_ORIGINS_H_
