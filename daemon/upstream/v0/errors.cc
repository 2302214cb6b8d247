#include "daemon/upstream/v0/errors.h"

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
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/clean_text.h"
#include "daemon/upstream/v0/json_fields.h"

namespace daytonad {
namespace {

using Code = absl::StatusCode;

constexpr size_t kMaxUpstreamText = 1024;
// A larger error body is not looked into.
constexpr size_t kMaxErrorBody = size_t{1} << 20;

// One meaning of an answer. The first row that fits counts.
struct Row {
  int http_status;
  // What upstream's message looks like, from its beginning to its end; `*` is anything, case does not matter. Names
  // chosen by users stand in these texts, which is why a row spells out as much as it can.
  std::string_view text;
  Subject subject;  // kNone: whatever the request is about
  Code code;
  std::string_view reason;
  std::string_view advice;  // what to do, after upstream's own words
};

constexpr std::string_view kFreeSomething = "Free something first, ask for less, or have the limit raised";
constexpr std::string_view kOtherName = "Choose another name, or use what has it";
constexpr std::string_view kCheckName = "Check the id or name";
constexpr std::string_view kStateFirst = "Bring it into a state that allows this first";
constexpr std::string_view kCheckUrl =
    "The server does not know this path. Check that the API URL is complete (it mostly ends in /api); a body that is "
    "too large "
    "is answered like this, too";
constexpr std::string_view kLogLater = "The log is not there yet; try again while the build goes on";

constexpr Row kRows[] = {
    {400, "* with name * already exists*", Subject::kNone, Code::kAlreadyExists, "NAME_TAKEN", kOtherName},
    {400, "total * limit exceeded*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED", kFreeSomething},
    {400, "* quota exceeded*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED", kFreeSomething},
    {400, "* request * exceeds maximum allowed*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED",
     "Ask for less, or have the limit raised"},
    {400, "snapshot size * exceeds maximum allowed*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED",
     "Use a smaller image, or have the limit raised"},
    {400, "volume * is not in a ready state*", Subject::kNone, Code::kFailedPrecondition, "VOLUME_NOT_READY",
     "Wait until the volume is ready"},
    {400, "volume * could not be resolved*", Subject::kNone, Code::kNotFound, "VOLUME_NOT_FOUND", kCheckName},
    {400, "volume must be in *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "sandbox failed to start*", Subject::kNone, Code::kFailedPrecondition, "SANDBOX_FAILED",
     "It was created and is in an error state: look at it, and delete it"},
    {400, "snapshot * is already active*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     "Nothing is to be done"},
    {400, "snapshot * cannot be activated*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "snapshot * cannot be deactivated*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "snapshot deactivation is still in progress*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     "This can take about ten minutes"},
    {400, "snapshot * not found*", Subject::kNone, Code::kNotFound, "SNAPSHOT_NOT_FOUND", kCheckName},
    {400, "snapshot * is *", Subject::kNone, Code::kFailedPrecondition, "SNAPSHOT_NOT_ACTIVE",
     "Activate the snapshot, or use another one or another region"},
    {400, "sandbox is not *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "sandbox is in an errored state*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "sandbox must be in *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "sandbox has no runner assigned*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kStateFirst},
    {400, "sandbox backup is already in progress*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     kStateFirst},
    {400, "cannot delete sandbox which has active fork children*", Subject::kNone, Code::kFailedPrecondition,
     "WRONG_STATE", "Delete its forks first"},
    {400, "linked sandbox must be in *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     "Start or stop the sandbox to link to first"},
    {400, "*", Subject::kNone, Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST", "Correct the request"},

    {401, "*", Subject::kNone, Code::kUnauthenticated, "UPSTREAM_REJECTED_CREDENTIAL",
     "Give the daemon a valid API key or token: check that it is complete, not expired, and of this API URL"},

    {403, "organization is suspended*", Subject::kNone, Code::kPermissionDenied, "ORGANIZATION_SUSPENDED",
     "Settle this with Daytona"},
    {403, "*", Subject::kNone, Code::kPermissionDenied, "PERMISSION_DENIED_BY_UPSTREAM",
     "Use a credential of the daemon's that has the permission"},

    {404, "cannot get /*", Subject::kNone, Code::kInternal, "UPSTREAM_MALFORMED_RESPONSE", kCheckUrl},
    {404, "cannot post /*", Subject::kNone, Code::kInternal, "UPSTREAM_MALFORMED_RESPONSE", kCheckUrl},
    {404, "cannot delete /*", Subject::kNone, Code::kInternal, "UPSTREAM_MALFORMED_RESPONSE", kCheckUrl},
    {404, "cannot put /*", Subject::kNone, Code::kInternal, "UPSTREAM_MALFORMED_RESPONSE", kCheckUrl},
    {404, "* has no build info*", Subject::kNone, Code::kFailedPrecondition, "BUILD_LOG_UNAVAILABLE",
     "It was not built, so there is no log"},
    {404, "build logs not found*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kLogLater},
    {404, "timeout waiting for build runner*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kLogLater},
    {404, "* has no runner assigned*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kLogLater},
    {404, "* has no initial runner*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kLogLater},
    {404, "default region not found*", Subject::kNone, Code::kNotFound, "REGION_NOT_FOUND", "Name a target"},
    {404, "region not found*", Subject::kNone, Code::kNotFound, "REGION_NOT_FOUND", "Check the target"},
    {404, "region * not found*", Subject::kNone, Code::kNotFound, "REGION_NOT_FOUND", "Check the target"},
    {404, "volume * not found*", Subject::kNone, Code::kNotFound, "VOLUME_NOT_FOUND", kCheckName},
    {404, "snapshot * not found*", Subject::kNone, Code::kNotFound, "SNAPSHOT_NOT_FOUND", kCheckName},
    {404, "sandbox * not found*", Subject::kNone, Code::kNotFound, "SANDBOX_NOT_FOUND", kCheckName},
    {404, "linked sandbox * not found*", Subject::kNone, Code::kNotFound, "SANDBOX_NOT_FOUND", kCheckName},
    {404, "*", Subject::kBuildLog, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kLogLater},
    {404, "*", Subject::kSandbox, Code::kNotFound, "SANDBOX_NOT_FOUND", kCheckName},
    {404, "*", Subject::kSnapshot, Code::kNotFound, "SNAPSHOT_NOT_FOUND", kCheckName},
    {404, "*", Subject::kVolume, Code::kNotFound, "VOLUME_NOT_FOUND", kCheckName},

    {408, "*", Subject::kNone, Code::kDeadlineExceeded, "UPSTREAM_TIMED_OUT", "Try again later"},

    {409, "* already exists*", Subject::kNone, Code::kAlreadyExists, "NAME_TAKEN", kOtherName},
    {409, "volume cannot be deleted because it is in use*", Subject::kNone, Code::kFailedPrecondition, "VOLUME_IN_USE",
     "Delete the sandboxes that mount it first"},
    {409, "*", Subject::kNone, Code::kAborted, "STATE_CHANGE_IN_PROGRESS",
     "Wait for a stable state, then repeat the call"},

    {410, "*", Subject::kNone, Code::kFailedPrecondition, "UPSTREAM_UNPROCESSABLE", "This is no longer possible"},
    {413, "*", Subject::kNone, Code::kInvalidArgument, "BODY_TOO_LARGE", "Make the request smaller"},
    {422, "*", Subject::kNone, Code::kFailedPrecondition, "UPSTREAM_UNPROCESSABLE", "This object can't do that"},
    {429, "*", Subject::kNone, Code::kResourceExhausted, "RATE_LIMITED", "Wait, then try again"},
    {500, "*", Subject::kNone, Code::kInternal, "UPSTREAM_INTERNAL",
     "Daytona failed; try again, and report it if it stays"},
    {502, "*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", "Try again later"},
    {503, "object storage is not configured*", Subject::kContextStore, Code::kFailedPrecondition, "NO_CONTEXT_STORE",
     "This installation of Daytona takes no files for builds: use an image without local files"},
    {503, "*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", "Try again later"},
    {504, "*", Subject::kNone, Code::kDeadlineExceeded, "UPSTREAM_TIMED_OUT", "Try again later"},
};

constexpr Row kUnexpectedStatus = {0,
                                   "*",
                                   Subject::kNone,
                                   Code::kUnknown,
                                   "UPSTREAM_UNEXPECTED_STATUS",
                                   "Check the API URL, and what stands between the daemon and Daytona"};
constexpr Row kWebPage = {404,
                          "*",
                          Subject::kNone,
                          Code::kInternal,
                          "UPSTREAM_MALFORMED_RESPONSE",
                          "The answer is a web page. Probably the API URL lacks its path: it mostly ends in /api"};

// Both in lower case. Each star takes as little as it can, and more when what follows it does not fit.
bool Matches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the last one seen
  size_t taken_to = 0;                   // the end of what that one has taken
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken_to = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken_to;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

const Row& FindRow(int http_status, Subject subject, std::string_view upstream_message) {
  const std::string text = absl::AsciiStrToLower(AbslView(upstream_message));
  for (const Row& row : kRows) {
    if (row.http_status == http_status && (row.subject == Subject::kNone || row.subject == subject) &&
        Matches(row.text, text)) {
      return row;
    }
  }
  return kUnexpectedStatus;
}

// What upstream said, as text for people. Both empty if its body is no use.
struct UpstreamText {
  std::string message;
  std::string error;
};

UpstreamText ReadErrorBody(std::string_view body) {
  UpstreamText text;
  if (LooksLikeHtml(body) || body.size() > kMaxErrorBody) return text;
  const absl::StatusOr<Json> json = ParseJson(body);
  if (json.ok() && json->is_object()) {
    const JsonFields fields(*json);
    const Json* message = fields.Find("message");
    // One string is not a list here: it may have commas.
    text.message = message != nullptr && message->is_array() ? absl::StrJoin(fields.StringList("message"), ", ")
                                                             : fields.String("message");
    text.error = CleanText(fields.String("error"), kMaxUpstreamText);
    if (text.message.empty()) text.message = text.error;
  }
  text.message = CleanText(text.message.empty() ? body : std::string_view(text.message), kMaxUpstreamText);
  return text;
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
  std::chrono::milliseconds delay;
  std::string throttler;  // empty for the plain header
};

// `Retry-After-<throttler>`, which is what upstream sends, before a plain `Retry-After`. In seconds; the form with a
// date is not used by upstream, and counts as none.
std::optional<ServerDelay> FindServerDelay(const HttpHeaders& headers) {
  constexpr absl::string_view kHeader = "retry-after";
  std::optional<ServerDelay> found;
  for (const auto& [name, value] : headers.entries()) {
    if (!absl::StartsWithIgnoreCase(name, kHeader)) continue;
    std::string throttler = name.substr(kHeader.size());
    if (!throttler.empty() && throttler.front() != '-') continue;
    double seconds = 0;
    if (!absl::SimpleAtod(value, &seconds) || !std::isfinite(seconds) || seconds < 0) continue;
    if (!throttler.empty()) throttler.erase(0, 1);
    const auto delay = std::chrono::milliseconds(static_cast<int64_t>(std::min(seconds, 86400.0) * 1000));
    const bool better = !found.has_value() || (found->throttler.empty() && !throttler.empty()) ||
                        (found->throttler.empty() == throttler.empty() && delay > found->delay);
    if (better) found = ServerDelay{delay, CleanText(throttler, 64)};
  }
  return found;
}

// Upstream's words end with or without a full stop, and may have lines.
std::string Message(std::string_view what, int http_status, std::string_view upstream_message,
                    std::string_view advice) {
  std::string message = absl::StrCat(AbslView(what), ": Daytona answered ", http_status);
  if (!upstream_message.empty()) {
    absl::StrAppend(&message, ", \"", absl::StripSuffix(AbslView(upstream_message), "."), "\"");
  }
  absl::StrAppend(&message, ". ", AbslView(advice), ".");
  return message;
}

}  // namespace

absl::Status ErrorFromResponse(std::string_view what, Subject subject, const HttpResponse& response) {
  const UpstreamText text = ReadErrorBody(response.body);
  const bool web_page = response.status == 404 && LooksLikeHtml(response.body);
  const Row& row = web_page ? kWebPage : FindRow(response.status, subject, text.message);

  ErrorMetadata metadata = {{"http_status", absl::StrCat(response.status)}};
  if (!text.message.empty()) metadata["upstream_message"] = text.message;
  if (!text.error.empty()) metadata["upstream_error"] = text.error;
  if (row.reason == "QUOTA_EXCEEDED") {
    if (std::string limit = NumberAfterMaximum(text.message); !limit.empty()) metadata["limit"] = std::move(limit);
  }
  std::string advice(row.advice);
  const std::optional<ServerDelay> delay = FindServerDelay(response.headers);
  if (delay.has_value()) {
    if (!delay->throttler.empty()) metadata["throttler"] = delay->throttler;
    absl::StrAppend(&advice, "; Daytona asks to wait ", static_cast<double>(delay->delay.count()) / 1000, " s");
  }
  absl::Status error = MakeError(row.code, row.reason, Message(what, response.status, text.message, advice), metadata);
  return delay.has_value() ? WithRetryDelay(std::move(error), delay->delay) : error;
}

bool IsRouteMissing(const absl::Status& status) {
  const std::optional<std::string> http_status = ErrorMetadataValue(status, "http_status");
  return http_status == "410" || (http_status == "404" && ErrorReason(status) == "UPSTREAM_MALFORMED_RESPONSE");
}

}  // namespace daytonad
