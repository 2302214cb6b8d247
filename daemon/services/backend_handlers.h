#ifndef DAYTONAD_DAEMON_SERVICES_BACKEND_HANDLERS_H_
#define DAYTONAD_DAEMON_SERVICES_BACKEND_HANDLERS_H_

#include "daemon/services/build_handlers.h"
#include "daemon/services/daemon_handlers.h"
#include "daemon/services/daytona_handlers.h"
#include "daemon/services/snapshot_handlers.h"
#include "daemon/services/volume_handlers.h"

namespace daytonad {

// The RPCs of all services, on one backend.
struct BackendHandlers {
  DaytonaHandlers daytona;
  SnapshotHandlers snapshots;
  VolumeHandlers volumes;
  BuildHandlers builds;
  DaemonHandlers daemon;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_BACKEND_HANDLERS_H_
