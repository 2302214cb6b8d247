#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_ERRORS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_ERRORS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/net/http_client.h"
#include "daemon/upstream/v0/rest_request.h"

namespace daytonad {

// What an answer with a status other than 2xx means. It is decided in this order:
//
// 1. the class of the status: a 5xx, a 408 or a 429 means what it means, whoever wrote it;
// 2. who wrote it: a 3xx or 4xx counts only in Daytona's own envelope. A proxy's page proves nothing about an object;
// 3. what Daytona's text says (refusals.h), since it has no error codes.
//
// Metadata: http_status, upstream_message, upstream_error, throttler, limit, and `outcome` = `unknown` for a mutation
// that may have happened all the same; RetryInfo if upstream says when to come back, or if the refusal passes.
absl::Status ErrorFromResponse(const RestRequest& request, const HttpResponse& response);

// What it means to a caller that HttpClient refused an answer for its size (RESOURCE_EXHAUSTED). `limit` is that of the
// body.
absl::Status AnswerTooLarge(const absl::Status& refusal, size_t limit);

// Is this the error of a path that the server does not know, or no longer?
bool IsRouteMissing(const absl::Status& status);

// A 404 of Daytona's about this very object, in words that are not known: they may mean something else. It is not
// IsAbsent(), and a list tells whether the object is there.
bool IsUnclearAbsence(const absl::Status& status, Subject subject, std::string_view object);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_ERRORS_H_
