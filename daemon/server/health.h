#ifndef DAYTONAD_DAEMON_SERVER_HEALTH_H_
#define DAYTONAD_DAEMON_SERVER_HEALTH_H_

#include <grpcpp/server.h>

#include <string>
#include <vector>

namespace daytonad {

// The health name for whether Daytona answers.
inline constexpr char kUpstreamHealthName[] = "upstream";

// grpc.health.v1 of all listeners: the empty name and each service are SERVING while the daemon takes calls and its
// event loop runs; `upstream` is SERVING while Daytona answers, independently of the others. The service is gRPC's own,
// which answers on gRPC's threads.
//
// Attach all servers before the first report. Reports are thread-safe.
class Health {
 public:
  // Enables the health service of servers that are built from now on.
  static void EnableForNewServers();

  // `service_names` are the daemon's services.
  explicit Health(std::vector<std::string> service_names) : service_names_(std::move(service_names)) {}

  // The server must outlive this object's use.
  void Attach(grpc::Server& server);

  void SetUpstream(bool serving);
  // Whether the event loop runs; initially true.
  void SetLoopRunning(bool running);
  // Sets everything to NOT_SERVING, permanently.
  void BeginShutdown();

 private:
  std::vector<std::string> service_names_;
  std::vector<grpc::HealthCheckServiceInterface*> servers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_HEALTH_H_
