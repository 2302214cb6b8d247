#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_ERRORS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_ERRORS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/net/http/http_client.h"
#include "daemon/upstream/v0/transport/rest_request.h"

namespace daytonad {

// Maps an answer with a status other than 2xx to an error. The order of the decision:
//
// 1. the class of the status: a 5xx, a 408 or a 429 is mapped whoever wrote it;
// 2. the author: a 3xx or 4xx counts only in Daytona's own format. A proxy's page proves nothing about an object;
// 3. Daytona's text (refusals.h), because Daytona has no error codes.
//
// Metadata: http_status, upstream_message, upstream_error, throttler, limit, and `outcome` = `unknown` for a mutation
// that may have been carried out nevertheless. RetryInfo if upstream gives a retry time, or if the rejection is
// transient.
absl::Status ErrorFromResponse(const RestRequest& request, const HttpResponse& response);

// Maps HttpClient's RESOURCE_EXHAUSTED for an oversized answer. `limit` is that of the body.
absl::Status AnswerTooLarge(const absl::Status& refusal, size_t limit);

// Whether the server does not know the path, or no longer.
bool IsRouteMissing(const absl::Status& status);

// Whether this is a 404 of Daytona about this object with an unknown text, which may mean something else. It is not
// IsAbsent(); a list tells whether the object exists.
bool IsUnclearAbsence(const absl::Status& status, Subject subject, std::string_view object);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_ERRORS_H_
