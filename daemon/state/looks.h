#ifndef DAYTONAD_DAEMON_STATE_LOOKS_H_
#define DAYTONAD_DAEMON_STATE_LOOKS_H_

#include "daemon/api/api.h"
#include "daemon/state/look_policy.h"

// How the hubs look at each kind of object, through the api that everybody uses.
namespace daytonad {

Looks<v1::Sandbox> LookAtSandboxes(SandboxApi& api);
Looks<v1::Snapshot> LookAtSnapshots(SnapshotApi& api);
Looks<v1::Volume> LookAtVolumes(VolumeApi& api);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_LOOKS_H_
