#ifndef DAYTONAD_EMULATOR_API_H_
#define DAYTONAD_EMULATOR_API_H_

#include <memory>
#include <string>
#include <string_view>

#include "emulator/faults.h"
#include "emulator/http.h"
#include "emulator/rate_limits.h"
#include "emulator/recorder.h"
#include "emulator/router.h"
#include "emulator/world.h"

namespace daytonad::emulator {

// What every request passes on its way to a route, in the order of the real server: the recorder, faults, the body's
// size and form, the route, the key, the rate limit.
class Api {
 public:
  explicit Api(World& world);

  void Handle(const std::shared_ptr<Exchange>& exchange);

  Recorder& recorder() { return recorder_; }
  Faults& faults() { return faults_; }

 private:
  Credential CheckCredential(const Request& request) const;
  void Serve(const std::shared_ptr<Exchange>& exchange, Credential credential);
  // Answers and returns false if the body cannot be read.
  bool ReadBody(Call& call) const;
  // Answers and returns false if the request may not pass.
  bool Admit(const Route& route, const Call& call, Credential credential);
  void NoSuchPage(const std::shared_ptr<Exchange>& exchange) const;

  World& world_;
  Router api_routes_;
  Router proxy_routes_;
  RateLimits rate_limits_;
  Recorder recorder_;
  Faults faults_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_H_
