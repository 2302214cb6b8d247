#include "daemon/server/descriptor_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace daytonad {
namespace {

// For everything else: the log, event queues, listening sockets, the event connection, files of uploads and images.
constexpr size_t kOther = 100;
// A client connection has two descriptors: gRPC's and the connection table's.
constexpr size_t kPerClient = 2;

}  // namespace

DescriptorPlan FitDescriptors(DescriptorPlan wanted, size_t listeners, size_t limit, std::string& warning) {
  const size_t needed =
      wanted.calls + wanted.creates + wanted.streams + kPerClient * listeners * wanted.client_connections;
  const size_t there = limit - std::min(limit, kOther);
  if (needed <= there) return wanted;
  const auto fit = [&](size_t count) {
    return std::max<size_t>(
        1, static_cast<size_t>(static_cast<double>(count) * static_cast<double>(there) / static_cast<double>(needed)));
  };
  DescriptorPlan plan;
  plan.calls = fit(wanted.calls);
  plan.creates = fit(wanted.creates);
  plan.streams = fit(wanted.streams);
  plan.client_connections = fit(wanted.client_connections);
  plan.client_connections_per_user = fit(wanted.client_connections_per_user);
  warning = absl::StrCat("the process may have ", limit, " descriptors (RLIMIT_NOFILE), and all limits together need ",
                         needed + kOther, "; they are lowered: --max-connections to ", plan.calls,
                         ", --max-creates to ", plan.creates, ", --max-streams to ", plan.streams,
                         ", --max-client-connections to ", plan.client_connections,
                         ", --max-client-connections-per-user to ", plan.client_connections_per_user);
  return plan;
}

}  // namespace daytonad
