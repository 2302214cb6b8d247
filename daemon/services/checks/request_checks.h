#ifndef DAYTONAD_DAEMON_SERVICES_CHECKS_REQUEST_CHECKS_H_
#define DAYTONAD_DAEMON_SERVICES_CHECKS_REQUEST_CHECKS_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/map.h>
#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "daemon/access/policy.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daemon/operations/waiting.h"
#include "daytonad/v1/common.pb.h"

// What is the same in every request, checked before anything is sent upstream. Each function adds what is wrong to
// `violations`; `field` is the path that the caller is told.
namespace daytonad {

inline constexpr int kMaxPageSize = 200;
inline constexpr size_t kMaxNameBytes = 512;
// Of what a list is asked for by. Upstream, and what stands before it, take URLs of 8 to 16 KiB.
inline constexpr size_t kMaxUrlBytes = 8000;

// An id or name: required, and as CheckName() wants it.
void CheckObject(std::string_view field, const std::string& value, FieldViolations& violations);

// A text that must stay on its line, because it ends up in a header, a URL, a label or a Dockerfile.
void CheckOneLine(std::string_view field, const std::string& value, FieldViolations& violations);

// A name that may be left out: on one line, of a length that fits into a URL, not `.` or `..`, which mean something
// else in one, and not of white space only, which nobody could tell from no name.
void CheckName(std::string_view field, const std::string& value, FieldViolations& violations);

// What goes into the URL of a request for a list, and how many bytes that has.
void CheckFitsIntoUrl(std::string_view field, size_t bytes, FieldViolations& violations);

void CheckLabels(std::string_view field, const google::protobuf::Map<std::string, std::string>& labels,
                 FieldViolations& violations);
void CheckPageSize(int page_size, FieldViolations& violations);
void CheckPageNumber(int page, FieldViolations& violations);
// Paging by token, or by number: not by both.
template <typename Request>
void CheckPaging(const Request& request, FieldViolations& violations);
void CheckNotNegative(std::string_view field, int64_t value, FieldViolations& violations);
void CheckAtLeastOne(std::string_view field, int64_t value, FieldViolations& violations);
// Cores or GiB. The contract has fractions, and the upstreams that we know take whole numbers only.
void CheckAmount(std::string_view field, double amount, FieldViolations& violations);
void CheckResources(std::string_view field, const v1::Resources& resources, FieldViolations& violations);
void CheckSortOrder(v1::SortOrder order, FieldViolations& violations);

// A time limit: `unset`, from when it is sent, if the request has none. Negative is a violation.
template <typename Request>
TimeLimit CheckTimeout(const Request& request, Clock::Duration unset, FieldViolations& violations);
// How old an answer may be. Negative is a violation; what it comes to is MaxAgeOf().
template <typename Request>
void CheckMaxAge(const Request& request, FieldViolations& violations);

Clock::Duration CheckDuration(std::string_view field, const google::protobuf::Duration& duration,
                              FieldViolations& violations);
// A point in time: from the year 1 to 9999, with nanos of less than a second.
void CheckTimestamp(std::string_view field, const google::protobuf::Timestamp& time, FieldViolations& violations);

// 1 to 128 visible ASCII characters, or none.
void CheckRequestId(const std::string& request_id, FieldViolations& violations);

// What a mutation is known by when it is repeated: its request id and a digest of all that it asks for. How long the
// caller waits, and for what, may differ; so may the form, unary or streaming.
template <typename Request>
RequestKey KeyOf(const Request& request);

// What every mutation is asked before anything is sent: may this caller, is the request right? The result is the
// context to go on with, which knows the request id if there is one.
template <typename Request>
absl::StatusOr<CallContext> CheckMutation(CallContext context, const Request& request, FieldViolations& violations) {
  absl::Status status = CheckAccess(context.identity().caller, Action::kMutate);
  CheckRequestId(request.request_id(), violations);
  if (status.ok()) status = violations.ToStatus();
  if (!status.ok()) return status;
  if (request.request_id().empty()) return context;
  return context.WithRequestKey(KeyOf(request));
}

template <typename Request>
void CheckPaging(const Request& request, FieldViolations& violations) {
  CheckFitsIntoUrl("page_token", request.page_token().size(), violations);
  if (!request.has_page()) return;
  CheckPageNumber(request.page(), violations);
  if (!request.page_token().empty()) {
    violations.Add("page", "can't be given together with page_token: page by number or by token");
  }
}

template <typename Request>
TimeLimit CheckTimeout(const Request& request, Clock::Duration unset, FieldViolations& violations) {
  if (!request.has_timeout()) return TimeLimit::FromWhenSent(unset);
  return CheckDuration("timeout", request.timeout(), violations);
}

// A digest of a message's type and content, of the same value in every process.
std::string DigestOf(std::string_view type, const google::protobuf::Message& message);

template <typename Request>
RequestKey KeyOf(const Request& request) {
  Request intent = request;
  intent.clear_request_id();
  if constexpr (requires { intent.clear_timeout(); }) intent.clear_timeout();
  if constexpr (requires { intent.clear_wait(); }) intent.clear_wait();
  if constexpr (requires { intent.clear_log_offset(); }) intent.clear_log_offset();
  if constexpr (requires { intent.clear_max_age(); }) intent.clear_max_age();
  const std::string type = absl::StrReplaceAll(Request::descriptor()->name(), {{"StreamRequest", "Request"}});
  return RequestKey{request.request_id(), DigestOf(type, intent)};
}

template <typename Request>
void CheckMaxAge(const Request& request, FieldViolations& violations) {
  if (request.has_max_age()) CheckDuration("max_age", request.max_age(), violations);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_CHECKS_REQUEST_CHECKS_H_
