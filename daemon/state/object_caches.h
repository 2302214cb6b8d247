#ifndef DAYTONAD_DAEMON_STATE_OBJECT_CACHES_H_
#define DAYTONAD_DAEMON_STATE_OBJECT_CACHES_H_

#include <cstddef>

#include "daemon/state/freshness.h"
#include "daemon/state/object_cache.h"

namespace daytonad {

// The caches of everything that one credential can see, and how long their content is fresh.
struct ObjectCaches {
  ObjectCaches(Lifetimes lifetimes, size_t max_bytes)
      // There are many sandboxes and few of the others.
      : freshness(lifetimes), sandboxes(max_bytes / 2), snapshots(max_bytes / 4), volumes(max_bytes / 4) {}

  Freshness freshness;
  ObjectCache<v1::Sandbox> sandboxes;
  ObjectCache<v1::Snapshot> snapshots;
  ObjectCache<v1::Volume> volumes;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_OBJECT_CACHES_H_
