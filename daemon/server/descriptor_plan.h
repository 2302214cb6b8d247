#ifndef DAYTONAD_DAEMON_SERVER_DESCRIPTOR_PLAN_H_
#define DAYTONAD_DAEMON_SERVER_DESCRIPTOR_PLAN_H_

#include <cstddef>
#include <string>

namespace daytonad {

// How the process's descriptors are divided: connections to Daytona, of each kind, and those of clients.
struct DescriptorPlan {
  size_t calls = 0;
  size_t creates = 0;
  size_t streams = 0;
  // Per listener: all connections, and those of one user.
  size_t client_connections = 0;
  size_t client_connections_per_user = 0;
};

// Returns `wanted`, scaled down in proportion if `limit` descriptors do not suffice for `listeners` listeners;
// `warning` is set then. Running out of descriptors would hit anything, including the daemon's own files; limits are
// enforced predictably.
DescriptorPlan FitDescriptors(DescriptorPlan wanted, size_t listeners, size_t limit, std::string& warning);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_DESCRIPTOR_PLAN_H_
