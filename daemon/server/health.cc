#include "daemon/server/health.h"

#include <grpcpp/health_check_service_interface.h>

namespace daytonad {

void Health::EnableForNewServers() { grpc::EnableDefaultHealthCheckService(true); }

void Health::Attach(grpc::Server& server) {
  grpc::HealthCheckServiceInterface* const health = server.GetHealthCheckService();
  for (const std::string& name : service_names_) health->SetServingStatus(name, true);
  health->SetServingStatus(kUpstreamHealthName, false);  // until the first probe
  servers_.push_back(health);
}

void Health::SetUpstream(bool serving) {
  for (grpc::HealthCheckServiceInterface* health : servers_) health->SetServingStatus(kUpstreamHealthName, serving);
}

void Health::SetLoopRunning(bool running) {
  for (grpc::HealthCheckServiceInterface* health : servers_) {
    health->SetServingStatus("", running);
    for (const std::string& name : service_names_) health->SetServingStatus(name, running);
  }
}

void Health::BeginShutdown() {
  for (grpc::HealthCheckServiceInterface* health : servers_) health->Shutdown();
}

}  // namespace daytonad
