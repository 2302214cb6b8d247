#ifndef DAYTONAD_DAEMON_AUTH_CREDENTIAL_H_
#define DAYTONAD_DAEMON_AUTH_CREDENTIAL_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/secret.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

// The daemon's credential at Daytona.
struct Credential {
  enum class Kind { kApiKey, kJwt };

  Kind kind = Kind::kApiKey;
  Secret token;
  // With a JWT only: the user's organization. An API key belongs to one organization.
  std::string organization_id;
};

// The configuration. MakeCredential wipes both secrets.
struct CredentialInputs {
  std::string api_key;
  std::string jwt_token;
  std::string organization_id;
};

// As in the SDKs, an API key wins over a JWT, and a JWT needs the organization's id. FAILED_PRECONDITION
// (CREDENTIAL_MISSING, ORGANIZATION_ID_MISSING or CREDENTIAL_INVALID) with a message for the operator.
absl::StatusOr<Credential> MakeCredential(CredentialInputs inputs);

// OK if the text may be a token: not empty, of a plausible size, printable ASCII without blanks. The error never
// contains the text.
absl::Status CheckToken(std::string_view token);

// Adds the credential to a request: the bearer token and, with a JWT, X-Daytona-Organization-ID. The caller has checked
// the origin with TrustedOrigins.
void Authorize(const Credential& credential, HttpRequest& request);

// A fingerprint that identifies a credential on disk: a short hash of the token and the organization. Tokens are long
// and random, so it neither reveals one nor confirms a guess.
std::string MarkOf(const Credential& credential);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_AUTH_CREDENTIAL_H_
