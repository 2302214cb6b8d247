#ifndef DAYTONAD_DAEMON_API_OPERATIONS_H_
#define DAYTONAD_DAEMON_API_OPERATIONS_H_

#include <tuple>

#include "daemon/api/forwarded_call.h"
#include "daemon/api/sandboxes.h"
#include "daemon/api/snapshots.h"
#include "daemon/api/volumes.h"

namespace daytonad {

// Every upstream operation. The Api, its decorators and the fake have an overload of Run for each.
using Operations =
    std::tuple<CreateSandbox, GetSandbox, ListSandboxes, ListSandboxesByPage, StartSandbox, StopSandbox, DeleteSandbox,
               CreateSnapshot, GetSnapshot, ListSnapshots, ActivateSnapshot, DeactivateSnapshot, DeleteSnapshot,
               CreateVolume, GetVolume, ListVolumes, DeleteVolume, ForwardedCall>;

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_OPERATIONS_H_
