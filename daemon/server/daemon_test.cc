#include "daemon/server/daemon.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/asio_clock.h"
#include "daemon/server/testing/temp_directory.h"
#include "daemon/services/rpc/table_service.h"
#include "daemon/services/rpc/testing/fake_rpc.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"

namespace daytonad {
namespace {

using grpc::health::v1::HealthCheckResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the fake service's calls do, and what the test knows of them.
struct Script {
  AsioClock clock;
  Event release;                 // loop thread
  std::atomic<int> waiting = 0;  // calls that wait for it
  std::atomic<bool> upstream_up = true;

  void WaitForCalls(int count) const {
    while (waiting < count) std::this_thread::yield();
  }
};

// The fake service's handlers: "caller" is answered at once, with who calls; anything else when the test releases it.
class ScriptedHandlers {
 public:
  explicit ScriptedHandlers(Script& script) : script_(script) {
    handlers_.find = [](const fake::GetRequest&) { return std::nullopt; };
    handlers_.get = [this](CallContext context, fake::GetRequest request) {
      return Get(std::move(context), std::move(request));
    };
    handlers_.watch = [this](CallContext context, fake::WatchRequest, StreamWriter<fake::WatchResponse>*) {
      return Wait(std::move(context));
    };
  }

  FakeHandlers& handlers() { return handlers_; }

 private:
  Task<absl::StatusOr<fake::GetResponse>> Get(CallContext context, fake::GetRequest request) {
    const Caller& caller = context.identity().caller;
    fake::GetResponse response;
    response.mutable_thing()->set_name(caller.listener + (caller.read_only ? " (read-only)" : ""));
    if (request.thing() == "caller") co_return response;
    absl::Status status = co_await Wait(context);
    if (!status.ok()) co_return status;
    co_return response;
  }
  Task<absl::Status> Wait(CallContext context) {
    ++script_.waiting;
    co_return co_await script_.release.Wait(script_.clock, context);
  }

  Script& script_;
  FakeHandlers handlers_;
};

class DaemonTest : public ::testing::Test {
 protected:
  ~DaemonTest() override {
    daemon_.reset();
    loop_.Stop();
  }

  absl::Status Start(const std::vector<std::string>& addresses) {
    for (const std::string& text : addresses) options_.listeners.push_back({.address = *ParseListenAddress(text)});
    options_.listeners.back().read_only = addresses.size() > 1;
    ServiceCatalog services;
    services.names = {fake::FakeService::service_full_name()};
    services.make = [this](const RpcRuntime& runtime,
                           const Caller& listener) -> absl::StatusOr<ServiceCatalog::Services> {
      const auto find = [this](std::string_view) { return &handlers_.handlers(); };
      absl::StatusOr<std::unique_ptr<grpc::Service>> service =
          TableService<FakeHandlers>::Make(table_, runtime, listener, find);
      if (!service.ok()) return service.status();
      ServiceCatalog::Services made;
      made.push_back(*std::move(service));
      return made;
    };
    daemon_ = std::make_unique<Daemon>(
        options_, loop_, script_.clock, [this](CallContext) { return Ping(&script_); }, services);
    return daemon_->Start();
  }
  void StartOnOneSocket() {
    const absl::Status status = Start({socket_address_});
    ASSERT_TRUE(status.ok()) << status;
  }

  static Task<absl::Status> Ping(Script* script) {
    if (script->upstream_up) co_return absl::OkStatus();
    co_return MakeError(absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", "down");
  }

  static std::shared_ptr<grpc::Channel> Dial(const std::string& address) {
    return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  }
  std::shared_ptr<grpc::Channel> Dial() const { return Dial(socket_address_); }

  static grpc::Status Get(const std::shared_ptr<grpc::Channel>& channel, const std::string& name,
                          fake::GetResponse* response) {
    grpc::ClientContext context;
    fake::GetRequest request;
    request.set_thing(name);
    return fake::FakeService::NewStub(channel)->Get(&context, request, response);
  }

  static HealthCheckResponse::ServingStatus Check(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    HealthCheckResponse response;
    const auto status = grpc::health::v1::Health::NewStub(channel)->Check(&context, {}, &response);
    return status.ok() ? response.status() : HealthCheckResponse::UNKNOWN;
  }

  // A call in progress, which the daemon has begun to handle.
  std::future<grpc::Status> BeginUnaryCall() {
    auto call = std::async(std::launch::async, [channel = Dial()] {
      fake::GetResponse response;
      return Get(channel, "waits", &response);
    });
    script_.WaitForCalls(1);
    return call;
  }
  void Release() {
    loop_.Post([this] { script_.release.Fire(); });
  }

  TempDirectory directory_;
  const std::string socket_path_ = directory_.File("d.sock");
  const std::string socket_address_ = "unix:" + socket_path_;
  EventLoop loop_;
  Script script_;
  ScriptedHandlers handlers_{script_};
  ServiceTable<FakeHandlers> table_ = FakeServiceTable();
  DaemonOptions options_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(DaemonTest, TellsServicesWhichListenerACallCameInAt) {
  options_.address_file = directory_.File("addresses");
  const absl::Status started = Start({socket_address_, "127.0.0.1:0"});
  ASSERT_TRUE(started.ok()) << started;
  const std::vector<std::string> addresses = daemon_->addresses();
  ASSERT_EQ(addresses.size(), 2U);

  fake::GetResponse response;
  ASSERT_TRUE(Get(Dial(addresses[0]), "caller", &response).ok());
  EXPECT_EQ(response.thing().name(), socket_address_);
  ASSERT_TRUE(Get(Dial(addresses[1]), "caller", &response).ok());
  EXPECT_EQ(response.thing().name(), "127.0.0.1:0 (read-only)");

  std::ifstream file(options_.address_file);
  std::string first;
  std::string second;
  file >> first >> second;
  EXPECT_THAT((std::vector<std::string>{first, second}), ElementsAre(addresses[0], addresses[1]));
}

TEST_F(DaemonTest, OpensNoListenerWhenOneCannotBeHad) {
  const absl::Status status = Start({socket_address_, "unix:" + directory_.File("none/d.sock")});
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot listen on unix:" + directory_.File("none/d.sock")));
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
}

TEST_F(DaemonTest, DoesNotStartWithATableThatContradictsTheContract) {
  table_.rows.pop_back();
  const absl::Status status = Start({socket_address_});
  EXPECT_EQ(status.message(), "daytonad.fake.FakeService has no row for its method Chat");
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
}

TEST_F(DaemonTest, SaysWhetherUpstreamAnswers) {
  script_.upstream_up = false;
  options_.probe.interval = std::chrono::milliseconds(5);
  StartOnOneSocket();
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("upstream");
  const auto watch = grpc::health::v1::Health::NewStub(Dial())->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check(Dial()), HealthCheckResponse::SERVING);
  script_.upstream_up = true;
  // gRPC may tell the first state twice.
  while (watch->Read(&response) && response.status() != HealthCheckResponse::SERVING) {
  }
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
}

TEST_F(DaemonTest, HealthTellsThatTheLoopStallsAndThatItTurnsAgain) {
  options_.loop_watchdog.tick = std::chrono::milliseconds(1);
  options_.loop_watchdog.stalled_after = std::chrono::milliseconds(3);
  options_.loop_watchdog.limit = std::chrono::hours(1);
  StartOnOneSocket();
  std::promise<void> release;
  loop_.Post([future = release.get_future()] { future.wait(); });
  while (Check(Dial()) != HealthCheckResponse::NOT_SERVING) std::this_thread::yield();
  release.set_value();
  while (Check(Dial()) != HealthCheckResponse::SERVING) std::this_thread::yield();
}

TEST_F(DaemonTest, DrainEndsStreamsRefusesNewCallsAndLetsUnaryCallsFinish) {
  StartOnOneSocket();
  std::future<grpc::Status> unary = BeginUnaryCall();
  grpc::ClientContext context;
  const auto stream = fake::FakeService::NewStub(Dial())->Watch(&context, {});
  script_.WaitForCalls(2);

  daemon_->RequestStop("test");
  const grpc::Status ended = stream->Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(ended.error_details(), HasSubstr("SHUTTING_DOWN"));
  EXPECT_EQ(Check(Dial()), HealthCheckResponse::NOT_SERVING);
  fake::GetResponse response;
  const grpc::Status refused = Get(Dial(), "caller", &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(refused.error_details(), HasSubstr("SHUTTING_DOWN"));

  Release();
  EXPECT_TRUE(unary.get().ok());
  daemon_->WaitUntilStopped();
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
}

TEST_F(DaemonTest, DrainEndsUnaryCallsThatTakeTooLong) {
  options_.drain_timeout = std::chrono::seconds(0);
  StartOnOneSocket();
  std::future<grpc::Status> unary = BeginUnaryCall();
  daemon_->RequestStop("test");
  const grpc::Status ended = unary.get();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(ended.error_details(), HasSubstr("SHUTTING_DOWN"));
  daemon_->WaitUntilStopped();
}

TEST_F(DaemonTest, IdleWatchersAndReflectionStreamsDoNotHoldUpItsEnd) {
  StartOnOneSocket();
  grpc::ClientContext watch_context;
  const auto watch = grpc::health::v1::Health::NewStub(Dial())->Watch(&watch_context, {});
  HealthCheckResponse health;
  ASSERT_TRUE(watch->Read(&health));
  grpc::ClientContext reflection_context;
  const auto reflection =
      grpc::reflection::v1::ServerReflection::NewStub(Dial())->ServerReflectionInfo(&reflection_context);
  ASSERT_TRUE(reflection->Write({}));
  grpc::reflection::v1::ServerReflectionResponse answer;
  ASSERT_TRUE(reflection->Read(&answer));

  daemon_->RequestStop("test");
  daemon_->WaitUntilStopped();
  EXPECT_EQ(watch->Read(&health) && health.status() == HealthCheckResponse::SERVING, false);
  EXPECT_FALSE(reflection->Read(&answer));
}

TEST_F(DaemonTest, FirstSignalStopsItInOrder) {
  options_.stop_on_signals = true;
  StartOnOneSocket();
  std::future<grpc::Status> unary = BeginUnaryCall();
  ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);  // which is none of those
  EXPECT_EQ(Check(Dial()), HealthCheckResponse::SERVING);
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  while (Check(Dial()) != HealthCheckResponse::NOT_SERVING) std::this_thread::yield();
  Release();
  EXPECT_TRUE(unary.get().ok());
  daemon_->WaitUntilStopped();
}

using DaemonDeathTest = DaemonTest;

TEST_F(DaemonDeathTest, SecondSignalEndsItAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // the body runs in a process of its own
  EXPECT_EXIT(
      {
        options_.stop_on_signals = true;
        StartOnOneSocket();
        std::future<grpc::Status> unary = BeginUnaryCall();
        ::kill(::getpid(), SIGTERM);
        while (Check(Dial()) != HealthCheckResponse::NOT_SERVING) std::this_thread::yield();
        ::kill(::getpid(), SIGINT);
        daemon_->WaitUntilStopped();  // the call never ends
      },
      ::testing::ExitedWithCode(1), "second signal");
}

TEST_F(DaemonTest, IdleStreamsTakeNoThreads) {
  constexpr int kStreams = 200;
  StartOnOneSocket();
  const auto channel = Dial();
  const auto things = fake::FakeService::NewStub(channel);
  const auto reflection = grpc::reflection::v1::ServerReflection::NewStub(channel);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<fake::WatchResponse>>> watches;
  std::vector<decltype(reflection->ServerReflectionInfo(nullptr))> reflections;
  for (int i = 0; i < kStreams; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    watches.push_back(things->Watch(contexts.back().get(), {}));
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    reflections.push_back(reflection->ServerReflectionInfo(contexts.back().get()));
    grpc::reflection::v1::ServerReflectionResponse answer;
    ASSERT_TRUE(reflections.back()->Write({}));
    ASSERT_TRUE(reflections.back()->Read(&answer));
  }
  script_.WaitForCalls(kStreams);
  const auto threads = std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  EXPECT_LT(threads, 40);
  for (const auto& context : contexts) context->TryCancel();
}

}  // namespace
}  // namespace daytonad
