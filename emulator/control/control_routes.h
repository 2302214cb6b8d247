#ifndef DAYTONAD_EMULATOR_CONTROL_CONTROL_ROUTES_H_
#define DAYTONAD_EMULATOR_CONTROL_CONTROL_ROUTES_H_

#include <memory>
#include <string_view>

#include "emulator/api/api.h"
#include "emulator/http/http_server.h"
#include "emulator/http/router.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// Routes under /_emulator/ that the real server does not have: faults, recorded requests, open connections, forced
// states. They need no key, serve loopback clients only, and are neither recorded nor subject to faults.
class ControlRoutes {
 public:
  static constexpr std::string_view kPrefix = "/_emulator/";

  ControlRoutes(World& world, Api& api, const HttpServer& server);

  void Handle(const std::shared_ptr<Exchange>& exchange) const;

 private:
  void AddStorageRoutes();
  void AddEventRoutes(EventGateway& gateway);
  Json Connections() const;

  World& world_;
  const HttpServer& server_;
  Router router_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_CONTROL_CONTROL_ROUTES_H_
