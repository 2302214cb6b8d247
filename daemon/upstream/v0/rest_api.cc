#include "daemon/upstream/v0/rest_api.h"

#include <utility>

#include "daemon/upstream/v0/sandbox_json.h"

namespace daytonad {

RestApi::RestApi(RestApiOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
                 const TrustedOrigins& trusted_origins, RandomFraction random)
    : default_target_(std::move(options.default_target)),
      http_(http),
      clock_(clock),
      random_(random),
      client_(std::move(options.client), http, clock, credentials, trusted_origins, std::move(random)) {}

Task<absl::Status> RestApi::Ping(CallContext context) {
  // The cheapest request that needs the credential but no permission, for API keys and tokens alike.
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"sandbox"});
  request.AddQuery("limit", "1");
  const absl::StatusOr<SandboxPage> page = co_await client_.Fetch(context, std::move(request), ReadSandboxPage);
  co_return page.status();
}

}  // namespace daytonad
