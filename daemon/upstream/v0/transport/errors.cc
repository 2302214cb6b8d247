#include "daemon/upstream/v0/transport/errors.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/base/absent.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/ids.h"
#include "daemon/upstream/v0/codecs/clean_text.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daemon/upstream/v0/transport/refusals.h"

namespace daytonad {
namespace {

using Code = absl::StatusCode;
using std::chrono::milliseconds;

constexpr size_t kMaxUpstreamText = 1024;
// A longer wait is not believed of whoever sent it. How long a rate limit may ask to wait, its window says.
constexpr std::chrono::seconds kLongestWait(60);
constexpr std::chrono::hours kLongestRateLimitWait(24);

// An error body, as far as it can be read.
struct ErrorBody {
  // Daytona's own error format. Proxies in front of it send web pages, or JSON in other formats.
  bool by_daytona = false;
  std::string raw_message;  // as received
  std::string message;      // as text for users
  std::string error;
};

// Daytona's envelope is {path, timestamp, statusCode, error, message}. What is refused before it is routed, such as
// broken JSON, has {message, error, statusCode} only; but many servers answer so where they have no such path.
bool IsEnvelope(const JsonFields& fields, int http_status) {
  const Json* message = fields.Find("message");
  const bool has_message = message != nullptr && (message->is_string() || message->is_array());
  if (!has_message || fields.Int32("statusCode") != http_status) return false;
  return !fields.String("path").empty() || (http_status != 404 && !fields.String("error").empty());
}

ErrorBody ReadErrorBody(const HttpResponse& response) {
  ErrorBody body;
  // A truncated body cannot be parsed.
  if (LooksLikeHtml(response.body) || response.body.size() >= kMaxErrorBody) return body;
  const absl::StatusOr<Json> json = ParseJson(response.body);
  if (json.ok() && json->is_object()) {
    const JsonFields fields(*json);
    body.by_daytona = IsEnvelope(fields, response.status);
    const Json* message = fields.Find("message");
    // A single string is not a list here: it may contain commas.
    body.raw_message = message != nullptr && message->is_array() ? absl::StrJoin(fields.StringList("message"), ", ")
                                                                 : fields.String("message");
    body.error = CleanText(fields.String("error"), kMaxUpstreamText);
    body.message = body.raw_message.empty() ? body.error : body.raw_message;
  }
  body.message = CleanText(body.message.empty() ? response.body : body.message, kMaxUpstreamText);
  return body;
}

// "Maximum allowed: 10." and "exceeds maximum allowed per sandbox (4)": the number.
std::string NumberAfterMaximum(std::string_view text) {
  const size_t words = absl::AsciiStrToLower(AbslView(text)).find("maximum allowed");
  if (words == std::string::npos) return "";
  const size_t begin = text.find_first_of("0123456789", words);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_first_not_of("0123456789", begin) - begin));
}

struct ServerDelay {
  milliseconds delay;
  std::string throttler;  // empty for the plain header
};

std::optional<absl::Time> ParseHttpDate(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %E4Y %H:%M:%S GMT", AbslView(text), &time, &error)) return std::nullopt;
  return time;
}

// Seconds, or a date: that counts from the answer's own date, since clocks differ.
std::optional<double> ParseDelay(const std::string& value, const HttpHeaders& headers) {
  double seconds = 0;
  if (absl::SimpleAtod(value, &seconds)) {
    return std::isfinite(seconds) && seconds >= 0 ? std::optional(seconds) : std::nullopt;
  }
  const std::optional<absl::Time> until = ParseHttpDate(value);
  if (!until.has_value()) return std::nullopt;
  const absl::Time answered = ParseHttpDate(headers.Get("Date")).value_or(absl::Now());
  return std::max(absl::ToDoubleSeconds(*until - answered), 0.0);
}

// `Retry-After-<throttler>`, which is what upstream sends, before a plain `Retry-After`, which comes from a proxy as a
// rule. What makes no sense counts as none.
std::optional<ServerDelay> FindServerDelay(const HttpResponse& response) {
  constexpr absl::string_view kHeader = "retry-after";
  const std::chrono::seconds longest = response.status == 429 ? kLongestRateLimitWait : kLongestWait;
  std::optional<ServerDelay> found;
  for (const auto& [name, value] : response.headers.entries()) {
    if (!absl::StartsWithIgnoreCase(name, kHeader)) continue;
    std::string throttler = name.substr(kHeader.size());
    if (!throttler.empty() && throttler.front() != '-') continue;
    const std::optional<double> seconds = ParseDelay(value, response.headers);
    if (!seconds.has_value()) continue;
    if (!throttler.empty()) throttler.erase(0, 1);
    const double believed = std::min(*seconds, static_cast<double>(longest.count()));
    const auto delay = milliseconds(static_cast<int64_t>(std::ceil(believed * 1000)));
    const bool better = !found.has_value() || (found->throttler.empty() && !throttler.empty()) ||
                        (found->throttler.empty() == throttler.empty() && delay > found->delay);
    if (better) found = ServerDelay{delay, CleanText(absl::AsciiStrToLower(throttler), 64)};
  }
  return found;
}

// What an answer means, in terms of the contract.
struct Meaning {
  Code code;
  std::string_view reason;
  std::string_view lead;    // what happened
  std::string_view advice;  // what to do
  // A mutation with this answer may have been carried out nevertheless.
  bool may_have_happened = false;
  milliseconds come_back{0};
};

constexpr Meaning kForeign = {
    Code::kUnavailable, "UPSTREAM_FOREIGN_ANSWER",
    "The answer is not Daytona's, but that of something between it and the daemon, and proves nothing",
    "Try again later; if it stays, check proxies, and the API URL, which mostly ends in /api", true};
constexpr Meaning kUnavailable = {Code::kUnavailable, "UPSTREAM_UNAVAILABLE", "Daytona can't answer just now",
                                  "Try again later", true};
constexpr Meaning kMaintenance = {Code::kUnavailable, "UPSTREAM_UNAVAILABLE", "Daytona can't answer just now",
                                  "Try again later"};
constexpr Meaning kTimedOut = {Code::kDeadlineExceeded, "UPSTREAM_TIMED_OUT", "Daytona did not answer in time",
                               "Try again later", true};
constexpr Meaning kInternal = {Code::kInternal, "UPSTREAM_INTERNAL", "Daytona failed",
                               "Try again, and report it if it stays", true};
constexpr Meaning kNoContextStore = {Code::kFailedPrecondition, "NO_CONTEXT_STORE",
                                     "This installation of Daytona takes no files for builds",
                                     "Use an image without local files"};
constexpr Meaning kRateLimited = {Code::kResourceExhausted, "RATE_LIMITED", "Daytona takes no more requests for now",
                                  "Wait, then try again"};
constexpr Meaning kTooLarge = {Code::kInvalidArgument, "BODY_TOO_LARGE", "The request is too large",
                               "Make the request smaller"};
constexpr Meaning kUnexpected = {Code::kUnknown, "UPSTREAM_UNEXPECTED_STATUS",
                                 "The HTTP status of the answer has no meaning",
                                 "Check the API URL, and what stands between the daemon and Daytona"};

Meaning MeaningOf5xx(int http_status, Subject subject, const ErrorBody& body) {
  if (http_status == 500) return kInternal;
  if (http_status == 504) return kTimedOut;
  const bool no_store = http_status == 503 && subject == Subject::kContextStore &&
                        absl::StartsWithIgnoreCase(body.message, "object storage is not configured");
  if (no_store) return kNoContextStore;
  // Only Daytona's own answer proves that nothing was carried out.
  return http_status == 503 && body.by_daytona ? kMaintenance : kUnavailable;
}

Meaning MeaningOf(int http_status, const RestRequest& request, const ErrorBody& body) {
  if (http_status >= 500 && http_status < 600) return MeaningOf5xx(http_status, request.subject(), body);
  if (http_status < 300 || http_status >= 600) return kUnexpected;
  if (http_status == 408) return kTimedOut;
  if (http_status == 413) return kTooLarge;
  if (http_status == 425) return kMaintenance;  // too early: it was not processed
  if (http_status == 429) return kRateLimited;
  if (!body.by_daytona) return kForeign;
  const Refusal& refusal = FindRefusal(http_status, request.subject(), body.message, request.refusals());
  return {refusal.code, refusal.reason, refusal.lead, refusal.advice, false, refusal.come_back};
}

// Upstream's words end with or without a full stop, and may have lines.
std::string Message(const Meaning& meaning, int http_status, std::string_view upstream_message) {
  std::string message = absl::StrCat(AbslView(meaning.lead), " (HTTP ", http_status, ")");
  if (!upstream_message.empty()) {
    absl::StrAppend(&message, ": \"", absl::StripSuffix(AbslView(upstream_message), "."), "\"");
  }
  absl::StrAppend(&message, ". ", AbslView(meaning.advice), ".");
  return message;
}

// A 404 of Daytona's that names an object: which one, for there may be another than the request's.
void AddNamed(const Meaning& meaning, std::string_view upstream_message, ErrorMetadata& metadata) {
  for (const Subject subject : {Subject::kSandbox, Subject::kSnapshot, Subject::kVolume}) {
    const std::string_view kind = KindOf(subject);
    if (meaning.reason != absl::StrCat(absl::AsciiStrToUpper(AbslView(kind)), "_NOT_FOUND")) continue;
    const std::string name = NameInText(kind, upstream_message);
    if (!name.empty()) metadata[absl::StrCat(AbslView(kind), LooksLikeUuid(name) ? "_id" : "_name")] = name;
  }
}

}  // namespace

absl::Status ErrorFromResponse(const RestRequest& request, const HttpResponse& response) {
  const ErrorBody body = ReadErrorBody(response);
  ErrorMetadata metadata = {{"http_status", absl::StrCat(response.status)}};
  if (!body.message.empty()) metadata["upstream_message"] = body.message;
  if (!body.error.empty()) metadata["upstream_error"] = body.error;
  const bool gone = response.status == 404 && body.by_daytona &&
                    WhatIsMissing(request.subject(), request.object(), body.raw_message) == Missing::kTheObject;
  if (gone) return AbsentError(KindOf(request.subject()), request.object(), std::move(metadata));

  const Meaning meaning = MeaningOf(response.status, request, body);
  if (meaning.code == Code::kNotFound) AddNamed(meaning, body.message, metadata);
  if (meaning.may_have_happened && request.idempotency() != Idempotency::kRead) metadata["outcome"] = "unknown";
  if (meaning.reason == "QUOTA_EXCEEDED") {
    if (std::string limit = NumberAfterMaximum(body.message); !limit.empty()) metadata["limit"] = std::move(limit);
  }
  const std::optional<ServerDelay> delay = FindServerDelay(response);
  if (delay.has_value() && !delay->throttler.empty()) metadata["throttler"] = delay->throttler;
  // A page's text goes into the metadata only; in the message it would look like Daytona's.
  const std::string_view quoted = body.by_daytona ? std::string_view(body.message) : std::string_view();
  absl::Status error = MakeError(meaning.code, meaning.reason, Message(meaning, response.status, quoted), metadata);
  const milliseconds come_back = delay.has_value() ? delay->delay : meaning.come_back;
  return delay.has_value() || come_back.count() > 0 ? WithRetryDelay(std::move(error), come_back) : error;
}

absl::Status AnswerTooLarge(const absl::Status& refusal, size_t limit) {
  if (ErrorReason(refusal) == "UPSTREAM_HEADERS_TOO_LARGE") {
    return MakeError(Code::kInternal, "UPSTREAM_HEADERS_TOO_LARGE", StdView(refusal.message()));
  }
  return MakeError(Code::kInternal, "UPSTREAM_RESPONSE_TOO_LARGE", StdView(refusal.message()),
                   {{"limit", std::to_string(limit)}});
}

bool IsRouteMissing(const absl::Status& status) {
  return ErrorReason(status) == "NOT_SUPPORTED_BY_UPSTREAM" ||
         (ErrorReason(status) == "UPSTREAM_UNPROCESSABLE" && ErrorMetadataValue(status, "http_status") == "410");
}

bool IsUnclearAbsence(const absl::Status& status, Subject subject, std::string_view object) {
  if (!absl::IsNotFound(status) || IsAbsent(status) || ErrorMetadataValue(status, "http_status") != "404") return false;
  const std::string message = ErrorMetadataValue(status, "upstream_message").value_or("");
  return WhatIsMissing(subject, object, message) == Missing::kUnclear;
}

}  // namespace daytonad
