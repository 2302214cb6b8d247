#include "daemon/operations/daemon/daemon_info.h"

#include "daemon/operations/base/server_capabilities.h"

namespace daytonad {
namespace {

// What the configuration decides.
struct OwnCapability {
  v1::Capability capability;
  bool DaemonSetup::*given;
};
constexpr OwnCapability kOwn[] = {
    {v1::CAPABILITY_DURABLE_REQUEST_IDS, &DaemonSetup::has_state_dir},
    {v1::CAPABILITY_UPLOAD_WITHOUT_HASH, &DaemonSetup::has_spool_dir},
    {v1::CAPABILITY_DAEMON_PATHS, &DaemonSetup::has_context_roots},
};

// What upstream's version decides.
struct UpstreamCapability {
  v1::Capability capability;
  bool (*given)(const ServerVersion& server);
};
constexpr UpstreamCapability kUpstreams[] = {
    {v1::CAPABILITY_NUMBERED_SANDBOX_LIST, HasNumberedSandboxList},
    {v1::CAPABILITY_SNAPSHOTS_BY_SOURCE, FiltersSnapshotsBySource},
};

}  // namespace

DaemonInfo DaemonInfoOperations::Describe() const {
  DaemonInfo info;
  info.upstream = api_.server_version();
  if (!setup_.events) {
    info.events = v1::EVENTS_STATE_OFF;
  } else {
    info.events = events_.events_up() ? v1::EVENTS_STATE_UP : v1::EVENTS_STATE_DOWN;
  }
  for (const OwnCapability& own : kOwn) {
    if (setup_.*own.given) info.capabilities.push_back(own.capability);
  }
  for (const UpstreamCapability& upstreams : kUpstreams) {
    if (!info.upstream.has_value()) {
      info.unknown_capabilities.push_back(upstreams.capability);
    } else if (upstreams.given(*info.upstream)) {
      info.capabilities.push_back(upstreams.capability);
    }
  }
  return info;
}

}  // namespace daytonad
