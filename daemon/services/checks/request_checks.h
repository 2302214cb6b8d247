#ifndef DAYTONAD_DAEMON_SERVICES_CHECKS_REQUEST_CHECKS_H_
#define DAYTONAD_DAEMON_SERVICES_CHECKS_REQUEST_CHECKS_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/map.h>
#include <google/protobuf/repeated_field.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/access/policy.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/error.h"
#include "daytonad/v1/common.pb.h"

// What is the same in every request, checked before anything is sent upstream. Each function adds what is wrong to
// `violations`; `field` is the path that the caller is told.
namespace daytonad {

inline constexpr int kMaxPageSize = 200;

// An id or name: required, on one line, of a length that fits into a URL.
void CheckObject(std::string_view field, const std::string& value, FieldViolations& violations);

// A text that must stay on its line, because it ends up in a header, a URL, a label or a Dockerfile.
void CheckOneLine(std::string_view field, const std::string& value, FieldViolations& violations);

void CheckLabels(std::string_view field, const google::protobuf::Map<std::string, std::string>& labels,
                 FieldViolations& violations);
void CheckPageSize(int page_size, FieldViolations& violations);
void CheckPageNumber(int page, FieldViolations& violations);
void CheckNotNegative(std::string_view field, int64_t value, FieldViolations& violations);
void CheckAtLeastOne(std::string_view field, int64_t value, FieldViolations& violations);
void CheckResources(std::string_view field, const v1::Resources& resources, FieldViolations& violations);
void CheckSortOrder(v1::SortOrder order, FieldViolations& violations);

// A time limit: `unset` if the request has none. Negative is a violation.
template <typename Request>
Clock::Duration CheckTimeout(const Request& request, Clock::Duration unset, FieldViolations& violations);
// How old an answer may be; only checked, because nothing is kept yet: every answer is fresh.
template <typename Request>
void CheckMaxAge(const Request& request, FieldViolations& violations);

Clock::Duration CheckDuration(std::string_view field, const google::protobuf::Duration& duration,
                              FieldViolations& violations);

// Request ids are part of the contract and not served yet: to take one and not to keep it could double a mutation.
absl::Status CheckRequestId(const std::string& request_id);

// What every mutation is asked before anything is sent: may this caller, is the request right, is it one that is
// served?
template <typename Request>
absl::Status CheckMutation(const CallContext& context, const Request& request, const FieldViolations& violations) {
  absl::Status status = CheckAccess(context.identity().caller, Action::kMutate);
  if (status.ok()) status = violations.ToStatus();
  if (status.ok()) status = CheckRequestId(request.request_id());
  return status;
}

// What a call that is not served yet answers; `what` begins the sentence.
absl::Status NotServedYet(std::string_view what);

template <typename Request>
Clock::Duration CheckTimeout(const Request& request, Clock::Duration unset, FieldViolations& violations) {
  return request.has_timeout() ? CheckDuration("timeout", request.timeout(), violations) : unset;
}

template <typename Request>
void CheckMaxAge(const Request& request, FieldViolations& violations) {
  if (request.has_max_age()) CheckDuration("max_age", request.max_age(), violations);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_CHECKS_REQUEST_CHECKS_H_
