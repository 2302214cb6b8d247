#ifndef DAYTONAD_DAEMON_SERVICES_DAYTONA_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_DAYTONA_SERVICE_H_

#include "daemon/services/daytona_handlers.h"
#include "daemon/services/rpc/service_table.h"

namespace daytonad {

const ServiceTable<DaytonaHandlers>& DaytonaServiceTable();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_DAYTONA_SERVICE_H_
