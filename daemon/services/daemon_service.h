#ifndef DAYTONAD_DAEMON_SERVICES_DAEMON_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_DAEMON_SERVICE_H_

#include "daemon/services/daemon_handlers.h"
#include "daemon/services/rpc/service_table.h"

namespace daytonad {

const ServiceTable<DaemonHandlers>& DaemonServiceTable();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_DAEMON_SERVICE_H_
