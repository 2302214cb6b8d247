#ifndef DAYTONAD_DAEMON_SERVICES_BUILD_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_BUILD_SERVICE_H_

#include "daemon/services/build_handlers.h"
#include "daemon/services/rpc/service_table.h"

namespace daytonad {

const ServiceTable<BuildHandlers>& BuildServiceTable();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_BUILD_SERVICE_H_
