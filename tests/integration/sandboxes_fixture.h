#ifndef DAYTONAD_TESTS_INTEGRATION_SANDBOXES_FIXTURE_H_
#define DAYTONAD_TESTS_INTEGRATION_SANDBOXES_FIXTURE_H_

#include <string>

#include "tests/integration/fixture.h"

namespace daytonad::testing {

// Short forms for calls about sandboxes: requests are in protobuf's text form.
class SandboxesTest : public IntegrationTest {
 protected:
  using Stub = v1::DaytonaService::Stub;

  client::Result<v1::CreateSandboxResponse> Create(const std::string& request) {
    return Call(sandboxes(), &Stub::CreateSandbox, Parse<v1::CreateSandboxRequest>(request));
  }
  client::Result<v1::GetSandboxResponse> Get(const std::string& id_or_name) {
    v1::GetSandboxRequest request;
    request.set_sandbox(id_or_name);
    return Call(sandboxes(), &Stub::GetSandbox, request);
  }
  // `more` are further fields of the request.
  client::Result<v1::StartSandboxResponse> Start(const std::string& id, const std::string& more = "") {
    return Call(sandboxes(), &Stub::StartSandbox, Named<v1::StartSandboxRequest>(id, more));
  }
  client::Result<v1::StopSandboxResponse> Stop(const std::string& id, const std::string& more = "") {
    return Call(sandboxes(), &Stub::StopSandbox, Named<v1::StopSandboxRequest>(id, more));
  }
  client::Result<v1::DeleteSandboxResponse> Delete(const std::string& id, const std::string& more = "") {
    return Call(sandboxes(), &Stub::DeleteSandbox, Named<v1::DeleteSandboxRequest>(id, more));
  }
  client::Result<v1::WaitSandboxResponse> Wait(const std::string& id, const std::string& more) {
    return Call(sandboxes(), &Stub::WaitSandbox, Named<v1::WaitSandboxRequest>(id, more));
  }
  Streamed<v1::CreateSandboxStreamResponse> CreateStream(const std::string& request) {
    return ReadAll(sandboxes(), &Stub::CreateSandboxStream, Parse<v1::CreateSandboxStreamRequest>(request));
  }

  // The body of the only request with this method and path.
  nlohmann::json BodyOf(const std::string& method, const std::string& path) {
    nlohmann::json body;
    for (const nlohmann::json& request : control().Requests()) {
      if (request.at("method") == method && request.at("path") == path) body = request.at("body");
    }
    return body;
  }

 private:
  template <typename Request>
  static Request Named(const std::string& id, const std::string& more) {
    auto request = Parse<Request>(more);
    request.set_sandbox(id);
    return request;
  }
};

// Sandboxes never leave their transitional states, and creates are answered before that.
class SlowSandboxesTest : public SandboxesTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    const std::chrono::milliseconds long_time = std::chrono::hours(1);
    options.hold_limit = std::chrono::milliseconds(1);
    options.delays.create = options.delays.start = options.delays.stop = options.delays.destroy = long_time;
    options.delays.build = long_time;
    return options;
  }
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_SANDBOXES_FIXTURE_H_
