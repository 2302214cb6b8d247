#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_DEPENDENCIES_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_DEPENDENCIES_H_

#include "daemon/api/api.h"
#include "daemon/api/cached_reads.h"
#include "daemon/api/watch.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

namespace daytonad {

class ImageBuilder;
class LogFollower;
class IdempotencyStore;

// What operations depend on. All of it outlives them.
struct Dependencies {
  Api& api;
  WatchApi& watches;
  const CachedReads& cached;
  Clock& clock;
  Executor executor;
  LogFollower& follower;
  IdempotencyStore& requests;
  ImageBuilder& images;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_DEPENDENCIES_H_
