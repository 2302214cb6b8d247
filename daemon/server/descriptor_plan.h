#ifndef DAYTONAD_DAEMON_SERVER_DESCRIPTOR_PLAN_H_
#define DAYTONAD_DAEMON_SERVER_DESCRIPTOR_PLAN_H_

#include <cstddef>
#include <string>

namespace daytonad {

// What the process's descriptors are for: connections to Daytona, of each kind, and those of clients.
struct DescriptorPlan {
  size_t calls = 0;
  size_t creates = 0;
  size_t streams = 0;
  // Of each listener: connections, and those of one user.
  size_t client_connections = 0;
  size_t client_connections_per_user = 0;
};

// `wanted`, or as much of it as `limit` descriptors and `listeners` listeners allow, each in proportion; `warning` says
// so then. Descriptors that run out would hit whoever comes next, the daemon's own files included; limits that hold are
// answered in order.
DescriptorPlan FitDescriptors(DescriptorPlan wanted, size_t listeners, size_t limit, std::string& warning);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_DESCRIPTOR_PLAN_H_
