#include "tests/integration/fixture.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"

namespace daytonad::testing {

using std::chrono::milliseconds;

emulator::ApiVersion TestedApiVersion() {
  const char* const text = std::getenv("DAYTONAD_TEST_API_VERSION");
  if (text == nullptr) return emulator::EmulatorOptions().api_version;
  const auto version = emulator::ParseApiVersion(text);
  EXPECT_TRUE(version.has_value()) << "DAYTONAD_TEST_API_VERSION is " << text;
  return version.value_or(emulator::ApiVersion::k0_226);
}

emulator::EmulatorOptions QuickEmulator(emulator::ApiVersion version) {
  emulator::EmulatorOptions options;
  options.port = 0;
  options.api_keys = {kApiKey};
  options.api_version = version;
  emulator::Delays& delays = options.delays;
  for (milliseconds* delay : {&delays.create, &delays.start, &delays.stop, &delays.destroy, &delays.archive,
                              &delays.queue, &delays.build, &delays.pull, &delays.remove, &delays.volume}) {
    *delay = milliseconds{20};
  }
  delays.log_line = delays.deactivate = delays.accept = delays.network = options.name_lag = milliseconds{0};
  // Tests make many calls a minute; those about rate limits set their own.
  for (auto& [name, limit] : options.rate_limits) limit.limit = 1'000'000;
  return options;
}

ProcessOptions PlainDaemonFor(const std::string& url, const std::string& key) {
  ProcessOptions options;
  // The daemon checks whether upstream answers when it starts (SetUp waits for that), and not again during a test.
  options.flags = {"--api-url", url, "--health-interval", "1h"};
  options.environment = {{"DAYTONA_API_KEY", key}};
  return options;
}

ProcessOptions DaemonFor(const std::string& url, const std::string& key) {
  ProcessOptions options = PlainDaemonFor(url, key);
  options.flags.insert(options.flags.end(), {"--cache-lifetime", "0", "--events", "off"});
  return options;
}

TestAuthority& Authority() {
  struct Directory {
    Directory() {
      std::string pattern = std::filesystem::temp_directory_path() / "daytonad-ca-XXXXXX";
      path = ::mkdtemp(pattern.data());
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::string path;
  };
  static const Directory directory;
  static TestAuthority authority(directory.path);
  return authority;
}

std::string IntegrationTest::upstream_origin() const {
  return tls_front_ == nullptr ? emulator_->origin() : "https://127.0.0.1:" + std::to_string(tls_front_->port());
}

void IntegrationTest::SetUp() {
  emulator_ = std::make_unique<emulator::Emulator>(emulator_options());
  ASSERT_TRUE(emulator_->Start().ok());
  control_ = std::make_unique<EmulatorControl>(emulator_->origin());
  ProcessOptions daemon = daemon_options();
  if (std::getenv("DAYTONAD_TEST_TLS") != nullptr) {
    tls_front_ = std::make_unique<TlsFront>(
        TlsFront::Options{.backend_port = emulator_->port(), .server = Authority().Issue("server", {})});
    for (std::string& flag : daemon.flags) {
      if (flag.starts_with(emulator_->origin())) flag.replace(0, emulator_->origin().size(), upstream_origin());
    }
    daemon.flags.insert(daemon.flags.end(), {"--ca-file", Authority().ca_file()});
  }
  daemon_ = std::make_unique<DaemonProcess>(std::move(daemon));
  ASSERT_TRUE(daemon_->running()) << daemon_->log();
  // Tests check the daemon's answers, not what the client library makes of them.
  client::ConnectOptions options;
  options.with_service_config = false;
  absl::StatusOr<client::Client> client = client::Client::Connect(daemon_->addresses().front(), options);
  ASSERT_TRUE(client.ok()) << client.status();
  client_ = *std::move(client);
  if (waits_for_upstream()) {
    ASSERT_TRUE(Eventually([this] { return Health("upstream") == "SERVING"; })) << daemon_->log();
    control().ResetRequests();
  }
}

std::string IntegrationTest::Health(const std::string& service) {
  const auto stub = grpc::health::v1::Health::NewStub(client_->channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status = stub->Check(&context, request, &response);
  if (!status.ok()) return client::CodeName(status.error_code());
  return grpc::health::v1::HealthCheckResponse::ServingStatus_Name(response.status());
}

v1::Sandbox IntegrationTest::MakeSandbox(const v1::SandboxSpec& spec) {
  v1::CreateSandboxRequest request;
  *request.mutable_spec() = spec;
  auto created = Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, request);
  EXPECT_EQ(Outcome(created.error), "OK");
  return created.value.sandbox();
}

v1::Snapshot IntegrationTest::MakeSnapshot(const std::string& name) {
  v1::CreateSnapshotRequest request;
  request.mutable_spec()->set_name(name);
  request.mutable_spec()->set_dockerfile("FROM debian:12\nRUN echo " + name + "\n");
  auto created = Call(snapshots(), &v1::SnapshotService::Stub::CreateSnapshot, request);
  EXPECT_EQ(Outcome(created.error), "OK");
  return created.value.snapshot();
}

v1::Volume IntegrationTest::MakeVolume(const std::string& name) {
  v1::CreateVolumeRequest request;
  request.set_name(name);
  request.set_wait(true);
  auto created = Call(volumes(), &v1::VolumeService::Stub::CreateVolume, request);
  EXPECT_EQ(Outcome(created.error), "OK");
  return created.value.volume();
}

std::string Outcome(const std::optional<client::Error>& error) {
  if (!error.has_value()) return "OK";
  return client::CodeName(error->code) + " " + (error->reason.empty() ? error->message : error->reason);
}

}  // namespace daytonad::testing
