#ifndef DAYTONAD_EMULATOR_WORLD_WORLD_H_
#define DAYTONAD_EMULATOR_WORLD_WORLD_H_

#include <string>

#include "emulator/base/options.h"
#include "emulator/base/scheduler.h"
#include "emulator/storage/storage.h"
#include "emulator/world/builds.h"
#include "emulator/world/credentials.h"
#include "emulator/world/event_bus.h"
#include "emulator/world/sandboxes.h"
#include "emulator/world/snapshots.h"
#include "emulator/world/volumes.h"

namespace daytonad::emulator {

// All objects of the emulated installation. Used on the loop thread only.
struct World {
  World(const EmulatorOptions& options, Scheduler& scheduler)
      : options(options),
        scheduler(scheduler),
        started(scheduler.Now()),
        credentials(options.api_keys, options.accept_jwt),
        storage(scheduler),
        builds(options.delays, scheduler, storage),
        snapshots(options, scheduler, builds, events),
        volumes(options.delays, scheduler, events),
        sandboxes(options, scheduler, builds, snapshots, volumes, events) {
    storage.set_configured(options.object_storage);
  }

  const EmulatorOptions& options;
  Scheduler& scheduler;
  const WallTime started;
  std::string origin;  // "http://127.0.0.1:3986", once it listens
  Credentials credentials;
  EventBus events;
  Storage storage;
  Builds builds;
  Snapshots snapshots;
  Volumes volumes;
  Sandboxes sandboxes;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_WORLD_H_
