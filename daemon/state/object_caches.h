#ifndef DAYTONAD_DAEMON_STATE_OBJECT_CACHES_H_
#define DAYTONAD_DAEMON_STATE_OBJECT_CACHES_H_

#include <cstddef>
#include <type_traits>

#include "daemon/api/operation.h"
#include "daemon/state/freshness.h"
#include "daemon/state/object_cache.h"

namespace daytonad {

// The caches of everything that one credential can see, and how long their content is fresh.
struct ObjectCaches {
  ObjectCaches(Lifetimes lifetimes, size_t max_bytes)
      // There are many sandboxes and few of the others.
      : freshness(lifetimes), sandboxes(max_bytes / 2), snapshots(max_bytes / 4), volumes(max_bytes / 4) {}

  template <typename T>
  ObjectCache<T>& Of() {
    if constexpr (std::is_same_v<T, v1::Sandbox>) {
      return sandboxes;
    } else if constexpr (std::is_same_v<T, v1::Snapshot>) {
      return snapshots;
    } else {
      static_assert(std::is_same_v<T, v1::Volume>);
      return volumes;
    }
  }

  // Calls `visit` with the cache of this kind of object, and returns what it returns: a default value for kNone.
  template <typename Visitor>
  auto Visit(ObjectKind kind, Visitor visit) {
    switch (kind) {
      case ObjectKind::kSandbox:
        return visit(sandboxes);
      case ObjectKind::kSnapshot:
        return visit(snapshots);
      case ObjectKind::kVolume:
        return visit(volumes);
      case ObjectKind::kNone:
        break;
    }
    return decltype(visit(sandboxes))();
  }

  Freshness freshness;
  ObjectCache<v1::Sandbox> sandboxes;
  ObjectCache<v1::Snapshot> snapshots;
  ObjectCache<v1::Volume> volumes;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_OBJECT_CACHES_H_
