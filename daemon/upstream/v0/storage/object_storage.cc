#include "daemon/upstream/v0/storage/object_storage.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/codecs/clean_text.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daemon/upstream/v0/transport/errors.h"

namespace daytonad {
namespace {

// How long one attempt may take: 8 MiB at 28 KiB/s, or the time in which a store puts many parts together.
constexpr std::chrono::minutes kLongLimit(5);
constexpr std::chrono::seconds kShortLimit(30);
// When to come back to a store that can't serve now.
constexpr std::chrono::seconds kUnavailableDelay(1);
constexpr size_t kMaxAnswer = size_t{64} << 10;
constexpr size_t kMaxStorageText = 512;

constexpr std::string_view kUserAgent = "daytonad/" DAYTONAD_VERSION;

std::string XmlEscaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

bool Always(const HttpResponse&) { return true; }
bool NamesUpload(const HttpResponse& response) { return !XmlElementText(response.body, "UploadId").empty(); }
bool NamesEtag(const HttpResponse& response) { return !response.headers.Get("ETag").empty(); }
// Stores answer 200 before they begin to put the parts together, and the rest of the answer says how that went.
bool SaysCompleted(const HttpResponse& response) {
  return absl::StrContains(response.body, "<CompleteMultipartUploadResult");
}

}  // namespace

// One request, before it is turned into HTTP.
struct ObjectStorage::Operation {
  Operation(HttpMethod method, Key key) : method(method), key(std::move(key)) {}

  HttpMethod method;
  Key key;
  QueryString query;
  std::string content_type;
  ObjectContent content;  // null: none
  Clock::Duration limit = kShortLimit;
  // Whether a 2xx answer has the expected content.
  bool (*succeeded)(const HttpResponse&) = Always;
};

ObjectStorage::ObjectStorage(BaseUrl endpoint, std::string bucket, StorageSignature signature, HttpClient& http,
                             Clock& clock, RandomFraction random)
    : endpoint_(std::move(endpoint)),
      bucket_(std::move(bucket)),
      signature_(std::move(signature)),
      http_(http),
      clock_(clock),
      retrier_(clock, RetryPolicy(), std::move(random)) {}

Task<absl::StatusOr<std::optional<int64_t>>> ObjectStorage::Contains(CallContext context, Key key) {
  Operation head(HttpMethod::kHead, std::move(key));
  const absl::StatusOr<HttpResponse> response = co_await Send(std::move(context), std::move(head));
  if (ErrorMetadataValue(response.status(), "http_status") == "404") co_return std::nullopt;
  if (response.ok()) {
    int64_t size = 0;
    (void)absl::SimpleAtoi(AbslView(response->headers.Get("content-length")), &size);
    co_return size;
  }
  co_return response.status();
}

Task<absl::Status> ObjectStorage::Put(CallContext context, Key key, ObjectContent content) {
  Operation put(HttpMethod::kPut, std::move(key));
  put.content_type = "application/x-tar";
  put.content = std::move(content);
  put.limit = kLongLimit;
  const absl::StatusOr<HttpResponse> response = co_await Send(std::move(context), std::move(put));
  co_return response.status();
}

Task<absl::StatusOr<std::string>> ObjectStorage::BeginUpload(CallContext context, Key key) {
  Operation begin(HttpMethod::kPost, std::move(key));
  begin.query.Add("uploads", "");
  begin.content_type = "application/x-tar";
  begin.succeeded = NamesUpload;
  const absl::StatusOr<HttpResponse> response = co_await Send(std::move(context), std::move(begin));
  if (!response.ok()) co_return response.status();
  co_return XmlElementText(response->body, "UploadId");
}

Task<absl::StatusOr<std::string>> ObjectStorage::UploadPart(CallContext context, Key key, std::string upload_id,
                                                            int number, ObjectContent content) {
  Operation put(HttpMethod::kPut, std::move(key));
  put.query.Add("partNumber", std::to_string(number)).Add("uploadId", upload_id);
  put.content = std::move(content);
  put.limit = kLongLimit;
  put.succeeded = NamesEtag;
  const absl::StatusOr<HttpResponse> response = co_await Send(std::move(context), std::move(put));
  if (!response.ok()) co_return response.status();
  co_return std::string(response->headers.Get("ETag"));
}

Task<absl::Status> ObjectStorage::CompleteUpload(CallContext context, Key key, std::string upload_id,
                                                 std::vector<std::string> etags) {
  std::string parts;
  for (size_t i = 0; i < etags.size(); ++i) {
    absl::StrAppend(&parts, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>", XmlEscaped(etags[i]), "</ETag></Part>");
  }
  Operation complete(HttpMethod::kPost, key);
  complete.query.Add("uploadId", upload_id);
  complete.content_type = "application/xml";
  complete.content = std::make_shared<const std::string>(
      absl::StrCat("<CompleteMultipartUpload>", parts, "</CompleteMultipartUpload>"));
  complete.limit = kLongLimit;
  complete.succeeded = SaysCompleted;
  const absl::StatusOr<HttpResponse> response = co_await Send(context, std::move(complete));
  if (response.ok()) co_return absl::OkStatus();
  // An attempt whose answer was lost may have completed the upload; the next attempt then finds no such upload.
  if (absl::IsUnavailable(response.status()) || ErrorMetadataValue(response.status(), "http_status") == "404") {
    const absl::StatusOr<std::optional<int64_t>> there = co_await Contains(context, std::move(key));
    if (there.ok() && there->has_value()) co_return absl::OkStatus();
  }
  co_return response.status();
}

Task<absl::Status> ObjectStorage::AbortUpload(CallContext context, Key key, std::string upload_id) {
  Operation abort(HttpMethod::kDelete, std::move(key));
  abort.query.Add("uploadId", upload_id);
  const absl::StatusOr<HttpResponse> response = co_await Send(std::move(context), std::move(abort));
  co_return response.status();
}

Task<absl::StatusOr<HttpResponse>> ObjectStorage::Send(CallContext context, Operation operation) {
  auto attempt = [this, &operation](CallContext each) { return SendOnce(std::move(each), operation); };
  absl::StatusOr<HttpResponse> response =
      co_await retrier_.Run<HttpResponse>(context, Idempotency::kIdempotentWrite, std::move(attempt));
  if (absl::IsUnavailable(response.status()) && !RetryDelay(response.status()).has_value()) {
    co_return WithRetryDelay(response.status(), kUnavailableDelay);
  }
  co_return response;
}

Task<absl::StatusOr<HttpResponse>> ObjectStorage::SendOnce(CallContext context, const Operation& operation) {
  HttpRequest request;
  request.method = operation.method;
  std::string path = absl::StrCat("/", EncodePathSegment(bucket_));
  for (const std::string& part : operation.key) absl::StrAppend(&path, "/", EncodePathSegment(part));
  request.url = endpoint_.Join(path + operation.query.text());
  request.headers.Add("User-Agent", kUserAgent);
  if (!operation.content_type.empty()) request.headers.Add("Content-Type", operation.content_type);
  request.shared_body = operation.content;
  request.storage_signature = signature_;
  request.pool = ConnectionPool::kStorage;
  request.max_body_bytes = kMaxAnswer;

  const CallContext one_attempt = context.WithDeadline(clock_.Now() + operation.limit);
  absl::StatusOr<HttpResponse> response = co_await http_.Send(one_attempt, std::move(request));
  if (!response.ok()) co_return TransportError(response.status(), context);
  if (response->status / 100 != 2 || !operation.succeeded(*response)) co_return AnswerError(*response);
  co_return response;
}

absl::Status ObjectStorage::TransportError(const absl::Status& error, const CallContext& context) const {
  const std::string reason = ErrorReason(error);
  if (reason == "UPSTREAM_UNREACHABLE" || reason == "UPSTREAM_CONNECTION_LOST") {
    return WithDelivery(Unavailable(StdView(error.message())), DeliveryOf(error));
  }
  // The limit of this attempt, not that of the call.
  if (absl::IsDeadlineExceeded(error) && context.Check(clock_.Now()).ok()) {
    return WithDelivery(Unavailable("it did not answer in time"), DeliveryOf(error));
  }
  if (absl::IsResourceExhausted(error)) return AnswerTooLarge(error, kMaxAnswer);
  // The parameters of the request came from Daytona.
  if (absl::IsInvalidArgument(error)) {
    return MalformedResponse(absl::StrCat("its storage parameters are unusable: ", error.message()));
  }
  return error;
}

// Of the answer's body only the code and the message are told: the rest may repeat what was signed.
absl::Status ObjectStorage::AnswerError(const HttpResponse& response) const {
  const std::string code = CleanText(XmlElementText(response.body, "Code"), kMaxStorageText);
  const std::string message = CleanText(XmlElementText(response.body, "Message"), kMaxStorageText);
  std::string answer = absl::StrCat("it answered ", response.status);
  if (!code.empty()) absl::StrAppend(&answer, ", ", code);
  if (!message.empty()) absl::StrAppend(&answer, ", \"", message, "\"");

  const int status = response.status;
  if (status / 100 == 2 && code.empty()) absl::StrAppend(&answer, " without a result");
  const bool elsewhere = status / 100 == 3 || code == "AuthorizationHeaderMalformed";
  const bool expired = code == "ExpiredToken" || code == "ExpiredTokenException";
  // An answer to HEAD has no error code, and S3 answers 400 for an expired token.
  const bool refused =
      status == 401 || status == 403 || expired || code == "InvalidToken" || (status == 400 && code.empty());
  const bool passing =
      status / 100 == 5 || status / 100 == 2 || status == 408 || status == 429 || code == "RequestTimeout";
  absl::Status error;
  if (elsewhere) {
    const std::string other = CleanText(response.headers.Get("x-amz-bucket-region"), kMaxStorageText);
    error = MakeError(absl::StatusCode::kUnknown, "UPSTREAM_UNEXPECTED_STATUS",
                      absl::StrCat(Name(), " has the bucket elsewhere: ", answer, ". Daytona named the region ",
                                   signature_.region, other.empty() ? "" : ", the storage ", other,
                                   ". Check endpoint and region in the configuration of that Daytona installation."));
  } else if (refused) {
    error = MakeError(
        absl::StatusCode::kPermissionDenied, "CONTEXT_STORE_REFUSED",
        absl::StrCat(Name(), " rejected the keys from Daytona: ", answer, ". ",
                     expired
                         ? "They expire after an hour. Repeat the call, which gets new ones; if that does not help, "
                           "check the clock of the daemon's machine."
                         : "Check the clock of the daemon's machine, and that the daemon's API key has the "
                           "permission write:snapshots or write:sandboxes."));
  } else if (passing) {
    error = Unavailable(answer);
  } else {
    error = MakeError(absl::StatusCode::kUnknown, "UPSTREAM_UNEXPECTED_STATUS",
                      absl::StrCat(Name(), " could not process the request: ", answer,
                                   ". Check the storage's configuration in that Daytona installation."));
  }
  error = WithErrorMetadata(std::move(error), "storage_url", endpoint_.origin().ToString());
  error = WithErrorMetadata(std::move(error), "http_status", std::to_string(status));
  if (!code.empty()) error = WithErrorMetadata(std::move(error), "storage_error", code);
  if (!message.empty()) error = WithErrorMetadata(std::move(error), "storage_message", message);
  return error;
}

absl::Status ObjectStorage::Unavailable(std::string_view why) const {
  why = StdView(absl::StripSuffix(AbslView(why), "."));
  return MakeError(absl::StatusCode::kUnavailable, "CONTEXT_STORE_UNAVAILABLE",
                   absl::StrCat(Name(), " is unavailable: ", AbslView(why), ". Try again later."),
                   {{"storage_url", endpoint_.origin().ToString()}});
}

std::string ObjectStorage::Name() const {
  return absl::StrCat("The storage of build contexts at ", endpoint_.origin().ToString());
}

std::string XmlElementText(std::string_view xml, std::string_view name) {
  const std::string open = absl::StrCat("<", AbslView(name), ">");
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return "";
  const size_t end = xml.find(absl::StrCat("</", AbslView(name), ">"), begin);
  if (end == std::string_view::npos) return "";
  const std::string_view text = xml.substr(begin + open.size(), end - begin - open.size());
  // In one pass: replacements are not expanded again.
  return absl::StrReplaceAll(AbslView(text), {{"&lt;", "<"},
                                              {"&gt;", ">"},
                                              {"&quot;", "\""},
                                              {"&#34;", "\""},
                                              {"&apos;", "'"},
                                              {"&#39;", "'"},
                                              {"&amp;", "&"}});
}

}  // namespace daytonad
