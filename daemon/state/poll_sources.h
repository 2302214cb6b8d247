#ifndef DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_
#define DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_

#include "daemon/api/api.h"
#include "daemon/state/poller_options.h"

// What the pollers of each kind of object read, through the api that all callers share.
namespace daytonad {

PollSource<v1::Sandbox> SandboxPollSource(SandboxApi& api);
PollSource<v1::Snapshot> SnapshotPollSource(SnapshotApi& api);
PollSource<v1::Volume> VolumePollSource(VolumeApi& api);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_
