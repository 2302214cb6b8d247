#ifndef DAYTONAD_DAEMON_OPERATIONS_DAEMON_DAEMON_INFO_H_
#define DAYTONAD_DAEMON_OPERATIONS_DAEMON_DAEMON_INFO_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/api.h"
#include "daemon/api/events.h"
#include "daytonad/v1/daemon_service.pb.h"

namespace daytonad {

// What the configuration says of a daemon.
struct DaemonSetup {
  std::string version;
  // Without user, password and query.
  std::string api_url;
  bool events = false;
  bool has_state_dir = false;
  bool has_spool_dir = false;
  bool has_context_roots = false;
};

// What is known of a daemon at one moment.
struct DaemonInfo {
  // Nullopt: upstream has not told.
  std::optional<ServerVersion> upstream;
  v1::EventsState events = v1::EVENTS_STATE_UNSPECIFIED;
  // What can be done through every listener, and what may be possible or not, since upstream's version is not known.
  std::vector<v1::Capability> capabilities;
  std::vector<v1::Capability> unknown_capabilities;
};

// Describes the daemon, without asking upstream. Loop thread only.
class DaemonInfoOperations {
 public:
  // `api` and `events` outlive this object.
  DaemonInfoOperations(DaemonSetup setup, const Api& api, const EventStatus& events)
      : setup_(std::move(setup)), api_(api), events_(events) {}

  const DaemonSetup& setup() const { return setup_; }
  DaemonInfo Describe() const;

 private:
  const DaemonSetup setup_;
  const Api& api_;
  const EventStatus& events_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_DAEMON_DAEMON_INFO_H_
