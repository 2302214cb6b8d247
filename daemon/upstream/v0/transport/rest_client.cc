#include "daemon/upstream/v0/transport/rest_client.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/transport/errors.h"
#include "daemon/upstream/v0/transport/identity.h"

namespace daytonad {
namespace {

// Upstream answers a larger body with a 404 that says nothing of its size.
constexpr size_t kMaxBody = 102'400;
constexpr size_t kMaxObject = size_t{1} << 20;
constexpr size_t kMaxList = size_t{16} << 20;
// For the body of an error that came instead of a stream.
constexpr std::chrono::seconds kErrorBodyLimit(5);
// When to come back to an upstream that can't be reached and did not say.
constexpr std::chrono::seconds kUnavailableDelay(1);

std::string PathOf(const RestRequest& request) {
  std::string path;
  for (const std::string& segment : request.segments()) absl::StrAppend(&path, "/", EncodePathSegment(segment));
  return path;
}

// The path of a URL, without what is before and behind it.
std::string PathOfUrl(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t authority = url.find("://");
  const size_t path = url.find('/', authority == std::string_view::npos ? 0 : authority + 3);
  return path == std::string_view::npos ? "/" : std::string(url.substr(path));
}

size_t MaxBodyOf(const RestRequest& request) {
  return request.answer_size() == AnswerSize::kList ? kMaxList : kMaxObject;
}

std::string Dump(const OrderedJson& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace);
}

absl::Status BodyTooLarge(const OrderedJson& body, size_t size) {
  std::string largest_name;
  size_t largest = 0;
  for (const auto& [name, value] : body.items()) {
    if (const size_t bytes = Dump(value).size(); bytes > largest) {
      largest = bytes;
      largest_name = name;
    }
  }
  return MakeError(absl::StatusCode::kInvalidArgument, "BODY_TOO_LARGE",
                   absl::StrCat("The request is ", size, " bytes long for Daytona, which takes at most ", kMaxBody,
                                ". Its largest part is `", largest_name, "` with ", largest,
                                " bytes: make that shorter. Nothing was sent."),
                   {{"limit", std::to_string(kMaxBody)}});
}

// The request's body; empty if it has none.
absl::StatusOr<std::string> BodyText(const RestRequest& request) {
  if (request.body().is_null()) return std::string();
  std::string text = Dump(request.body());
  if (text.size() > kMaxBody) return BodyTooLarge(request.body(), text.size());
  return text;
}

// An empty segment would turn a request about one object into one about all of them.
absl::Status CheckSegments(const RestRequest& request) {
  for (const std::string& segment : request.segments()) {
    if (!segment.empty()) continue;
    FieldViolations violations;
    violations.Add("", "an id or a name is empty");
    return violations.ToStatus();
  }
  return absl::OkStatus();
}

// Whether a mutation that ended without an answer may have been carried out.
bool OutcomeUnknown(const absl::Status& error) {
  if (ErrorMetadataValue(error, "http_status").has_value()) return false;  // the answer says so
  const bool ended_under_way =
      absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error) || absl::IsCancelled(error);
  return (ended_under_way && DeliveryOf(error) == Delivery::kUnknown) ||
         ErrorReason(error) == "UPSTREAM_RESPONSE_TOO_LARGE" || ErrorReason(error) == "UPSTREAM_HEADERS_TOO_LARGE";
}

Task<std::string> ReadErrorBody(CallContext context, HttpStream& stream) {
  std::string body;
  while (body.size() < kMaxErrorBody) {
    const absl::StatusOr<std::string> bytes = co_await stream.Read(context);
    if (!bytes.ok() || bytes->empty()) break;
    body += *bytes;
  }
  co_return body;
}

RetryPolicy PolicyOf(const RestClientOptions& options) {
  RetryPolicy policy = options.retry;
  policy.attempts_queue = true;
  return policy;
}

// Reports an error answer to the permit. Returns the error, with the plausible wait.
absl::Status NoteError(RateBudget::Permit& permit, absl::Status error, const HttpHeaders& headers,
                       std::string& throttler) {
  const std::optional<std::chrono::milliseconds> wait = RetryDelay(error);
  if (ErrorReason(error) != "RATE_LIMITED" || !wait.has_value()) {
    permit.Answered(headers);
    return error;
  }
  const std::string named = ErrorMetadataValue(error, "throttler").value_or("");
  const std::chrono::milliseconds believed = permit.Refused(named, *wait);
  if (!named.empty()) throttler = named;
  return WithRetryDelay(std::move(error), believed);
}

// Some answers to requests without a result are empty, some are the object. A page, or JSON of another kind, comes from
// something that says "200" to everything, and has done nothing.
absl::Status CheckEmptyAnswer(const std::string& body) {
  if (body.empty()) return absl::OkStatus();
  const Json json = ParseLeniently(body);
  if (json.is_discarded()) return ParseJson(body).status();  // which tells broken JSON from something else
  const bool foreign = json.is_object() && !json.empty() && JsonFields(json).Find("id") == nullptr;
  return foreign ? ForeignResponse("it has an unexpected form") : absl::OkStatus();
}

// Tells the callers of a mutation when it is sent, and when it was not carried out. Nobody is told of a read.
class MutationInFlight {
 public:
  MutationInFlight(const CallContext& context, const RestRequest& request)
      : progress_(request.idempotency() == Idempotency::kRead ? nullptr : context.progress()) {}
  MutationInFlight(const MutationInFlight&) = delete;
  MutationInFlight& operator=(const MutationInFlight&) = delete;

  // For the request; this object outlives it.
  std::function<void()> when_sent() {
    if (progress_ == nullptr) return nullptr;
    return [this] {
      sent_ = true;
      progress_->MutationSent();
    };
  }
  void Refused() {
    if (std::exchange(sent_, false)) progress_->MutationRefused();
  }

 private:
  CallProgress* const progress_;  // the context outlives this
  bool sent_ = false;
};

// Does the error say by itself which object of this tag's kind ("sandbox_id", "sandbox_name") it is about?
bool NamesItself(const absl::Status& error, const std::string& tag) {
  const std::string kind = tag.substr(0, tag.rfind('_'));
  return ErrorMetadataValue(error, kind + "_id").has_value() || ErrorMetadataValue(error, kind + "_name").has_value();
}

}  // namespace

RestClient::RestClient(RestClientOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
                       const TrustedOrigins& trusted_origins, RandomFraction random)
    : options_(std::move(options)),
      http_(http),
      clock_(clock),
      credentials_(credentials),
      trusted_origins_(trusted_origins),
      rate_budget_(clock),
      retrier_(clock, PolicyOf(options_), std::move(random)) {}

Task<absl::Status> RestClient::Call(CallContext context, RestRequest request) {
  const absl::StatusOr<std::string> body = BodyOf(request);
  if (!body.ok()) co_return body.status();
  std::string throttler = request.throttler();
  auto attempt = [this, &request, &body, &throttler](CallContext each) {
    return CallOnce(std::move(each), request, *body, throttler);
  };
  const absl::StatusOr<HttpResponse> response =
      co_await retrier_.Run<HttpResponse>(context, request.idempotency(), std::move(attempt));
  if (!response.ok()) co_return Describe(response.status(), request);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<HttpResponse>> RestClient::CallOnce(CallContext context, const RestRequest& request,
                                                        const std::string& body, std::string& throttler) {
  absl::StatusOr<HttpResponse> response = co_await SendOnce(std::move(context), request, body, throttler);
  if (!response.ok()) co_return response;
  const auto check = [&body = response->body] { return CheckEmptyAnswer(body); };
  absl::Status status;
  if (IsReadOnPool(response->body)) {
    status = co_await RunOnPool(*options_.pool, check);
  } else {
    status = check();
  }
  if (!status.ok()) co_return Unreadable(std::move(status), request, response->status);
  co_return response;
}

absl::StatusOr<std::string> RestClient::BodyOf(const RestRequest& request) const {
  if (absl::Status status = CheckSegments(request); !status.ok()) return status;
  absl::StatusOr<std::string> body = BodyText(request);
  if (!body.ok()) return Describe(body.status(), request);
  return body;
}

Task<absl::StatusOr<std::unique_ptr<HttpStream>>> RestClient::Open(CallContext context, RestRequest request) {
  using Stream = std::unique_ptr<HttpStream>;
  if (absl::Status status = CheckSegments(request); !status.ok()) co_return status;
  std::string throttler = request.throttler();
  auto attempt = [this, &request, &throttler](CallContext each) {
    return OpenOnce(std::move(each), request, throttler);
  };
  absl::StatusOr<Stream> stream = co_await retrier_.Run<Stream>(context, request.idempotency(), std::move(attempt));
  if (!stream.ok()) co_return Describe(stream.status(), request);
  co_return stream;
}

bool RestClient::Trusts(std::string_view url) const { return trusted_origins_.Contains(url); }

Task<absl::StatusOr<HttpResponse>> RestClient::SendOnce(CallContext context, const RestRequest& request,
                                                        const std::string& body, std::string& throttler) {
  MutationInFlight mutation(context, request);
  absl::StatusOr<RateBudget::Permit> permit = co_await rate_budget_.Acquire(context, throttler);
  if (!permit.ok()) co_return permit.status();
  const CallContext one_attempt = OneAttempt(context, request);
  HttpRequest http_request = MakeHttpRequest(request, "application/json", body);
  http_request.when_sent = mutation.when_sent();
  ++context.facts().upstream_attempts;
  absl::StatusOr<HttpResponse> response = co_await http_.Send(one_attempt, std::move(http_request));
  if (!response.ok()) {
    if (DeliveryOf(response.status()) == Delivery::kNotSent) {
      permit->NotSent();
      mutation.Refused();
    }
    co_return TransportError(response.status(), context, request);
  }
  NoteVersion(response->headers);
  if (response->status / 100 == 2) {
    permit->Answered(response->headers);
    co_return response;
  }
  absl::Status error = ErrorFromResponse(request, *response);
  if (ErrorMetadataValue(error, "outcome") != "unknown") mutation.Refused();
  co_return NoteError(*permit, std::move(error), response->headers, throttler);
}

Task<absl::StatusOr<std::unique_ptr<HttpStream>>> RestClient::OpenOnce(CallContext context, const RestRequest& request,
                                                                       std::string& throttler) {
  absl::StatusOr<RateBudget::Permit> permit = co_await rate_budget_.Acquire(context, throttler);
  if (!permit.ok()) co_return permit.status();
  const CallContext one_attempt = OneAttempt(context, request);
  HttpRequest http_request = MakeHttpRequest(request, "*/*", "");
  ++context.facts().upstream_attempts;
  absl::StatusOr<std::unique_ptr<HttpStream>> stream = co_await http_.Open(one_attempt, std::move(http_request));
  if (!stream.ok()) {
    if (DeliveryOf(stream.status()) == Delivery::kNotSent) permit->NotSent();
    co_return TransportError(stream.status(), context, request);
  }
  if ((*stream)->status() / 100 == 2) {
    permit->Answered((*stream)->headers());
    co_return stream;
  }
  HttpResponse response;
  response.status = (*stream)->status();
  response.headers = (*stream)->headers();
  const CallContext short_wait = context.WithDeadline(clock_.Now() + kErrorBodyLimit);
  response.body = co_await ReadErrorBody(short_wait, **stream);
  co_return NoteError(*permit, ErrorFromResponse(request, response), response.headers, throttler);
}

HttpRequest RestClient::MakeHttpRequest(const RestRequest& request, std::string_view accept, std::string body) {
  HttpRequest http;
  http.method = request.method();
  http.url = Url(request);
  http.pool = request.pool();
  http.revalidate = request.revalidate();
  http.max_body_bytes = MaxBodyOf(request);
  http.irrevocable_once_sent = request.idempotency() != Idempotency::kRead;
  http.headers.Add("Accept", accept);
  http.headers.Add("User-Agent", kUserAgent);
  http.headers.Add("X-Daytona-Source", kSource);
  http.headers.Add("X-Daytona-SDK-Version", kSdkVersion);
  if (!body.empty()) {
    http.headers.Add("Content-Type", "application/json");
    http.body = std::move(body);
  }
  // The API's own origin is trusted by definition; a URL from an answer is checked.
  const bool api_itself = request.url().empty();
  if (api_itself || Trusts(http.url)) Authorize(credentials_.Current(), http);
  return http;
}

void RestClient::NoteVersion(const HttpHeaders& headers) {
  const auto version = ParseServerVersion(headers.Get("X-Daytona-Api-Version"));
  if (version.has_value()) server_version_ = version;
}

std::string RestClient::Url(const RestRequest& request) const {
  QueryString query;
  for (const auto& [name, value] : request.query()) query.Add(name, value);
  if (!request.base_url().empty()) return absl::StrCat(request.base_url(), PathOf(request), query.text());
  if (request.url().empty()) return options_.api_url.Join(PathOf(request) + query.text());
  std::string url = request.url().substr(0, request.url().find('#'));
  if (query.text().empty()) return url;
  // Append to the URL's own query.
  const bool has_query = url.find('?') != std::string::npos;
  return absl::StrCat(url, has_query ? "&" : "?", query.text().substr(1));
}

CallContext RestClient::OneAttempt(const CallContext& context, const RestRequest& request) const {
  return context.WithDeadline(
      clock_.Now() + (request.latency() == Latency::kLongPoll ? options_.long_poll_limit : options_.prompt_limit));
}

absl::Status RestClient::TransportError(const absl::Status& error, const CallContext& context,
                                        const RestRequest& request) const {
  if (absl::IsDeadlineExceeded(error) && context.Check(clock_.Now()).ok()) {
    // The limit of this attempt, not that of the call.
    if (DeliveryOf(error) == Delivery::kNotSent) {
      return WithDelivery(
          MakeError(
              absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE",
              "No connection to Daytona was free or could be opened in time. Make fewer concurrent calls, or allow "
              "the daemon more connections."),
          Delivery::kNotSent);
    }
    return WithDelivery(MakeError(absl::StatusCode::kDeadlineExceeded, "UPSTREAM_TIMED_OUT",
                                  "Daytona did not answer in time. Try again later."),
                        DeliveryOf(error));
  }
  if (absl::IsResourceExhausted(error)) return AnswerTooLarge(error, MaxBodyOf(request));
  return error;
}

absl::Status RestClient::Describe(absl::Status error, const RestRequest& request) const {
  const std::string path = PathOfUrl(Url(request));
  error = WithErrorMetadata(std::move(error), "upstream_path", path);
  const absl::Status as_answered = error;
  for (const auto& [key, value] : request.tags()) {
    if (!NamesItself(as_answered, key)) error = WithErrorMetadata(std::move(error), key, value);
  }
  if (request.idempotency() != Idempotency::kRead && OutcomeUnknown(error)) {
    error = WithErrorMetadata(std::move(error), "outcome", "unknown");
  }
  const bool wants_delay = absl::IsUnavailable(error) || ErrorReason(error) == "RATE_LIMITED";
  if (wants_delay && !RetryDelay(error).has_value()) error = WithRetryDelay(std::move(error), kUnavailableDelay);
  return error;
}

absl::Status RestClient::Unreadable(absl::Status error, const RestRequest& request, int http_status) {
  if (request.idempotency() != Idempotency::kRead) error = WithErrorMetadata(std::move(error), "outcome", "unknown");
  return WithErrorMetadata(std::move(error), "http_status", std::to_string(http_status));
}

}  // namespace daytonad
