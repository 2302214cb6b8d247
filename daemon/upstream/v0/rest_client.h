#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_REST_CLIENT_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_REST_CLIENT_H_

#include <any>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/server_version.h"
#include "daemon/auth/credential_source.h"
#include "daemon/auth/trusted_origins.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/http_client.h"
#include "daemon/net/url.h"
#include "daemon/upstream/v0/json_fields.h"
#include "daemon/upstream/v0/rate_budget.h"
#include "daemon/upstream/v0/rest_request.h"
#include "daemon/upstream/v0/retry.h"

namespace daytonad {

struct RestClientOptions {
  explicit RestClientOptions(BaseUrl api_url) : api_url(std::move(api_url)) {}

  BaseUrl api_url;
  // How long one attempt may take: for requests that upstream answers at once, and for those that it holds for up to 30
  // s.
  Clock::Duration prompt_limit = std::chrono::seconds(30);
  Clock::Duration held_limit = std::chrono::seconds(120);
  RetryPolicy retry;
};

// What all requests to Daytona's API have in common: URL, headers, who we are, size of the body, turns within the rate
// limits, retries, and what an answer means. Used on the loop thread only.
//
// Every error has the metadata `upstream_path` and the request's tags, and says with `outcome` = `unknown` when a
// mutation may have happened all the same.
class RestClient {
 public:
  // The referred objects must outlive this one.
  RestClient(RestClientOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
             const TrustedOrigins& trusted_origins, RandomFraction random = SystemRandomFraction());

  // Sends a request whose answer has no content that matters.
  Task<absl::Status> Call(CallContext context, RestRequest request);

  // Sends a request, and reads the JSON of its answer.
  template <typename T>
  Task<absl::StatusOr<T>> Fetch(CallContext context, RestRequest request, absl::StatusOr<T> (*read)(const Json&)) {
    const absl::StatusOr<HttpResponse> response = co_await Send(context, request);
    if (!response.ok()) co_return response.status();
    // The same body as before, perhaps.
    if (const T* known = std::any_cast<T>(response->reading.get())) co_return *known;
    const absl::StatusOr<Json> json = ParseJson(response->body);
    absl::StatusOr<T> result = json.ok() ? read(*json) : absl::StatusOr<T>(json.status());
    if (!result.ok()) co_return DescribeUnreadable(result.status(), request, response->status);
    if (response->reading != nullptr) *response->reading = *result;
    co_return result;
  }

  // Sends a request, and gives its answer's body as it arrives. The limits hold until the headers are there.
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, RestRequest request);

  // A rate limit that is upstream's as a rule: `limit` requests in `length`. What answers tell counts more.
  void SupposeRateLimit(std::string_view throttler, int64_t limit, Clock::Duration length) {
    rate_budget_.Suppose(std::string(throttler), limit, length);
  }

  // What the last answer that said it called itself.
  std::optional<ServerVersion> server_version() const { return server_version_; }

  // May the credential be sent to this URL?
  bool Trusts(std::string_view url) const;

 private:
  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, const RestRequest& request);
  // One attempt. It counts against `throttler`, and a refusal by another rate limit leaves that one's name there for
  // the next attempt.
  Task<absl::StatusOr<HttpResponse>> SendOnce(CallContext context, const RestRequest& request, const std::string& body,
                                              std::string& throttler);
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> OpenOnce(CallContext context, const RestRequest& request,
                                                             std::string& throttler);
  HttpRequest MakeHttpRequest(const RestRequest& request, std::string_view accept, std::string body);

  void NoteVersion(const HttpHeaders& headers);

  std::string Url(const RestRequest& request) const;
  CallContext OneAttempt(const CallContext& context, const RestRequest& request) const;
  absl::Status TransportError(const absl::Status& error, const CallContext& context, const RestRequest& request) const;
  absl::Status Describe(absl::Status error, const RestRequest& request) const;
  absl::Status DescribeUnreadable(const absl::Status& error, const RestRequest& request, int http_status) const;

  const RestClientOptions options_;
  HttpClient& http_;
  Clock& clock_;
  CredentialSource& credentials_;
  const TrustedOrigins& trusted_origins_;
  RateBudget rate_budget_;
  Retrier retrier_;
  std::optional<ServerVersion> server_version_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_REST_CLIENT_H_
