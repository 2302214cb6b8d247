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
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daemon/operations/base/waiting.h"
#include "daytonad/v1/common.pb.h"

// Checks that all requests share, done before anything is sent upstream. Each function adds its violations; `field` is
// the path for the caller.
namespace daytonad {

inline constexpr int kMaxPageSize = 200;
inline constexpr size_t kMaxNameBytes = 512;
// The size limit of a list's filter. Upstream and proxies in front of it accept URLs of 8 to 16 KiB.
inline constexpr size_t kMaxUrlBytes = 8000;

// An id or name: required, and valid by CheckName().
void CheckObject(std::string_view field, const std::string& value, FieldViolations& violations);

// A single-line text, because it becomes part of a header, a URL, a label or a Dockerfile.
void CheckOneLine(std::string_view field, const std::string& value, FieldViolations& violations);

// An optional name: a single line, short enough for a URL, not `.` or `..`, which mean something else there, and not
// only white space, which looks like no name.
void CheckName(std::string_view field, const std::string& value, FieldViolations& violations);

// The parts of a list request's URL, and their size.
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

// A time limit. If the request has none, it is `unset` and excludes queueing. Negative is a violation.
template <typename Request>
TimeLimit CheckTimeout(const Request& request, Clock::Duration unset, FieldViolations& violations);
// The maximum age of an answer. Negative is a violation; MaxAgeOf() interprets it.
template <typename Request>
void CheckMaxAge(const Request& request, FieldViolations& violations);

Clock::Duration CheckDuration(std::string_view field, const google::protobuf::Duration& duration,
                              FieldViolations& violations);
// A point in time: from the year 1 to 9999, with nanos of less than a second.
void CheckTimestamp(std::string_view field, const google::protobuf::Timestamp& time, FieldViolations& violations);

// 1 to 128 visible ASCII characters, or none.
void CheckRequestId(const std::string& request_id, FieldViolations& violations);

// Identifies a mutation when it is repeated: its request id and a digest of the request. The wait and its time limit
// may differ; so may the form, unary or streaming.
template <typename Request>
RequestKey KeyOf(const Request& request);

// The last check of every mutation before anything is sent. Returns the context to continue with, which has the request
// id if there is one.
template <typename Request>
absl::StatusOr<CallContext> CheckMutation(CallContext context, const Request& request, FieldViolations& violations) {
  CheckRequestId(request.request_id(), violations);
  if (!violations.empty()) return violations.ToStatus();
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

// A digest of a message's type and content, the same in every process.
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
