#ifndef DAYTONAD_DAEMON_SERVER_HEALTH_H_
#define DAYTONAD_DAEMON_SERVER_HEALTH_H_

#include <grpcpp/server.h>

#include <string>
#include <vector>

namespace daytonad {

// The health name that says whether Daytona answers.
inline constexpr char kUpstreamHealthName[] = "upstream";

// grpc.health.v1 of all listeners: the empty name and each service are SERVING while the daemon takes calls and its
// event loop turns; `upstream` is SERVING while Daytona answers, and has no influence on the others. The service itself
// is gRPC's own, which answers on gRPC's threads.
//
// All servers are attached before the first report; reports may come from any thread.
class Health {
 public:
  // Gives the servers that are built from now on a health service.
  static void EnableForNewServers();

  // `service_names` are the daemon's services.
  explicit Health(std::vector<std::string> service_names) : service_names_(std::move(service_names)) {}

  // The server must outlive this object's use.
  void Attach(grpc::Server& server);

  void SetUpstream(bool serving);
  // Whether the event loop turns, as it does in the beginning.
  void SetLoopRunning(bool running);
  // Everything is NOT_SERVING, for good.
  void BeginShutdown();

 private:
  std::vector<std::string> service_names_;
  std::vector<grpc::HealthCheckServiceInterface*> servers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_HEALTH_H_
