#include "daemon/upstream/v0/transport/refusals.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

using Code = absl::StatusCode;
using std::chrono::seconds;

constexpr std::string_view kFreeSomething = "Free something first, ask for less, or have the limit raised";
constexpr std::string_view kQuota = "A quota of the organization is used up";
constexpr std::string_view kLimit = "The request exceeds a limit of the organization";
constexpr std::string_view kNameTaken = "The name is taken";
constexpr std::string_view kOtherName = "Choose another name, or use what has it";
constexpr std::string_view kCheckName = "Check the id or name";
constexpr std::string_view kWrongState = "The object's state does not allow this";
constexpr std::string_view kStateFirst = "Bring it into a state that allows this first";
constexpr std::string_view kInChange = "Another change is under way";
constexpr std::string_view kStable = "Wait for a stable state, then repeat the call";
constexpr std::string_view kNoRegion = "The region does not exist";
constexpr std::string_view kNoSnapshot = "The snapshot does not exist";
constexpr std::string_view kNoVolume = "The volume does not exist";
constexpr std::string_view kNoSandbox = "A sandbox that the request names does not exist";
constexpr std::string_view kNoLog = "There is no build log";
constexpr std::string_view kLogLater = "The log is not there yet; try again while the build goes on";
constexpr std::string_view kNoRoute = "This Daytona server does not have the request";
constexpr std::string_view kCheckUrl =
    "The server is older or newer than the request, or the API URL is not complete: it mostly ends in /api";
constexpr std::string_view kNotFound = "Daytona does not find something that the request names";
constexpr std::string_view kNoCapacity = "Daytona has no machine for this just now";
constexpr std::string_view kNotNow = "Daytona can't do this just now";
constexpr std::string_view kTryLater = "Try again later";

constexpr seconds kSoon(5);
// What passes within minutes.
constexpr seconds kMinute(60);

// The first row that fits counts. So what quotes a user's name comes before what looks for words anywhere in the text.
constexpr Refusal kRefusals[] = {
    {401, "*", Subject::kNone, Code::kUnauthenticated, "UPSTREAM_REJECTED_CREDENTIAL",
     "Daytona does not accept the daemon's credential",
     "Give the daemon a valid API key or token: check that it is complete, not expired, and of this API URL"},
    {403, "organization is suspended*", Subject::kNone, Code::kPermissionDenied, "ORGANIZATION_SUSPENDED",
     "The organization is suspended", "Settle this with Daytona"},

    {400, "* with name * already exists*", Subject::kNone, Code::kAlreadyExists, "NAME_TAKEN", kNameTaken, kOtherName},
    {409, "* already exists*", Subject::kNone, Code::kAlreadyExists, "NAME_TAKEN", kNameTaken, kOtherName},
    {400, "total * limit exceeded*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED", kQuota,
     kFreeSomething},
    {400, "* quota exceeded*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED", kQuota, kFreeSomething},
    {400, "* request * exceeds maximum allowed*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED", kLimit,
     "Ask for less, or have the limit raised"},
    {400, "snapshot size * exceeds maximum allowed*", Subject::kNone, Code::kResourceExhausted, "QUOTA_EXCEEDED",
     kLimit, "Use a smaller image, or have the limit raised"},
    {400, "volume * is not in a ready state*", Subject::kNone, Code::kFailedPrecondition, "VOLUME_NOT_READY",
     "A volume to mount is not ready", "Wait until the volume is ready"},
    {400, "volume * could not be resolved*", Subject::kNone, Code::kNotFound, "VOLUME_NOT_FOUND", kNoVolume,
     kCheckName},
    {400, "sandbox failed to start*", Subject::kNone, Code::kFailedPrecondition, "SANDBOX_FAILED",
     "The sandbox was made and failed to start", "Look at it, and delete it"},
    {400, "snapshot * not found*", Subject::kNone, Code::kNotFound, "SNAPSHOT_NOT_FOUND", kNoSnapshot, kCheckName},
    {400, "snapshot deactivation is still in progress*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     kWrongState, "This can take about ten minutes", kMinute},
    {409, "volume cannot be deleted because it is in use*", Subject::kNone, Code::kFailedPrecondition, "VOLUME_IN_USE",
     "The volume is in use", "Delete the sandboxes that mount it first"},

    {404, "cannot get /*", Subject::kNone, Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", kNoRoute, kCheckUrl},
    {404, "cannot post /*", Subject::kNone, Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", kNoRoute, kCheckUrl},
    {404, "cannot delete /*", Subject::kNone, Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", kNoRoute, kCheckUrl},
    {404, "cannot put /*", Subject::kNone, Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", kNoRoute, kCheckUrl},
    {404, "cannot patch /*", Subject::kNone, Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", kNoRoute, kCheckUrl},
    {405, "*", Subject::kNone, Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM", kNoRoute, kCheckUrl},
    {404, "* has no build info*", Subject::kNone, Code::kFailedPrecondition, "BUILD_LOG_UNAVAILABLE", kNoLog,
     "It was not built"},
    {404, "build logs not found*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kNoLog, kLogLater},
    {404, "timeout waiting for build runner*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kNoLog,
     kLogLater},
    {404, "* has no runner assigned*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kNoLog, kLogLater},
    {404, "* has no initial runner*", Subject::kNone, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kNoLog, kLogLater},
    {404, "default region not found*", Subject::kNone, Code::kNotFound, "REGION_NOT_FOUND",
     "The organization has no default region", "Name a target"},
    {404, "region not found*", Subject::kNone, Code::kNotFound, "REGION_NOT_FOUND", kNoRegion, "Check the target"},
    {404, "region * not found*", Subject::kNone, Code::kNotFound, "REGION_NOT_FOUND", kNoRegion, "Check the target"},
    {404, "volume * not found*", Subject::kNone, Code::kNotFound, "VOLUME_NOT_FOUND", kNoVolume, kCheckName},
    {404, "snapshot * not found*", Subject::kNone, Code::kNotFound, "SNAPSHOT_NOT_FOUND", kNoSnapshot, kCheckName},
    {404, "sandbox * not found*", Subject::kNone, Code::kNotFound, "SANDBOX_NOT_FOUND", kNoSandbox, kCheckName},
    {404, "linked sandbox * not found*", Subject::kNone, Code::kNotFound, "SANDBOX_NOT_FOUND", kNoSandbox, kCheckName},
    {404, "parent sandbox * not found*", Subject::kNone, Code::kNotFound, "SANDBOX_NOT_FOUND", kNoSandbox, kCheckName},
    {404, "parent sandbox not found*", Subject::kNone, Code::kNotFound, "SANDBOX_NOT_FOUND",
     "The sandbox has no parent (any more)", kCheckName},
    {404, "organization * not found*", Subject::kNone, Code::kNotFound, "UPSTREAM_NOT_FOUND", kNotFound,
     "Check the daemon's credential"},
    {404, "runner * not found*", Subject::kNone, Code::kNotFound, "UPSTREAM_NOT_FOUND", kNotFound, kTryLater},
    {404, "toolbox proxy url not *", Subject::kNone, Code::kNotFound, "UPSTREAM_NOT_FOUND", kNotFound, kTryLater},

    // Transient conditions.
    {0, "*state change in progress*", Subject::kNone, Code::kAborted, "STATE_CHANGE_IN_PROGRESS", kInChange, kStable},
    {0, "*operation is already in progress*", Subject::kNone, Code::kAborted, "STATE_CHANGE_IN_PROGRESS", kInChange,
     kStable},
    {0, "*modified by another operation*", Subject::kNone, Code::kAborted, "STATE_CHANGE_IN_PROGRESS", kInChange,
     kStable},
    {0, "*failed to get temporary credentials*", Subject::kNone, Code::kUnavailable, "CONTEXT_STORE_UNAVAILABLE",
     "Daytona can't lend access to its object storage just now", kTryLater, kSoon},
    {0, "*no available runner*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*no runner* available*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*no suitable runner*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*runner * is draining*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*runner * is not ready*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*runner * is unschedulable*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater,
     kSoon},
    {0, "*no capacity*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*not enough capacity*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*insufficient capacity*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*at capacity*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*limit reached*try again*", Subject::kNone, Code::kUnavailable, "NO_CAPACITY", kNoCapacity, kTryLater, kSoon},
    {0, "*try again later*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*try again in *", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*please try again*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*please retry*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*retry later*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*temporarily*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*temporary failure*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*temporary error*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},
    {0, "*under maintenance*", Subject::kNone, Code::kUnavailable, "UPSTREAM_UNAVAILABLE", kNotNow, kTryLater, kSoon},

    {400, "volume must be in *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState, kStateFirst},
    {400, "snapshot * is already active*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     "The snapshot is active already", "Nothing is to be done"},
    {400, "snapshot * cannot be activated*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState,
     kStateFirst},
    {400, "snapshot * cannot be deactivated*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState,
     kStateFirst},
    {400, "snapshot * is *", Subject::kNone, Code::kFailedPrecondition, "SNAPSHOT_NOT_ACTIVE",
     "The snapshot can't be used as it is", "Activate the snapshot, or use another one or another region"},
    {400, "sandbox is not *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState, kStateFirst},
    {400, "sandbox is in an errored state*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState,
     kStateFirst},
    {400, "sandbox must be in *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState, kStateFirst},
    {400, "sandbox has no runner assigned*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE", kWrongState,
     kStateFirst},
    {400, "sandbox backup is already in progress*", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     kWrongState, kStateFirst},
    {400, "cannot delete sandbox which has active fork children*", Subject::kNone, Code::kFailedPrecondition,
     "WRONG_STATE", "The sandbox has forks", "Delete its forks first"},
    {400, "linked sandbox must be in *", Subject::kNone, Code::kFailedPrecondition, "WRONG_STATE",
     "The sandbox to link to is in a state that does not allow this", "Start or stop the sandbox to link to first"},

    {403, "*", Subject::kNone, Code::kPermissionDenied, "PERMISSION_DENIED_BY_UPSTREAM",
     "The daemon's credential may not do this", "Use a credential of the daemon's that has the permission"},
    {404, "*", Subject::kBuildLog, Code::kNotFound, "BUILD_LOG_UNAVAILABLE", kNoLog, kLogLater},
    {404, "*", Subject::kSandbox, Code::kNotFound, "SANDBOX_NOT_FOUND", kNotFound, kCheckName},
    {404, "*", Subject::kSnapshot, Code::kNotFound, "SNAPSHOT_NOT_FOUND", kNotFound, kCheckName},
    {404, "*", Subject::kVolume, Code::kNotFound, "VOLUME_NOT_FOUND", kNotFound, kCheckName},
    {404, "*", Subject::kNone, Code::kNotFound, "UPSTREAM_NOT_FOUND", kNotFound, "Check what it names"},
    {409, "*", Subject::kNone, Code::kAborted, "STATE_CHANGE_IN_PROGRESS", kInChange, kStable},
    {410, "*", Subject::kNone, Code::kFailedPrecondition, "UPSTREAM_UNPROCESSABLE", "Daytona refuses this",
     "This is no longer possible"},
    {422, "*", Subject::kNone, Code::kFailedPrecondition, "UPSTREAM_UNPROCESSABLE", "Daytona refuses this",
     "This object can't do that"},
    {0, "*", Subject::kNone, Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST", "Daytona refuses the request",
     "Correct the request"},
};

// Both in lower case. Each star takes as little as it can, and more when what follows it does not fit.
bool Matches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the position of the last star
  size_t taken_to = 0;                   // the end of the text that it matched
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

bool ConsumePrefixIgnoringCase(absl::string_view& text, absl::string_view prefix) {
  if (!absl::StartsWithIgnoreCase(text, prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool ConsumeSuffixIgnoringCase(absl::string_view& text, absl::string_view suffix) {
  if (!absl::EndsWithIgnoreCase(text, suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// What stands between "<kind> with ID or name " (or a part of that) and " not found"; empty for other texts.
absl::string_view BetweenKindAndNotFound(std::string_view kind, std::string_view message) {
  absl::string_view text = absl::StripAsciiWhitespace(AbslView(message));
  absl::ConsumeSuffix(&text, ".");
  if (!ConsumePrefixIgnoringCase(text, AbslView(kind)) || !ConsumePrefixIgnoringCase(text, " ")) return {};
  for (const absl::string_view form : {"with ID or name ", "with ID ", "with name "}) {
    if (ConsumePrefixIgnoringCase(text, form)) break;
  }
  return ConsumeSuffixIgnoringCase(text, " not found") ? text : absl::string_view();
}

absl::string_view Unquoted(absl::string_view text) {
  for (const char quote : {'"', '\'', '`'}) {
    if (text.size() >= 2 && text.front() == quote && text.back() == quote) return text.substr(1, text.size() - 2);
  }
  return text;
}

// Does the object stand there as a word, and not as a part of another name?
bool NamesObject(absl::string_view message, absl::string_view object) {
  const auto goes_on = [&](size_t i) {
    return i < message.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(message[i])) || message[i] == '-' || message[i] == '_');
  };
  for (size_t at = message.find(object); at != absl::string_view::npos; at = message.find(object, at + 1)) {
    const bool begins = at == 0 || !goes_on(at - 1);
    if (begins && !goes_on(at + object.size())) return true;
  }
  return false;
}

}  // namespace

const Refusal& FindRefusal(int http_status, Subject subject, std::string_view message,
                           const std::vector<Refusal>* own) {
  const std::string text = absl::AsciiStrToLower(AbslView(message));
  const auto fits = [&](const Refusal& row) {
    return (row.http_status == 0 || row.http_status == http_status) &&
           (row.subject == Subject::kNone || row.subject == subject) && Matches(row.text, text);
  };
  if (own != nullptr) {
    if (const auto found = std::ranges::find_if(*own, fits); found != own->end()) return *found;
  }
  return *std::find_if(std::begin(kRefusals), std::prev(std::end(kRefusals)), fits);
}

std::string_view KindOf(Subject subject) {
  switch (subject) {
    case Subject::kSandbox:
      return "sandbox";
    case Subject::kSnapshot:
      return "snapshot";
    case Subject::kVolume:
      return "volume";
    default:
      return "";
  }
}

Missing WhatIsMissing(Subject subject, std::string_view object, std::string_view message) {
  const std::string_view kind = KindOf(subject);
  if (kind.empty() || object.empty()) return Missing::kOther;
  const absl::string_view named = BetweenKindAndNotFound(kind, message);
  if (named == AbslView(object) || Unquoted(named) == AbslView(object)) return Missing::kTheObject;
  const Refusal& refusal = FindRefusal(404, subject, message);
  if (refusal.subject == subject) return Missing::kUnclear;  // only the status is known
  const bool of_this_kind = refusal.reason == absl::StrCat(absl::AsciiStrToUpper(AbslView(kind)), "_NOT_FOUND");
  const bool of_a_relation = absl::StartsWithIgnoreCase(AbslView(message), "parent ") ||
                             absl::StartsWithIgnoreCase(AbslView(message), "linked ");
  const bool names_it = NamesObject(AbslView(message), AbslView(object));
  return of_this_kind && names_it && !of_a_relation ? Missing::kUnclear : Missing::kOther;
}

std::string NameInText(std::string_view kind, std::string_view message) {
  absl::string_view text = absl::StripAsciiWhitespace(AbslView(message));
  absl::ConsumeSuffix(&text, ".");
  for (const absl::string_view relation : {"parent ", "linked "}) ConsumePrefixIgnoringCase(text, relation);
  if (const absl::string_view named = BetweenKindAndNotFound(kind, {text.data(), text.size()}); !named.empty()) {
    return std::string(Unquoted(named));
  }
  const std::string owner = absl::StrCat(" not found for ", AbslView(kind), " ");
  const size_t found = absl::AsciiStrToLower(text).find(owner);
  return found == std::string::npos ? "" : std::string(Unquoted(text.substr(found + owner.size())));
}

}  // namespace daytonad
