#ifndef DAYTONAD_EMULATOR_HTTP_ETAG_H_
#define DAYTONAD_EMULATOR_HTTP_ETAG_H_

#include "emulator/http/http.h"

namespace daytonad::emulator {

// Adds the weak ETag that Express gives an answer with a body. The answer to a GET becomes a 304 without one, if the
// client names that tag in If-None-Match.
void ApplyEtag(const Request& request, Response& response);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_ETAG_H_
