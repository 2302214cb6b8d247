#ifndef DAYTONAD_DAEMON_AUTH_CREDENTIAL_H_
#define DAYTONAD_DAEMON_AUTH_CREDENTIAL_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/secret.h"
#include "daemon/net/http_client.h"

namespace daytonad {

// What the daemon shows to Daytona.
struct Credential {
  enum class Kind { kApiKey, kJwt };

  Kind kind = Kind::kApiKey;
  Secret token;
  // With a JWT only: which of the user's organizations is meant. An API key belongs to one organization.
  std::string organization_id;
};

// What was configured. Both secrets are wiped by MakeCredential.
struct CredentialInputs {
  std::string api_key;
  std::string jwt_token;
  std::string organization_id;
};

// The SDKs' rule: an API key wins over a JWT, and a JWT needs the organization's id. FAILED_PRECONDITION (reason
// CREDENTIAL_MISSING, ORGANIZATION_ID_MISSING or CREDENTIAL_INVALID) with a message for whoever starts the daemon.
absl::StatusOr<Credential> MakeCredential(CredentialInputs inputs);

// OK if the text can be a token: not empty, of a sane size, printable ASCII without blanks. The message never holds the
// text.
absl::Status CheckToken(std::string_view token);

// Puts the credential on a request: the bearer and, with a JWT, X-Daytona-Organization-ID. Whether the request's origin
// may have it is TrustedOrigins' to say, before this.
void Authorize(const Credential& credential, HttpRequest& request);

// What tells one credential from another on disk: a short hash of the token and the organization. Tokens are random and
// long, so it neither tells them nor confirms a guess.
std::string MarkOf(const Credential& credential);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_AUTH_CREDENTIAL_H_
