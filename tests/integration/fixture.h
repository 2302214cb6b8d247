#ifndef DAYTONAD_TESTS_INTEGRATION_FIXTURE_H_
#define DAYTONAD_TESTS_INTEGRATION_FIXTURE_H_

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "emulator/emulator.h"
#include "tests/integration/daemon_process.h"
#include "tests/integration/emulator_control.h"
#include "tests/integration/tls_front.h"

namespace daytonad::testing {

inline constexpr char kApiKey[] = "emulator-key";

// The server version of the tests: the emulator's default, or the environment variable DAYTONAD_TEST_API_VERSION. A
// test that needs one version overrides emulator_options().
emulator::ApiVersion TestedApiVersion();

// Everything happens at once, so that tests are quick; a test of a transition sets its delay.
emulator::EmulatorOptions QuickEmulator(emulator::ApiVersion version = TestedApiVersion());

// Flags and environment of a daemon for the API at `url` with `key`, with the defaults of everything else.
ProcessOptions PlainDaemonFor(const std::string& url, const std::string& key = kApiKey);

// The same, without answers from memory and without events: most tests count requests.
ProcessOptions DaemonFor(const std::string& url, const std::string& key = kApiKey);

// A directory with a certificate authority, for the whole program.
TestAuthority& Authority();

// An emulator in this process, a daemon beside it, and a client. Start() may be called with other options first.
class IntegrationTest : public ::testing::Test {
 protected:
  void SetUp() override;

  // Called before each test. Override to have other options.
  virtual emulator::EmulatorOptions emulator_options() { return QuickEmulator(); }
  virtual ProcessOptions daemon_options() { return DaemonFor(emulator_->url()); }
  // Whether SetUp waits until the daemon has reached the emulator. Override if it cannot.
  virtual bool waits_for_upstream() { return true; }

  // What the health service says of `service`: "SERVING", "NOT_SERVING", or the call's error.
  std::string Health(const std::string& service);

  v1::DaytonaService::Stub& sandboxes() { return client_->sandboxes(); }
  v1::SnapshotService::Stub& snapshots() { return client_->snapshots(); }
  v1::VolumeService::Stub& volumes() { return client_->volumes(); }
  v1::BuildService::Stub& builds() { return client_->builds(); }
  EmulatorControl& control() { return *control_; }
  // The emulator's origin as the daemon reaches it.
  std::string upstream_origin() const;

  // Creates a started sandbox, an active snapshot, a ready volume.
  v1::Sandbox MakeSandbox(const v1::SandboxSpec& spec = {});
  v1::Snapshot MakeSnapshot(const std::string& name);
  v1::Volume MakeVolume(const std::string& name);

  std::unique_ptr<emulator::Emulator> emulator_;
  // In front of the emulator if the environment variable DAYTONAD_TEST_TLS is set; null otherwise.
  std::unique_ptr<TlsFront> tls_front_;
  std::unique_ptr<EmulatorControl> control_;
  std::unique_ptr<DaemonProcess> daemon_;
  std::optional<client::Client> client_;
};

// Makes a unary call with this deadline.
template <typename Stub, typename Request, typename Response>
client::Result<Response> CallWithin(std::chrono::milliseconds limit, Stub& stub,
                                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                    const std::type_identity_t<Request>& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + limit);
  return client::Call(stub, method, request, context);
}

// The same, with a deadline that only a broken daemon reaches.
template <typename Stub, typename Request, typename Response>
client::Result<Response> Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::type_identity_t<Request>& request) {
  return CallWithin(std::chrono::seconds(100), stub, method, request);
}

// All messages of a stream, and how it ended.
template <typename Response>
struct Streamed {
  std::vector<Response> messages;
  std::optional<client::Error> error;
};

// Reads a stream to its end, with a deadline that only a broken daemon reaches.
template <typename Stub, typename Request, typename Response>
Streamed<Response> ReadAll(Stub& stub,
                           std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                                         const Request&),
                           const std::type_identity_t<Request>& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
  Streamed<Response> streamed;
  streamed.error = client::Stream(stub, method, request, context,
                                  [&](const Response& message) { streamed.messages.push_back(message); });
  return streamed;
}

// A message from its text form: Parse<v1::SandboxSpec>(R"(name: "box" image: "debian:12")").
template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// "NOT_FOUND SANDBOX_NOT_FOUND", or "OK".
std::string Outcome(const std::optional<client::Error>& error);

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_FIXTURE_H_
