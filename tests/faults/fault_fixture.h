#ifndef DAYTONAD_TESTS_FAULTS_FAULT_FIXTURE_H_
#define DAYTONAD_TESTS_FAULTS_FAULT_FIXTURE_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "tests/faults/fault_proxy.h"
#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {

// A daemon that reaches the emulator through the proxy, build logs included; control() goes past it.
class FaultTest : public SandboxesTest {
 protected:
  using Action = Fault::Action;

  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.build_log_url_base = proxy_.origin();
    return options;
  }
  ProcessOptions daemon_options() override {
    proxy_.ForwardTo(emulator_->port());
    return DaemonFor(proxy_.origin() + "/api");
  }

  // Ends the emulator, and what it holds with it, and starts another at the same port.
  void RestartEmulator() {
    emulator::EmulatorOptions options = emulator_options();
    options.port = emulator_->port();
    emulator_->Stop();
    ASSERT_TRUE(Eventually([&] {
      emulator_ = std::make_unique<emulator::Emulator>(options);
      return emulator_->Start().ok();
    }));
  }

  // A unary call with a deadline of its own.
  template <typename Stub, typename Request, typename Response>
  static client::Result<Response> CallWithin(std::chrono::milliseconds limit, Stub& stub,
                                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                          Response*),
                                             const std::type_identity_t<Request>& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    return client::Call(stub, method, request, context);
  }

  // How many sandboxes upstream has by this name.
  int CountSandboxes(const std::string& name) {
    const auto listed = Call(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>("max_age {}"));
    EXPECT_EQ(Outcome(listed.error), "OK");
    const auto has_name = [&](const v1::Sandbox& sandbox) { return sandbox.name() == name; };
    return static_cast<int>(std::ranges::count_if(listed.value.sandboxes(), has_name));
  }

  FaultProxy proxy_;
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_FAULTS_FAULT_FIXTURE_H_
