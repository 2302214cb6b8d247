#ifndef DAYTONAD_DAEMON_STATE_CACHED_API_H_
#define DAYTONAD_DAEMON_STATE_CACHED_API_H_

#include <memory>

#include "daemon/api/api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Answers reads from the cache if their terms (ReadTerms) and the operation (Caching) allow it. A read without terms,
// such as one that an operation makes for itself, always goes upstream. The referred objects outlive the result.
std::unique_ptr<Api> MakeCachedApi(Api& inner, ObjectCaches& caches, Clock& clock);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_CACHED_API_H_
