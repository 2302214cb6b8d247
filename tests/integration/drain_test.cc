// How the daemon shuts down: calls in progress finish or learn why not, and nothing delays the end.
#include <grpcpp/create_channel_posix.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <thread>

#include "daemon/net/testing/test_http_server.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using grpc::health::v1::HealthCheckResponse;
using ::testing::HasSubstr;

class DrainTest : public IntegrationTest {
 protected:
  // Sandboxes do not start, and builds do not end, until a test says so.
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.hold_limit = std::chrono::milliseconds(0);
    options.delays.create = std::chrono::hours(1);
    options.delays.log_line = std::chrono::hours(1);
    return options;
  }
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--drain-timeout", drain_timeout_});
    return options;
  }

  // A create that waits for its sandbox, which exists already.
  std::future<std::string> BeginCreate(const std::string& name) {
    auto call = std::async(std::launch::async, [this, name] {
      v1::CreateSandboxRequest request;
      request.mutable_spec()->set_name(name);
      request.mutable_timeout()->set_seconds(0);
      return Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, request).error);
    });
    EXPECT_TRUE(Eventually([&] { return control().CountRequests("GET", "/sandbox/") > 0; }));
    return call;
  }

  // A snapshot whose build is under way.
  void BeginBuild(const std::string& name, const std::string& dockerfile) {
    v1::CreateSnapshotRequest request;
    request.mutable_spec()->set_name(name);
    request.mutable_spec()->set_dockerfile(dockerfile);
    request.set_wait(false);
    ASSERT_EQ(Outcome(Call(snapshots(), &v1::SnapshotService::Stub::CreateSnapshot, request).error), "OK");
  }

  const char* drain_timeout_ = "100s";
};

class ShortDrainTest : public DrainTest {
 protected:
  ShortDrainTest() { drain_timeout_ = "300ms"; }
};

TEST_F(DrainTest, HealthTurnsFirstThenRunningCallsFinishAndNewOnesAreRefused) {
  const auto health = grpc::health::v1::Health::NewStub(client_->channel());
  grpc::ClientContext watching;
  const auto watch = health->Watch(&watching, {});
  HealthCheckResponse status;
  ASSERT_TRUE(watch->Read(&status));
  ASSERT_EQ(status.status(), HealthCheckResponse::SERVING);
  std::future<std::string> create = BeginCreate("slow");
  const auto get_from_memory = [this] {
    v1::GetSandboxRequest request;
    request.set_sandbox("slow");
    request.mutable_max_age()->set_seconds(3600);
    return Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::GetSandbox, request).error);
  };
  EXPECT_EQ(get_from_memory(), "OK");

  daemon_->Signal(SIGTERM);
  ASSERT_TRUE(watch->Read(&status));
  EXPECT_EQ(status.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_TRUE(Eventually([this] {
    const auto listed = Call(volumes(), &v1::VolumeService::Stub::ListVolumes, {});
    return Outcome(listed.error) == "UNAVAILABLE SHUTTING_DOWN";
  }));
  EXPECT_EQ(get_from_memory(), "UNAVAILABLE SHUTTING_DOWN");
  EXPECT_EQ(create.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  control().ForceSandbox("slow", {{"state", "started"}});
  EXPECT_EQ(create.get(), "OK");
  EXPECT_EQ(daemon_->WaitForExit(), 0);
}

TEST_F(DrainTest, AStreamEndsWithAMessageAndAStatusThatGiveTheReason) {
  BeginBuild("slow", "FROM debian:12\nRUN echo one\n");
  v1::StreamBuildLogsRequest request;
  request.set_snapshot("slow");
  grpc::ClientContext context;
  const auto stream = builds().StreamBuildLogs(&context, request);
  v1::StreamBuildLogsResponse message;
  ASSERT_TRUE(stream->Read(&message));
  daemon_->Signal(SIGTERM);
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(message.end().reason(), v1::STREAM_END_REASON_SHUTTING_DOWN) << message.ShortDebugString();
  EXPECT_EQ(Outcome(client::ErrorFrom(stream->Finish())), "UNAVAILABLE SHUTTING_DOWN");
  // Clients may repeat it: another daemon may take over.
  EXPECT_EQ(context.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 0U);
  EXPECT_EQ(daemon_->WaitForExit(), 0);
  EXPECT_TRUE(Eventually([this] { return control().streams() == 0; }));
}

TEST_F(ShortDrainTest, ACallThatTakesTooLongIsEnded) {
  std::future<std::string> create = BeginCreate("slow");
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(create.get(), "UNAVAILABLE SHUTTING_DOWN");
  EXPECT_EQ(daemon_->WaitForExit(), 0);
}

// Upstream has the request, so the daemon waits for its answer, although no caller receives it.
TEST_F(DrainTest, AChangeWhoseCallerHasLeftIsStillFinished) {
  control().AddFault({{"method", "POST"}}, {{"delay_ms", 500}});
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::CreateSandboxResponse response;
    sandboxes().CreateSandbox(&context, {}, &response);
  });
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("POST", "/sandbox") == 1; }));
  context.TryCancel();
  caller.join();
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->WaitForExit(), 0);
  EXPECT_EQ(control().Requests().at(0).at("status"), 200);
  EXPECT_EQ(control().clients_gone(), 0);
}

TEST_F(DrainTest, ASecondSignalEndsItAtOnce) {
  std::future<std::string> create = BeginCreate("slow");
  daemon_->Signal(SIGTERM);
  ASSERT_TRUE(Eventually([this] { return daemon_->log().find("stopping") != std::string::npos; }));
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->WaitForExit(), 1);
  EXPECT_THAT(create.get(), HasSubstr("UNAVAILABLE"));
}

// A connection that the test can cut as the end of a client's process does.
int Dial(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// Daytona with a build whose log never ends.
TestHttpServer::Script EndlessLog(const TestHttpServer::Request& request) {
  const std::string host(request.headers.Get("Host"));
  if (request.target.ends_with("/build-logs-url")) {
    return {TestHttpServer::Answer(200, nlohmann::json{{"url", "http://" + host + "/log"}}.dump())};
  }
  if (request.target.starts_with("/log")) {
    TestHttpServer::Send chunk = TestHttpServer::Chunk(std::string(1 << 14, 'x') + "\n");
    chunk.times = 1 << 20;
    return {TestHttpServer::ChunkedHead(), chunk};
  }
  return {TestHttpServer::Answer(200, R"({"id": "some-id", "name": "endless", "state": "building"})")};
}

// gRPC's shutdown waits ten seconds for a connection that died while it was written to, unless main() prevents that; a
// third of the shutdowns showed it. The time is printed, not asserted.
TEST(KilledClientTest, DoesNotHoldUpTheEnd) {
  std::chrono::duration<double> longest{0};
  for (int i = 0; i < 12; ++i) {
    TestHttpServer upstream(EndlessLog);
    DaemonProcess daemon(DaemonFor(upstream.Url("/api")));
    ASSERT_TRUE(daemon.running()) << daemon.log();
    const int fd = Dial(daemon.directory() + "/d.sock");
    const auto stub = v1::BuildService::NewStub(grpc::CreateInsecureChannelFromFd("daemon", fd));
    v1::StreamBuildLogsRequest request;
    request.set_snapshot("endless");
    grpc::ClientContext context;
    const auto stream = stub->StreamBuildLogs(&context, request);
    v1::StreamBuildLogsResponse message;
    for (int read = 0; read < 10; ++read) ASSERT_TRUE(stream->Read(&message));
    ::shutdown(fd, SHUT_RDWR);
    daemon.Signal(SIGTERM);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(daemon.WaitForExit(), 0);
    longest = std::max<std::chrono::duration<double>>(longest, std::chrono::steady_clock::now() - begin);
    EXPECT_FALSE(stream->Finish().ok());
  }
  std::cout << "longest end: " << longest.count() << " s\n";
}

}  // namespace
}  // namespace daytonad::testing
