#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REFUSALS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REFUSALS_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/upstream/v0/transport/rest_request.h"

namespace daytonad {

// One meaning of a 4xx in Daytona's own format.
struct Refusal {
  int http_status;  // 0: any
  // A pattern for upstream's whole message; `*` matches anything, case-insensitive. Messages contain names that users
  // chose, so a pattern is as specific as possible.
  std::string_view text;
  Subject subject;  // kNone: any subject
  absl::StatusCode code;
  std::string_view reason;
  std::string_view lead;    // what happened, in terms of the contract
  std::string_view advice;  // what to do, after upstream's own words
  // When to retry, if the condition is transient; else zero.
  std::chrono::seconds come_back{0};
};

// Looks through a request's `own` rows, if it has any, then through those that all requests have in common. Always
// finds one: the last of these matches everything.
const Refusal& FindRefusal(int http_status, Subject subject, std::string_view message,
                           const std::vector<Refusal>* own = nullptr);

// What a 404 of Daytona says about the object that the request names.
enum class Missing {
  kOther,      // nothing: something else is missing
  kTheObject,  // the object itself does not exist
  kUnclear,    // it is about the object, but the text is unknown
};
Missing WhatIsMissing(Subject subject, std::string_view object, std::string_view message);

// "sandbox", "snapshot", "volume"; empty for the others.
std::string_view KindOf(Subject subject);

// The name in a text such as "Sandbox with ID or name x not found" or "Parent sandbox not found for sandbox x": "x".
// Empty if there is none.
std::string NameInText(std::string_view kind, std::string_view message);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REFUSALS_H_
