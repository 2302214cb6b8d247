#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_ERRORS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"
#include "daemon/net/http_client.h"
#include "daemon/upstream/v0/rest_request.h"

namespace daytonad {

// What an answer with a status other than 2xx means. Upstream has no error codes: the HTTP status and the words of its
// message decide, by one table (errors.cc).
//
// `what` names the request in the message, "POST /sandbox". Metadata: http_status, upstream_message, upstream_error,
// throttler, limit; RetryInfo if upstream says when to come back.
absl::Status ErrorFromResponse(std::string_view what, Subject subject, const HttpResponse& response);

// Is this the error of a path that the server does not know, or no longer?
bool IsRouteMissing(const absl::Status& status);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_ERRORS_H_
