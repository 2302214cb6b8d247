#ifndef DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_
#define DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_

#include "daemon/api/api.h"
#include "daemon/state/poller_options.h"

// How the hubs look at each kind of object, through the api that everybody uses.
namespace daytonad {

PollSource<v1::Sandbox> SandboxPollSource(SandboxApi& api);
PollSource<v1::Snapshot> SnapshotPollSource(SnapshotApi& api);
PollSource<v1::Volume> VolumePollSource(VolumeApi& api);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_
