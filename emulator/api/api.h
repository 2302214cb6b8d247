#ifndef DAYTONAD_EMULATOR_API_API_H_
#define DAYTONAD_EMULATOR_API_API_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/api/faults.h"
#include "emulator/api/rate_limits.h"
#include "emulator/api/recorder.h"
#include "emulator/api/storage_routes.h"
#include "emulator/events/event_gateway.h"
#include "emulator/http/http.h"
#include "emulator/http/incoming_body.h"
#include "emulator/http/router.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// The steps before a request's route, in the real server's order: recorder, faults, size and form of the body, route,
// key, rate limit.
class Api {
 public:
  explicit Api(World& world);

  void Handle(const std::shared_ptr<Exchange>& exchange);
  // Decides where a request's body goes before it arrives.
  BodyPlan PlanBody(std::string_view method, std::string_view target);

  Recorder& recorder() { return recorder_; }
  Faults& faults() { return faults_; }
  EventGateway& gateway() { return gateway_; }

 private:
  void HandleStorage(const std::shared_ptr<Exchange>& exchange);
  void HandleEvents(const std::shared_ptr<Exchange>& exchange);
  // Records the request, applies faults, then runs `serve`.
  void Begin(const std::shared_ptr<Exchange>& exchange, Credential credential, std::function<void()> serve);
  Credential CheckCredential(const Request& request) const;
  void Serve(const std::shared_ptr<Exchange>& exchange, Credential credential);
  // If the body cannot be parsed, answers and returns false.
  bool ReadBody(Call& call) const;
  // If the request is not admitted, answers and returns false.
  bool Admit(const Route& route, const Call& call, Credential credential);
  void NoSuchPage(const std::shared_ptr<Exchange>& exchange) const;

  World& world_;
  Router api_routes_;
  Router proxy_routes_;
  StorageRoutes storage_routes_;
  RateLimits rate_limits_;
  Recorder recorder_;
  Faults faults_;
  EventGateway gateway_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_API_H_
