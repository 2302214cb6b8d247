#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REST_CLIENT_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REST_CLIENT_H_

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
#include "daemon/net/http/http_client.h"
#include "daemon/net/url.h"
#include "daemon/net/work_pool.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daemon/upstream/v0/transport/rate_budget.h"
#include "daemon/upstream/v0/transport/rest_request.h"
#include "daemon/upstream/v0/transport/retry.h"

namespace daytonad {

struct RestClientOptions {
  explicit RestClientOptions(BaseUrl api_url) : api_url(std::move(api_url)) {}

  BaseUrl api_url;
  // The time limits of one attempt: for prompt answers, and for long polls, which upstream may hold for 30 s.
  Clock::Duration prompt_limit = std::chrono::seconds(30);
  Clock::Duration long_poll_limit = std::chrono::seconds(120);
  RetryPolicy retry;
  // The pool that parses large answers; null: the loop.
  WorkPool* pool = nullptr;
};

// What all requests to Daytona's API have in common: URL, headers, identity, size limits, rate limits, retries, and the
// meaning of answers. Loop thread only.
//
// Every error has the metadata `upstream_path` and the request's tags, and `outcome` = `unknown` if a mutation may have
// been carried out nevertheless.
class RestClient {
 public:
  // The referred objects must outlive this one.
  RestClient(RestClientOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
             const TrustedOrigins& trusted_origins, RandomFraction random = SystemRandomFraction());

  // Sends a request and ignores the content of its answer.
  Task<absl::Status> Call(CallContext context, RestRequest request);

  // Sends a request and parses the JSON of its answer. An answer that is not Daytona's is a failed attempt.
  template <typename T>
  Task<absl::StatusOr<T>> Fetch(CallContext context, RestRequest request, absl::StatusOr<T> (*read)(const Json&)) {
    return FetchAs<T>(std::move(context), std::move(request), Reader<T>(read));
  }
  template <typename T>
  using Reader = std::function<absl::StatusOr<T>(const Json&)>;
  template <typename T>
  Task<absl::StatusOr<T>> FetchAs(CallContext context, RestRequest request, Reader<T> read) {
    const absl::StatusOr<std::string> body = BodyOf(request);
    if (!body.ok()) co_return body.status();
    std::string throttler = request.throttler();
    auto attempt = [this, &request, &body, &throttler, &read](CallContext each) {
      return FetchOnce<T>(std::move(each), request, *body, throttler, read);
    };
    absl::StatusOr<T> result = co_await retrier_.Run<T>(context, request.idempotency(), std::move(attempt));
    if (!result.ok()) co_return Describe(result.status(), request);
    co_return result;
  }

  // Sends a request and returns its answer's body as a stream. The time limits apply until the headers arrive.
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, RestRequest request);

  // Sets a rate limit of upstream until an answer reports one: `limit` requests per `length`.
  void SupposeRateLimit(std::string_view throttler, int64_t limit, Clock::Duration length) {
    rate_budget_.Suppose(std::string(throttler), limit, length);
  }

  // The version that upstream's last answer reported.
  std::optional<ServerVersion> server_version() const { return server_version_; }

  // Whether the credential may be sent to this URL.
  bool Trusts(std::string_view url) const;

 private:
  // Larger answers are parsed on the pool.
  static constexpr size_t kReadOnLoop = size_t{256} << 10;

  template <typename T>
  Task<absl::StatusOr<T>> FetchOnce(CallContext context, const RestRequest& request, const std::string& body,
                                    std::string& throttler, const Reader<T>& read) {
    const absl::StatusOr<HttpResponse> response = co_await SendOnce(std::move(context), request, body, throttler);
    if (!response.ok()) co_return response.status();
    // May be the same body as before (304).
    if (const T* known = std::any_cast<T>(response->reading.get())) co_return *known;
    absl::StatusOr<T> result = co_await ReadBody<T>(response->body, read);
    if (!result.ok()) co_return Unreadable(result.status(), request, response->status);
    if (response->reading != nullptr) *response->reading = *result;
    co_return result;
  }

  // `body` and `read` outlive the call, which nothing ends early.
  template <typename T>
  Task<absl::StatusOr<T>> ReadBody(const std::string& body, const Reader<T>& read) {
    auto work = [&body, &read]() -> absl::StatusOr<T> {
      const absl::StatusOr<Json> json = ParseJson(body);
      if (!json.ok()) return json.status();
      return read(*json);
    };
    if (!IsReadOnPool(body)) co_return work();
    co_return co_await RunOnPool(*options_.pool, std::move(work));
  }
  bool IsReadOnPool(const std::string& body) const { return options_.pool != nullptr && body.size() > kReadOnLoop; }

  Task<absl::StatusOr<HttpResponse>> CallOnce(CallContext context, const RestRequest& request, const std::string& body,
                                              std::string& throttler);
  // The request's body as text, empty if it has none; or an error.
  absl::StatusOr<std::string> BodyOf(const RestRequest& request) const;
  // One attempt. It counts against `throttler`. If another rate limit rejects it, that one's name is stored there for
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
  // The error for a success whose content is not what was requested.
  static absl::Status Unreadable(absl::Status error, const RestRequest& request, int http_status);

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

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REST_CLIENT_H_
