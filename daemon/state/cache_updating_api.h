#ifndef DAYTONAD_DAEMON_STATE_CACHE_UPDATING_API_H_
#define DAYTONAD_DAEMON_STATE_CACHE_UPDATING_API_H_

#include <memory>

#include "daemon/api/api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Feeds every answer of upstream into the caches, and tells them of every mutation. All requests pass through it. The
// referred objects outlive the result.
std::unique_ptr<Api> MakeCacheUpdatingApi(Api& inner, ObjectCaches& caches, Clock& clock);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_CACHE_UPDATING_API_H_
