#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_REFUSALS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_REFUSALS_H_

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/upstream/v0/rest_request.h"

namespace daytonad {

// One meaning of a refusal (4xx) that Daytona wrote itself.
struct Refusal {
  int http_status;  // 0: any
  // What upstream's message looks like, from its beginning to its end; `*` is anything, case does not matter. Names
  // chosen by users stand in these texts, which is why a row spells out as much as it can.
  std::string_view text;
  Subject subject;  // kNone: whatever the request is about
  absl::StatusCode code;
  std::string_view reason;
  std::string_view lead;    // what happened, in terms of the contract
  std::string_view advice;  // what to do, after upstream's own words
  // It passes by itself: when to come back. Zero if it does not, or if nobody knows.
  std::chrono::seconds come_back{0};
};

// Always finds one: the last row is for everything.
const Refusal& FindRefusal(int http_status, Subject subject, std::string_view message);

// What a 404 of Daytona's says of the object that the request names.
enum class Missing {
  kOther,      // nothing: something else is missing, or nothing is
  kTheObject,  // it is the object
  kUnclear,    // it is about the object, in words that are not known
};
Missing WhatIsMissing(Subject subject, std::string_view object, std::string_view message);

// "sandbox", "snapshot", "volume"; empty for the others.
std::string_view KindOf(Subject subject);

// What a text such as "Sandbox with ID or name x not found" or "Parent sandbox not found for sandbox x" names: "x".
// Empty if it names nothing of this kind.
std::string NameInText(std::string_view kind, std::string_view message);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_REFUSALS_H_
