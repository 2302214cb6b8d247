// Failures between the daemon and Daytona, and what a caller sees of them. Comments name the rows of the users'
// complaints.
#include <algorithm>
#include <atomic>
#include <future>
#include <iostream>
#include <set>

#include "daemon/net/testing/test_http_server.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Server = TestHttpServer;
using Sandboxes = v1::DaytonaService::Stub;
using Volumes = v1::VolumeService::Stub;

ProcessOptions With(ProcessOptions options, const std::vector<std::string>& flags,
                    const std::map<std::string, std::string>& environment = {}) {
  options.flags.insert(options.flags.end(), flags.begin(), flags.end());
  options.environment.insert(environment.begin(), environment.end());
  return options;
}

class UpstreamTroubleTest : public IntegrationTest {
 protected:
  client::Result<v1::GetSandboxResponse> GetSandbox(const std::string& name) {
    v1::GetSandboxRequest request;
    request.set_sandbox(name);
    return Call(sandboxes(), &Sandboxes::GetSandbox, request);
  }
  client::Result<v1::CreateSandboxResponse> CreateSandbox(const std::string& name) {
    v1::CreateSandboxRequest request;
    request.mutable_spec()->set_name(name);
    return Call(sandboxes(), &Sandboxes::CreateSandbox, request);
  }
  client::Result<v1::ListVolumesResponse> ListVolumes(seconds limit = seconds(100)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    return client::Call(volumes(), &Volumes::ListVolumes, v1::ListVolumesRequest(), context);
  }

  // Another daemon, and a client of it.
  void StartDaemon(const ProcessOptions& options) {
    daemon_.reset();
    daemon_ = std::make_unique<DaemonProcess>(options);
    ASSERT_TRUE(daemon_->running()) << daemon_->log();
    client_ = *client::Client::Connect(daemon_->addresses().front());
  }
};

TEST_F(UpstreamTroubleTest, AReadWhoseConnectionBreaksIsRepeated) {
  for (const std::string when : {"before", "after"}) {
    control().ResetRequests();
    control().AddFault({{"method", "GET"}, {"times", 1}}, {{"drop", true}, {"when", when}});
    EXPECT_EQ(Outcome(ListVolumes().error), "OK");
    EXPECT_EQ(control().CountRequests("GET", "/volumes"), 2);
  }
}

TEST_F(UpstreamTroubleTest, AReadThatWasCutShortIsRepeated) {
  MakeVolume("data");
  control().AddFault({{"method", "GET"}, {"times", 1}}, {{"cut_after_bytes", 5}});
  const auto listed = ListVolumes();
  EXPECT_EQ(Outcome(listed.error), "OK");
  EXPECT_EQ(listed.value.volumes_size(), 1);
}

// Row ambiguous-create: its outcome is found by the name that the daemon gave it.
TEST_F(UpstreamTroubleTest, AmbiguousCreateWithoutANameIsSettledByTheOneItWasGiven) {
  for (const std::string when : {"before", "after"}) {
    control().ResetRequests();
    control().AddFault({{"method", "POST"}, {"times", 1}}, {{"drop", true}, {"when", when}});
    EXPECT_EQ(Outcome(CreateSandbox("").error), "OK");
    EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 2);
  }
  EXPECT_EQ(Call(sandboxes(), &Sandboxes::ListSandboxes, {}).value.sandboxes_size(), 2) << "one for each call";
}

TEST_F(UpstreamTroubleTest, RequestsToAnOverloadedUpstreamAreRetried) {
  for (const int status : {502, 503}) {
    control().ResetRequests();
    control().AddFault({{"times", 1}}, {{"status", status}, {"body", "<html>Bad Gateway</html>"}});
    EXPECT_EQ(Outcome(ListVolumes().error), "OK");
    EXPECT_EQ(control().CountRequests("GET", "/volumes"), 2);
    control().AddFault({{"times", 1}}, {{"status", status}, {"body", "<html>Bad Gateway</html>"}});
    EXPECT_EQ(Outcome(CreateSandbox("").error), "OK");
    EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 2);
  }
}

// Row rate-limited-everywhere.
TEST_F(UpstreamTroubleTest, RateLimitedEverywhereIsWaitedForWithinTheDeadline) {
  control().AddFault({{"times", 1}}, {{"rate_limit", {{"throttler", "authenticated"}, {"retry_after_s", 1}}}});
  EXPECT_EQ(Outcome(ListVolumes().error), "OK");
  EXPECT_EQ(control().CountRequests("GET", "/volumes"), 2);
  // A refused create did not happen.
  control().AddFault({{"times", 1}}, {{"rate_limit", {{"throttler", "sandbox-create"}, {"retry_after_s", 1}}}});
  EXPECT_EQ(Outcome(CreateSandbox("patient").error), "OK");
  EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 2);
}

TEST_F(UpstreamTroubleTest, RateLimitedEverywhereBeyondTheDeadlineHasTheExactWait) {
  control().AddFault({}, {{"rate_limit", {{"throttler", "sandbox-lifecycle"}, {"retry_after_s", 50}}}});
  const auto listed = ListVolumes(seconds(20));
  EXPECT_EQ(Outcome(listed.error), "RESOURCE_EXHAUSTED RATE_LIMITED");
  EXPECT_EQ(listed.error->retry_delay, seconds(50));
  EXPECT_EQ(listed.error->metadata.at("throttler"), "sandbox-lifecycle");
  EXPECT_EQ(listed.error->metadata.at("ended_by"), "deadline");
  EXPECT_EQ(control().CountRequests("GET", "/volumes"), 1);
}

class BudgetTest : public UpstreamTroubleTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.rate_limits["sandbox-create"] = {2, 1000};
    return options;
  }
};

TEST_F(BudgetTest, ASpentBudgetOfCreatesStopsCreatesOnly) {
  EXPECT_EQ(Outcome(CreateSandbox("one").error), "OK");
  EXPECT_EQ(Outcome(CreateSandbox("two").error), "OK");
  const auto third = CreateSandbox("three");
  EXPECT_EQ(Outcome(third.error), "RESOURCE_EXHAUSTED RATE_LIMITED");
  EXPECT_EQ(third.error->metadata.at("throttler"), "sandbox-create");
  EXPECT_GT(third.error->retry_delay, seconds(500));
  EXPECT_EQ(Outcome(GetSandbox("one").error), "OK");
}

class FewConnectionsTest : public UpstreamTroubleTest {
 protected:
  ProcessOptions daemon_options() override { return With(DaemonFor(emulator_->url()), {"--max-connections", "2"}); }
};

// Row starved-pool-says-401.
TEST_F(FewConnectionsTest, StarvedPoolSays401NeverButGivesCallsTheirOwnError) {
  constexpr int kCalls = 50;
  for (int i = 0; i < kCalls; i += 2) MakeVolume("volume-" + std::to_string(i));
  control().AddFault({{"method", "GET"}}, {{"delay_ms", 30}});
  std::vector<std::future<std::string>> calls;
  calls.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(std::async(std::launch::async, [this, i] {
      v1::GetVolumeRequest request;
      request.set_volume("volume-" + std::to_string(i));
      return Outcome(Call(volumes(), &Volumes::GetVolume, request).error);
    }));
  }
  int most_at_once = 0;
  for (int i = 0; i < kCalls; ++i) {
    while (calls[i].wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      most_at_once = std::max(most_at_once, control().in_progress());
    }
    EXPECT_EQ(calls[i].get(), i % 2 == 0 ? "OK" : "NOT_FOUND VOLUME_NOT_FOUND");
  }
  EXPECT_THAT(most_at_once, AnyOf(1, 2)) << "looked at now and then, and so perhaps not at the most";
}

TEST_F(FewConnectionsTest, ACallWithoutAConnectionInTimeSaysSo) {
  control().AddFault({{"method", "GET"}}, {{"delay_ms", 600'000}});
  const auto get = [this](const std::string& name, seconds limit) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    v1::GetVolumeRequest request;
    request.set_volume(name);
    return Outcome(client::Call(volumes(), &Volumes::GetVolume, request, context).error);
  };
  auto first = std::async(std::launch::async, get, "first", seconds(8));
  auto second = std::async(std::launch::async, get, "second", seconds(8));
  ASSERT_TRUE(Eventually([this] { return control().in_progress() == 2; }));
  EXPECT_THAT(get("third", seconds(1)), HasSubstr("DEADLINE_EXCEEDED"));
  EXPECT_EQ(control().CountRequests("GET", "third"), 0);
  EXPECT_THAT(first.get() + second.get(), Not(HasSubstr("UNAUTHENTICATED")));
}

// Row stale-keep-alive.
TEST_F(UpstreamTroubleTest, StaleKeepAliveConnectionsAreNotUsedAgain) {
  emulator::EmulatorOptions options = emulator_options();
  options.port = emulator_->port();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Outcome(ListVolumes().error), "OK");
    EXPECT_EQ(Outcome(CreateSandbox("before").error), "OK");
    emulator_->Stop();
    ASSERT_TRUE(Eventually([&] {
      emulator_ = std::make_unique<emulator::Emulator>(options);
      return emulator_->Start().ok();
    }));
    EXPECT_EQ(Outcome(CreateSandbox("after").error), "OK");
    EXPECT_EQ(Outcome(ListVolumes().error), "OK");
    EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 1);
  }
}

TEST_F(UpstreamTroubleTest, AUrlWithoutItsPathIsRecognized) {
  StartDaemon(DaemonFor(emulator_->origin()));
  const auto listed = ListVolumes();
  EXPECT_EQ(Outcome(listed.error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
  EXPECT_THAT(listed.error->message, HasSubstr("/api"));
}

// Something that answers every request with "200" and a web page.
TEST_F(UpstreamTroubleTest, AWebPageIsNotAccepted) {
  Server upstream([](const Server::Request&) -> Server::Script {
    return {Server::Answer(200, "<!doctype html><title>Welcome</title>", "Content-Type: text/html\r\n")};
  });
  StartDaemon(DaemonFor(upstream.Url("")));
  const auto listed = ListVolumes(seconds(3));
  EXPECT_EQ(Outcome(listed.error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
  EXPECT_THAT(listed.error->message, HasSubstr("/api"));
  EXPECT_EQ(Outcome(CreateSandbox("none").error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
}

class OtherBasePathTest : public UpstreamTroubleTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.base_path = "/tools/daytona/v0";
    return options;
  }
  ProcessOptions daemon_options() override { return DaemonFor(emulator_->url() + "/"); }
};

// Row no-proxy-ignored: self-hosted URLs and prefixes.
TEST_F(OtherBasePathTest, AnyBasePathWorksWithOrWithoutATrailingSlash) {
  MakeSandbox();
  MakeSnapshot("built");
  v1::StreamBuildLogsRequest request;
  request.set_snapshot("built");
  grpc::ClientContext context;
  std::string log;
  const auto error = client::Stream(builds(), &v1::BuildService::Stub::StreamBuildLogs, request, context,
                                    [&](const v1::StreamBuildLogsResponse& message) { log += message.log().data(); });
  EXPECT_EQ(Outcome(error), "OK");
  EXPECT_THAT(log, HasSubstr("built"));
  for (const nlohmann::json& seen : control().Requests()) {
    EXPECT_THAT(seen.at("path").get<std::string>(), Not(HasSubstr("//")));
  }
}

// Row bearer-to-any-url: a host named by a redirect or an answer is not trusted.
class StrangerTest : public UpstreamTroubleTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.build_log_url_base = stranger_.Url("");
    return options;
  }

  Server stranger_{[](const Server::Request&) -> Server::Script { return {Server::Answer(200, "stolen")}; }};
};

TEST_F(StrangerTest, BearerToAnyUrlNotAcrossARedirect) {
  for (const int status : {301, 302, 307, 308}) {
    control().ClearFaults();
    control().AddFault({}, {{"status", status}, {"headers", {{"Location", stranger_.Url("/api/volumes")}}}});
    const auto listed = ListVolumes(seconds(1));
    EXPECT_EQ(Outcome(listed.error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
    EXPECT_EQ(listed.error->metadata.at("http_status"), std::to_string(status));
    EXPECT_NE(Outcome(CallWithin(seconds(1), sandboxes(), &Sandboxes::CreateSandbox, {}).error), "OK");
  }
  EXPECT_EQ(stranger_.stats().accepted, 0);
}

TEST_F(StrangerTest, BearerToAnyUrlNotToALogElsewhere) {
  MakeSnapshot("built");
  v1::StreamBuildLogsRequest request;
  request.set_snapshot("built");
  grpc::ClientContext context;
  std::string log;
  const auto error = client::Stream(builds(), &v1::BuildService::Stub::StreamBuildLogs, request, context,
                                    [&](const v1::StreamBuildLogsResponse& message) { log += message.log().data(); });
  EXPECT_EQ(Outcome(error), "OK");
  EXPECT_THAT(log, HasSubstr("built"));
  for (const Server::Request& seen : stranger_.requests()) {
    EXPECT_EQ(seen.headers.Get("Authorization"), "") << seen.target;
  }
}

// A proxy that answers by itself: an empty list.
Server::Script EmptyList(const Server::Request&) { return {Server::Answer(200, "[]")}; }

std::set<std::string> Targets(const Server& proxy) {
  std::set<std::string> targets;
  for (const Server::Request& request : proxy.requests()) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (!path.ends_with("/sandbox")) targets.insert(path);  // the daemon's own requests
  }
  return targets;
}

// Row no-proxy-ignored.
TEST_F(UpstreamTroubleTest, AProxyIsUsedWhereFlagsOrEnvironmentSaySo) {
  Server proxy(EmptyList);
  StartDaemon(With(DaemonFor("http://daytona.invalid/api"), {}, {{"http_proxy", proxy.Url("")}}));
  EXPECT_EQ(Outcome(ListVolumes().error), "OK");
  EXPECT_THAT(Targets(proxy), ElementsAre("http://daytona.invalid/api/volumes"));

  Server other(EmptyList);
  StartDaemon(
      With(DaemonFor("http://daytona.invalid/api"), {"--proxy", other.Url("")}, {{"http_proxy", proxy.Url("")}}));
  const int before = proxy.stats().requests;
  EXPECT_EQ(Outcome(ListVolumes().error), "OK");
  EXPECT_THAT(Targets(other), ElementsAre("http://daytona.invalid/api/volumes"));
  EXPECT_EQ(proxy.stats().requests, before);
}

TEST_F(UpstreamTroubleTest, NoProxyIgnoredNeverHere) {
  Server proxy(EmptyList);
  MakeVolume("direct");
  StartDaemon(
      With(DaemonFor(emulator_->url()), {}, {{"http_proxy", proxy.Url("")}, {"NO_PROXY", "localhost,127.0.0.1"}}));
  EXPECT_EQ(ListVolumes().value.volumes_size(), 1);
  EXPECT_EQ(proxy.stats().accepted, 0);
}

// For https a proxy is a tunnel; it learns only the host's name.
TEST_F(UpstreamTroubleTest, AProxySeesNothingOfWhatGoesToHttps) {
  Server proxy([](const Server::Request&) -> Server::Script { return {Server::Answer(403, "no")}; });
  StartDaemon(With(DaemonFor("https://daytona.invalid/api"), {}, {{"HTTPS_PROXY", proxy.Url("")}}));
  const auto listed = ListVolumes(seconds(3));
  EXPECT_EQ(listed.error->code, grpc::StatusCode::UNAVAILABLE) << Outcome(listed.error);
  EXPECT_THAT(Targets(proxy), ElementsAre("daytona.invalid:443"));
  for (const Server::Request& request : proxy.requests()) {
    EXPECT_EQ(request.method, "CONNECT");
    EXPECT_EQ(request.headers.Get("Authorization"), "");
  }
}

TEST_F(UpstreamTroubleTest, ABodyMayComeInPieces) {
  const auto pieces = [](const Server::Request& request) -> Server::Script {
    if (request.target != "/api/volumes") return {Server::Answer(200, R"({"items": []})")};
    return {Server::ChunkedHead(), Server::Chunk(R"([{"id": "v-1", "na)"),
            Server::Gate{"rest"},  Server::Chunk(R"(me": "slow", "state": "ready"})"),
            Server::Chunk("]"),    Server::LastChunk()};
  };
  Server upstream(pieces);
  StartDaemon(DaemonFor(upstream.Url("/api")));
  auto listed = std::async(std::launch::async, [this] { return ListVolumes(); });
  ASSERT_TRUE(
      upstream.WaitUntil([&](const Server::Stats& stats) { return stats.in_progress > 0 && stats.bytes_sent > 0; }));
  // This one ends before the rest arrives.
  EXPECT_THAT(Outcome(ListVolumes(seconds(1)).error), HasSubstr("DEADLINE_EXCEEDED"));
  upstream.OpenGate("rest");
  const auto result = listed.get();
  EXPECT_EQ(Outcome(result.error), "OK");
  ASSERT_EQ(result.value.volumes_size(), 1);
  EXPECT_EQ(result.value.volumes(0).name(), "slow");
}

// A list of 16 MiB is parsed off the loop: other calls are answered meanwhile. The longest time they took is printed,
// not asserted.
TEST_F(UpstreamTroubleTest, ALargeListDelaysNobody) {
  constexpr int kItems = 4096;
  const std::string dockerfile(4000, 'x');
  std::string list = R"({"items": [)";
  for (int i = 0; i < kItems; ++i) {
    const std::string id = "s-" + std::to_string(i);
    list += (i == 0 ? "" : ",") + std::string(R"({"id": ")") + id + R"(", "name": ")" + id +
            R"(", "state": "started", "buildInfo": {"dockerfileContent": ")" + dockerfile + R"("}})";
  }
  list += R"(], "nextCursor": null})";
  Server upstream([&](const Server::Request& request) -> Server::Script {
    if (request.target == "/api/volumes") return {Server::Answer(200, "[]")};
    const bool probe = request.target.find("limit=1") != std::string::npos;
    return {Server::Answer(200, probe ? R"({"items": [], "nextCursor": null})" : list)};
  });
  StartDaemon(DaemonFor(upstream.Url("/api")));
  grpc::ClientContext context;
  const auto reader = sandboxes().StreamSandboxes(&context, v1::StreamSandboxesRequest());
  std::atomic<bool> over = false;
  auto reading = std::async(std::launch::async, [&] {
    v1::StreamSandboxesResponse message;
    int items = 0;
    while (reader->Read(&message)) ++items;
    over = true;
    return items;
  });
  std::chrono::steady_clock::duration longest{};
  int answered = 0;
  while (!over) {
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(Outcome(ListVolumes().error), "OK");
    longest = std::max(longest, std::chrono::steady_clock::now() - began);
    ++answered;
  }
  EXPECT_EQ(reading.get(), kItems);
  EXPECT_GT(answered, 0);
  std::cout << answered << " other calls meanwhile, the longest "
            << std::chrono::duration_cast<std::chrono::milliseconds>(longest).count() << " ms\n";
}

TEST_F(UpstreamTroubleTest, ABodyMayBeCompressed) {
  const std::string gzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x8b\x8e\x05\x00\x29\xbb\x4c\x0d\x02\x00\x00\x00",
                         22);
  Server upstream([&](const Server::Request&) -> Server::Script {
    return {Server::Answer(200, gzip, "Content-Encoding: gzip\r\n")};
  });
  StartDaemon(DaemonFor(upstream.Url("/api")));
  EXPECT_EQ(Outcome(ListVolumes().error), "OK");
  EXPECT_THAT(std::string(upstream.requests().at(0).headers.Get("Accept-Encoding")), HasSubstr("gzip"));
}

}  // namespace
}  // namespace daytonad::testing
