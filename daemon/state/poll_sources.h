#ifndef DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_
#define DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_

#include "daemon/api/api.h"
#include "daemon/state/poller_options.h"

// What the pollers of each kind of object read, through the api that all callers share.
namespace daytonad {

PollSource<v1::Sandbox> SandboxPollSource(Api& api);
PollSource<v1::Snapshot> SnapshotPollSource(Api& api);
PollSource<v1::Volume> VolumePollSource(Api& api);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLL_SOURCES_H_
