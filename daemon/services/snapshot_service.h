#ifndef DAYTONAD_DAEMON_SERVICES_SNAPSHOT_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_SNAPSHOT_SERVICE_H_

#include "daemon/services/rpc/service_table.h"
#include "daemon/services/snapshot_handlers.h"

namespace daytonad {

const ServiceTable<SnapshotHandlers>& SnapshotServiceTable();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_SNAPSHOT_SERVICE_H_
