#ifndef DAYTONAD_EMULATOR_HTTP_ETAG_H_
#define DAYTONAD_EMULATOR_HTTP_ETAG_H_

#include "emulator/http/http.h"

namespace daytonad::emulator {

// Adds Express's weak ETag to an answer with a body. If the client of a GET sends that tag in If-None-Match, the answer
// becomes a 304 without body.
void ApplyEtag(const Request& request, Response& response);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_ETAG_H_
