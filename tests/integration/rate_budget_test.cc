// Upstream's rate limits, and how the daemon shares them out. Rows of the users' complaints are named in the tests.
#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Sandboxes = v1::DaytonaService::Stub;

class RateBudgetTest : public IntegrationTest {
 protected:
  client::Result<v1::CreateSandboxResponse> CreateSandbox(const std::string& name, seconds limit = seconds(100)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    v1::CreateSandboxRequest request;
    request.mutable_spec()->set_name(name);
    return client::Call(sandboxes(), &Sandboxes::CreateSandbox, request, context);
  }

  // A read of a sandbox that does not exist: one request.
  static std::string Look(const client::Client& at, const std::string& name, const std::string& client_name = "") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(100));
    if (!client_name.empty()) context.AddMetadata("daytonad-client", client_name);
    v1::GetSandboxRequest request;
    request.set_sandbox(name);
    auto stub = v1::DaytonaService::NewStub(at.channel());
    return Outcome(client::Call(*stub, &Sandboxes::GetSandbox, request, context).error);
  }
  static std::future<std::string> StartLook(const client::Client& at, const std::string& name,
                                            const std::string& client_name = "") {
    return std::async(std::launch::async, [&at, name, client_name] { return Look(at, name, client_name); });
  }

  // How many requests upstream refused with 429.
  int Refused() {
    const nlohmann::json requests = control().Requests();
    return static_cast<int>(std::count_if(requests.begin(), requests.end(),
                                          [](const nlohmann::json& request) { return request["status"] == 429; }));
  }
};

constexpr char kMissing[] = "NOT_FOUND SANDBOX_NOT_FOUND";

class FewCreatesTest : public RateBudgetTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.rate_limits["sandbox-create"] = {3, 2};
    return options;
  }

  void CreateTogether(int count) {
    std::vector<std::future<std::string>> creates;
    creates.reserve(count);
    for (int i = 0; i < count; ++i) {
      creates.push_back(std::async(std::launch::async,
                                   [this, i] { return Outcome(CreateSandbox("box-" + std::to_string(i)).error); }));
    }
    for (auto& create : creates) EXPECT_EQ(create.get(), "OK");
  }
};

TEST_F(FewCreatesTest, RateLimitedEverywhereCallsQueueUntilTheNextWindowAndNoneIsRefused) {
  EXPECT_EQ(Outcome(CreateSandbox("first").error), "OK") << "its answer tells the limit";
  CreateTogether(8);
  EXPECT_EQ(Refused(), 0);
}

TEST_F(FewCreatesTest, RateLimitedEverywhereNotEvenTheFirstCallsOfADaemonAreRefused) {
  // Upstream's configuration was read before the daemon reported upstream as reachable.
  CreateTogether(5);
  EXPECT_EQ(Refused(), 0);
}

class SpentCreatesTest : public RateBudgetTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.rate_limits["sandbox-create"] = {2, 1000};
    options.rate_limits["sandbox-lifecycle"] = {1, 1000};
    return options;
  }
};

TEST_F(SpentCreatesTest, RateLimitedEverywhereBeyondTheDeadlineSaysTheExactWaitAndSendsNothing) {
  EXPECT_EQ(Outcome(CreateSandbox("one").error), "OK");
  EXPECT_EQ(Outcome(CreateSandbox("two").error), "OK");
  for (int i = 0; i < 3; ++i) {
    const auto refused = CreateSandbox("three");
    ASSERT_EQ(Outcome(refused.error), "RESOURCE_EXHAUSTED RATE_LIMITED");
    EXPECT_EQ(refused.error->metadata.at("throttler"), "sandbox-create");
    EXPECT_EQ(refused.error->metadata.at("limit"), "2");
    EXPECT_EQ(refused.error->metadata.at("delivery"), "not_sent");
    // Upstream's window began with the first create, during this test.
    EXPECT_GT(refused.error->retry_delay, seconds(800));
    EXPECT_LE(refused.error->retry_delay, seconds(1000));
  }
  EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 2);
  EXPECT_EQ(Refused(), 0);
  EXPECT_EQ(Look(*client_, "no-such"), kMissing) << "reads have a limit of their own";
}

TEST_F(SpentCreatesTest, RateLimitedEverywhereTheLimitsAreSeparate) {
  const v1::Sandbox sandbox = MakeSandbox();
  const auto stop = [this, &sandbox] {
    v1::StopSandboxRequest request;
    request.set_sandbox(sandbox.id());
    return Call(sandboxes(), &Sandboxes::StopSandbox, request).error;
  };
  EXPECT_EQ(Outcome(stop()), "OK");
  const auto refused = stop();
  ASSERT_EQ(Outcome(refused), "RESOURCE_EXHAUSTED RATE_LIMITED");
  EXPECT_EQ(refused->metadata.at("throttler"), "sandbox-lifecycle");
  EXPECT_EQ(Outcome(CreateSandbox("two").error), "OK");
}

// A rate limit window longer than the default time limit of a create.
class LongWindowTest : public RateBudgetTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.rate_limits["sandbox-create"] = {1, 200};
    return options;
  }

  // Without a deadline.
  client::Result<v1::CreateSandboxResponse> CreateWithin(const std::string& timeout) {
    grpc::ClientContext context;
    const auto request = Parse<v1::CreateSandboxRequest>("spec {} timeout { seconds: " + timeout + " }");
    return client::Call(sandboxes(), &Sandboxes::CreateSandbox, request, context);
  }
};

TEST_F(LongWindowTest, RateLimitedEverywhereWithoutATimeoutTheQueueDoesNotCountAndStreamsReportIt) {
  EXPECT_EQ(Outcome(CreateSandbox("one").error), "OK");
  // A timeout chosen by the caller includes the queue.
  EXPECT_EQ(Outcome(CreateWithin("60").error), "RESOURCE_EXHAUSTED RATE_LIMITED");

  grpc::ClientContext context;
  const auto stream = sandboxes().CreateSandboxStream(&context, v1::CreateSandboxStreamRequest());
  v1::CreateSandboxStreamResponse event;
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.warning().reason(), "RATE_LIMIT_WAIT");
  EXPECT_EQ(event.warning().metadata().at("throttler"), "sandbox-create");
  EXPECT_GT(std::stod(event.warning().metadata().at("wait_seconds")), 60);
  EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 1);
  context.TryCancel();
}

class ShortQueueTest : public LongWindowTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = LongWindowTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--max-queue-wait", "20s"});
    return options;
  }
};

TEST_F(ShortQueueTest, RateLimitedEverywhereTheQueueHasABoundOfItsOwn) {
  EXPECT_EQ(Outcome(CreateSandbox("one").error), "OK");
  grpc::ClientContext context;  // without a deadline
  const auto refused = client::Call(sandboxes(), &Sandboxes::CreateSandbox, {}, context);
  ASSERT_EQ(Outcome(refused.error), "RESOURCE_EXHAUSTED RATE_LIMITED");
  EXPECT_GT(refused.error->retry_delay, seconds(20));
  EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 1);
}

// The queue before the rate limit: for one of the connections for creates.
class OneCreateAtATimeTest : public RateBudgetTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = RateBudgetTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--max-creates", "1", "--max-queue-wait", "200ms"});
    return options;
  }
};

TEST_F(OneCreateAtATimeTest, TheQueueOfCreatesIsBoundedByMaxQueueWait) {
  control().AddFault({{"method", "POST"}, {"times", 1}}, {{"delay_ms", 5'000}});
  auto first = std::async(std::launch::async, [this] { return Outcome(CreateSandbox("one").error); });
  ASSERT_TRUE(Eventually([this] { return control().in_progress() == 1; }));
  const auto second = CreateSandbox("two");
  EXPECT_EQ(Outcome(second.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 1) << "it was not sent";
  EXPECT_EQ(first.get(), "OK");
}

TEST_F(FewCreatesTest, RateLimitedEverywhereWaitingStreamsReportItAndAreThenServed) {
  for (const char* name : {"one", "two", "three"}) EXPECT_EQ(Outcome(CreateSandbox(name).error), "OK");
  v1::CreateSandboxStreamRequest request;
  request.mutable_spec()->set_name("four");
  const auto created = ReadAll(sandboxes(), &Sandboxes::CreateSandboxStream, request);
  EXPECT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.messages.front().warning().reason(), "RATE_LIMIT_WAIT");
  EXPECT_EQ(created.messages.back().result().name(), "four");
}

// Of two callers sharing a read, the first has too little time to wait for the limit; the second has enough.
TEST_F(RateBudgetTest, RateLimitedEverywhereASharedReadHasTheLongestDeadlineOfItsCallers) {
  control().AddFault({{"method", "GET"}, {"times", 1}},
                     {{"delay_ms", 1'000}, {"rate_limit", {{"throttler", "authenticated"}, {"retry_after_s", 1}}}});
  auto first = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + milliseconds(700));
    v1::GetSandboxRequest request;
    request.set_sandbox("shared");
    return Outcome(client::Call(sandboxes(), &Sandboxes::GetSandbox, request, context).error);
  });
  ASSERT_TRUE(Eventually([this] { return control().in_progress() == 1; }));
  EXPECT_EQ(Look(*client_, "shared"), kMissing);
  EXPECT_THAT(first.get(), ::testing::StartsWith("DEADLINE_EXCEEDED"));
}

class FewReadsTest : public RateBudgetTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.rate_limits["authenticated"] = {kLimit, 4};
    return options;
  }

  static constexpr int kLimit = 20;
};

TEST_F(FewReadsTest, RateLimitedEverywhereTheFloodOfOneClientDoesNotDelayAnother) {
  std::vector<std::future<std::string>> flood;
  constexpr int kFlood = 3 * kLimit;
  flood.reserve(kFlood);
  for (int i = 0; i < kFlood; ++i) flood.push_back(StartLook(*client_, "flood-" + std::to_string(i), "flood"));
  // The daemon's start has used a part of the window; now all of it is used, and the rest of the flood waits.
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("GET", "flood") >= kLimit / 2; }));
  EXPECT_EQ(Look(*client_, "single", "single"), kMissing);
  for (auto& look : flood) EXPECT_EQ(look.get(), kMissing);
  int ahead = 0;
  for (const nlohmann::json& request : control().Requests()) {
    const std::string path = request["path"];
    if (request["status"] == 429) continue;  // it was in flight when the window ended
    if (path.ends_with("/single")) break;
    if (path.find("flood") != std::string::npos) ++ahead;
  }
  EXPECT_LT(ahead, kFlood) << "it was not behind all of them";
}

TEST_F(FewReadsTest, RateLimitedEverywhereUseByAnotherProcessWithTheSameKeyIsWaitedOut) {
  const DaemonProcess other(DaemonFor(emulator_->url()));
  ASSERT_TRUE(other.running()) << other.log();
  const auto other_client = client::Client::Connect(other.addresses().front());
  for (int i = 0; i < kLimit; ++i) {
    EXPECT_EQ(Look(*other_client, "other-" + std::to_string(i)), kMissing);
  }
  // This daemon does not see these, and assumes that most of the window is left.
  std::vector<std::future<std::string>> looks;
  looks.reserve(kLimit);
  for (int i = 0; i < kLimit; ++i) looks.push_back(StartLook(*client_, "own-" + std::to_string(i)));
  for (auto& look : looks) EXPECT_EQ(look.get(), kMissing);
  EXPECT_LE(Refused(), kLimit) << "each is refused once at most, and all learn from it";
}

}  // namespace
}  // namespace daytonad::testing
