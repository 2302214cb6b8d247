#ifndef DAYTONAD_DAEMON_OPERATIONS_BASE_SERVER_CAPABILITIES_H_
#define DAYTONAD_DAEMON_OPERATIONS_BASE_SERVER_CAPABILITIES_H_

#include "daemon/api/server_version.h"

// What a release of Daytona is known to have, beyond the fields of specs and filters (sandbox_spec_fields.h).
namespace daytonad {

// The list of sandboxes with numbered pages. Gone since 0.218.
inline bool HasNumberedSandboxList(const ServerVersion& server) { return server < ServerVersion{0, 218, 0}; }

// The filter of snapshots by the sandbox that they were taken from. Servers up to 0.190 list all, whatever is asked
// for.
inline bool FiltersSnapshotsBySource(const ServerVersion& server) { return server >= ServerVersion{0, 191, 0}; }

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BASE_SERVER_CAPABILITIES_H_
