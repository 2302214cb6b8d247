#include <chrono>
#include <string>

#include "client/cli/base/command.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/session.h"
#include "client/cli/daemon/daemon_commands.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace daytonad::cli {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Exits with 0 or 1 only, as probes expect; with the signal's code if one came.
int Check(Session& session, const HealthCheckRequest& request) {
  session.IgnoreServiceConfig();
  const auto stub = Health::NewStub(session.client().channel());
  const auto result = session.Call(*stub, &Health::Stub::Check, request);
  if (!result.ok()) {
    const int code = session.Fail(*result.error);
    return code > kExitSignalBase ? code : kExitFailed;
  }
  const std::string status = HealthCheckResponse::ServingStatus_Name(result.value.status());
  Table table;
  table.AddRow({status});
  session.Print(result.value, table, {status});
  return result.value.status() == HealthCheckResponse::SERVING ? kExitOk : kExitFailed;
}

}  // namespace

void AddHealthCommand(CLI::App* app, Action* action) {
  const auto health = AddCommand<HealthCheckRequest>(
      app, "health", "Ask whether the daemon takes calls: exits with 0 if so, else with 1", action, Check);
  HealthCheckRequest* request = health.options;
  CLI::Option* service = health.flags
                             ->add_option_function<std::string>(
                                 "SERVICE", [request](const std::string& name) { request->set_service(name); },
                                 "A service, daytonad.v1.DaytonaService; the daemon as a whole if not given")
                             ->type_name("NAME");
  health.flags
      ->add_flag_function(
          "--upstream", [request](std::int64_t) { request->set_service("upstream"); },
          "Whether Daytona answers the daemon")
      ->excludes(service);
}

}  // namespace daytonad::cli
