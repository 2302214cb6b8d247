#include "daemon/auth/credential.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

constexpr size_t kMaxTokenSize = size_t{16}
                                 << 10;  // JWTs with many claims are a few KiB; servers refuse larger headers

absl::Status Invalid(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, reason, message);
}

bool IsPrintable(unsigned char c) { return c > 0x20 && c < 0x7f; }

absl::StatusOr<Credential> FromInputs(CredentialInputs& inputs) {
  const bool has_api_key = !inputs.api_key.empty();
  std::string& token = has_api_key ? inputs.api_key : inputs.jwt_token;
  if (token.empty()) {
    return Invalid(
        "CREDENTIAL_MISSING",
        "No credential for Daytona. Set DAYTONA_API_KEY, give --api-key-file, or set both DAYTONA_JWT_TOKEN and "
        "DAYTONA_ORGANIZATION_ID.");
  }
  if (!has_api_key && inputs.organization_id.empty()) {
    return Invalid("ORGANIZATION_ID_MISSING",
                   "DAYTONA_ORGANIZATION_ID is required when authenticating with DAYTONA_JWT_TOKEN.");
  }
  if (absl::Status status = CheckToken(token); !status.ok()) {
    return WithErrorMessage(status, absl::StrCat("The ", has_api_key ? "API key" : "JWT",
                                                 " cannot be used: ", std::string(status.message())));
  }
  Credential credential;
  credential.kind = has_api_key ? Credential::Kind::kApiKey : Credential::Kind::kJwt;
  credential.token = Secret(std::move(token));
  if (!has_api_key) {
    if (!std::all_of(inputs.organization_id.begin(), inputs.organization_id.end(), IsPrintable)) {
      return Invalid("CREDENTIAL_INVALID", "The organization id contains a blank or a control character.");
    }
    credential.organization_id = std::move(inputs.organization_id);
  }
  return credential;
}

}  // namespace

absl::StatusOr<Credential> MakeCredential(CredentialInputs inputs) {
  absl::StatusOr<Credential> credential = FromInputs(inputs);
  WipeString(inputs.api_key);
  WipeString(inputs.jwt_token);
  return credential;
}

absl::Status CheckToken(std::string_view token) {
  if (token.empty()) return Invalid("CREDENTIAL_INVALID", "it is empty.");
  if (token.size() > kMaxTokenSize) {
    return Invalid("CREDENTIAL_INVALID", absl::StrCat("it is longer than ", kMaxTokenSize, " bytes."));
  }
  if (!std::all_of(token.begin(), token.end(), IsPrintable)) {
    return Invalid("CREDENTIAL_INVALID", "it contains a blank, a line break or another character that no token has.");
  }
  return absl::OkStatus();
}

void Authorize(const Credential& credential, HttpRequest& request) {
  request.bearer = credential.token;
  if (credential.kind == Credential::Kind::kJwt) {
    request.headers.Add("X-Daytona-Organization-ID", credential.organization_id);
  }
}

std::string MarkOf(const Credential& credential) {
  constexpr size_t kMarkBytes = 8;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  std::string bytes = absl::StrCat("daytonad\n", credential.organization_id, "\n");
  bytes.reserve(bytes.size() + credential.token.Reveal().size());  // otherwise a reallocation would leave a copy behind
  bytes += credential.token.Reveal();
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  WipeString(bytes);
  return absl::BytesToHexString(digest.substr(0, kMarkBytes));
}

}  // namespace daytonad
