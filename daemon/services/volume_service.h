#ifndef DAYTONAD_DAEMON_SERVICES_VOLUME_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_VOLUME_SERVICE_H_

#include "daemon/services/rpc/service_table.h"
#include "daemon/services/volume_handlers.h"

namespace daytonad {

const ServiceTable<VolumeHandlers>& VolumeServiceTable();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_VOLUME_SERVICE_H_
