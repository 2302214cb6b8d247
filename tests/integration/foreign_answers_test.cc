// Answers from a proxy before Daytona, and transient, malformed or endless answers of Daytona itself. Tests are named
// after rows of the users' complaints.
#include <future>
#include <string>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPage[] = "<html><h1>Not here</h1></html>";

// Without events and without answers from memory, the daemon polls here.
class ForeignAnswersTest : public SandboxesTest {
 protected:
  using Volumes = v1::VolumeService::Stub;

  // Answers the next `times` requests of this method with a matching path like this.
  void Answer(const std::string& method, const std::string& path, int times, int status, const nlohmann::json& body,
              const std::string& when = "before") {
    control().AddFault({{"method", method}, {"path_regex", path}, {"times", times}},
                       {{"status", status}, {"body", body}, {"when", when}});
  }
  client::Result<v1::ListVolumesResponse> ListVolumes() {
    return Call(volumes(), &Volumes::ListVolumes, v1::ListVolumesRequest());
  }
  client::Result<v1::GetVolumeResponse> GetVolume(const std::string& name, bool create, seconds limit) {
    v1::GetVolumeRequest request;
    request.set_volume(name);
    request.set_create_if_missing(create);
    return CallWithin(limit, volumes(), &Volumes::GetVolume, request);
  }
  int CountSandboxes(const std::string& name) {
    v1::ListSandboxesRequest request;
    request.mutable_filter()->set_name_prefix(name);
    return Call(sandboxes(), &Stub::ListSandboxes, request).value.sandboxes_size();
  }
};

TEST_F(ForeignAnswersTest, ProxySays404AndAWatchGoesOn) {
  const std::string id = MakeSandbox().id();
  v1::WatchSandboxRequest request;
  request.set_sandbox(id);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(100));
  const auto watch = sandboxes().WatchSandbox(&context, request);
  v1::WatchSandboxResponse message;
  ASSERT_TRUE(watch->Read(&message));
  for (const nlohmann::json& body :
       {nlohmann::json(kPage), nlohmann::json{{"message", "no Route matched with those values"}},
        DaytonaError(404, "Region not found"), DaytonaError(404, "Not Found")}) {
    const int before = control().strikes();
    Answer("GET", "/sandbox/" + id, 2, 404, body);
    ASSERT_TRUE(Eventually([&] { return control().strikes() == before + 2; })) << body;
  }
  control().ForceSandbox(id, {{"state", "stopped"}});
  ASSERT_TRUE(watch->Read(&message));
  EXPECT_FALSE(message.removed());
  EXPECT_EQ(message.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  context.TryCancel();
}

TEST_F(ForeignAnswersTest, ProxySays404AndNothingIsDestroyed) {
  const std::string id = MakeSandbox().id();
  Answer("GET", "/sandbox/" + id, 6, 404, kPage);
  auto waiting = std::async(std::launch::async, [&] { return Wait(id, "states: SANDBOX_STATE_DESTROYED"); });
  ASSERT_TRUE(Eventually([&] { return control().strikes() == 6; }));
  EXPECT_EQ(waiting.wait_for(seconds(0)), std::future_status::timeout);
  EXPECT_EQ(Outcome(Delete(id).error), "OK");
  EXPECT_EQ(Outcome(waiting.get().error), "OK");
}

TEST_F(ForeignAnswersTest, ProxySays404WhileASandboxStops) {
  const std::string id = MakeSandbox().id();
  Answer("GET", "/sandbox/" + id, 6, 404, kPage);
  const auto stopped = Stop(id);
  ASSERT_EQ(Outcome(stopped.error), "OK");
  EXPECT_EQ(stopped.value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
}

TEST_F(ForeignAnswersTest, ProxySays404AndNoVolumeIsMade) {
  for (const int status : {200, 400, 401, 403, 404, 409}) {
    control().ClearFaults();
    Answer("GET", "/volumes/by-name/data", 1000, status, kPage);
    const auto got = GetVolume("data", /*create=*/true, seconds(1));
    EXPECT_EQ(Outcome(got.error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER") << status;
    EXPECT_EQ(got.error->metadata.at("http_status"), std::to_string(status));
    EXPECT_TRUE(got.error->retry_delay.has_value());
  }
  EXPECT_EQ(control().CountRequests("POST", "/volumes"), 0);
}

TEST_F(ForeignAnswersTest, ProxySays404OnceAndAReadIsRepeated) {
  MakeVolume("data");
  for (const int status : {200, 302, 401, 404, 408, 425, 500, 520, 524, 527, 530, 599}) {
    Answer("GET", "/volumes", 1, status, kPage);
    EXPECT_EQ(ListVolumes().value.volumes_size(), 1) << status;
  }
}

TEST_F(ForeignAnswersTest, NotFoundNamesTheObjectAsTheCallerDid) {
  const auto got = Get("nope");
  ASSERT_EQ(Outcome(got.error), "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(got.error->message, "Sandbox `nope` does not exist or was deleted.");
  EXPECT_EQ(got.error->metadata.at("absent"), "sandbox");
  EXPECT_EQ(got.error->metadata.at("sandbox_name"), "nope");
  EXPECT_THAT(got.error->metadata.at("upstream_path"), HasSubstr("/sandbox/nope"));
  EXPECT_EQ(got.error->metadata.at("upstream_message"), "Sandbox with ID or name nope not found");
}

TEST_F(ForeignAnswersTest, UnknownWordsAreConfirmedByTheList) {
  const std::string id = MakeSandbox().id();
  Answer("GET", "/sandbox/" + id, 1, 404, DaytonaError(404, "Not Found"));
  EXPECT_EQ(Outcome(Get(id).error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
  Answer("GET", "/sandbox/nope", 1, 404, DaytonaError(404, "Not Found"));
  EXPECT_EQ(Outcome(Get("nope").error), "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(ForeignAnswersTest, ARouteThatTheServerLacksIsUnimplemented) {
  Answer("POST", "/sandbox/box/start", 1, 404, DaytonaError(404, "Cannot POST /api/sandbox/box/start"));
  EXPECT_EQ(Outcome(Start("box").error), "UNIMPLEMENTED NOT_SUPPORTED_BY_UPSTREAM");
}

TEST_F(ForeignAnswersTest, GatewayTimeoutAfterCreateIsSettled) {
  for (const int status : {404, 520, 522, 524, 527, 530, 599}) {
    const std::string name = "box-" + std::to_string(status);
    Answer("POST", "/sandbox$", 1, status, kPage, "after");
    const auto created = Create("spec { name: '" + name + "' }");
    EXPECT_EQ(Outcome(created.error), "OK") << status;
    EXPECT_EQ(CountSandboxes(name), 1) << status;
  }
}

TEST_F(ForeignAnswersTest, GatewayTimeoutAfterADeleteIsSettled) {
  for (const int status : {404, 524}) {
    const std::string id = MakeSandbox().id();
    Answer("DELETE", "/sandbox/", 1, status, kPage, "after");
    EXPECT_EQ(Outcome(Delete(id).error), "OK") << status;
  }
}

TEST_F(ForeignAnswersTest, NoRunnerNowIsNotRemembered) {
  int number = 0;
  for (const std::string text : {"No available runners", "Runner r1 is draining", "Limit reached, try again later"}) {
    Answer("POST", "/sandbox$", 1, 400, DaytonaError(400, text));
    const std::string request = "spec { name: 'box' } request_id: 'intent-" + std::to_string(++number) + "'";
    const auto refused = Create(request);
    EXPECT_EQ(Outcome(refused.error), "UNAVAILABLE NO_CAPACITY") << text;
    EXPECT_TRUE(refused.error->retry_delay.has_value());
    EXPECT_EQ(Outcome(Create(request).error), "OK") << text;
    EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  }
}

TEST_F(ForeignAnswersTest, StateChange400IsWaitedOut) {
  for (const std::string text : {"Sandbox state change in progress", "sandbox State Change in progress"}) {
    const std::string id = MakeSandbox().id();
    Answer("POST", "/stop$", 1, 400, DaytonaError(400, text));
    EXPECT_EQ(Outcome(Stop(id).error), "OK") << text;
  }
}

TEST_F(ForeignAnswersTest, OddStringInListDoesNotSpoilTheRest) {
  const std::string body = std::string("\xEF\xBB\xBF") +
                           R"({"items": [{"id": "a", "name": "a", "state": "error", "errorReason": "boom \ud83d"},)"
                           R"({"name": "no id"}, {"id": "b", "name": "b", "state": "started", "cpu": "2",)"
                           R"("memory": NaN}], "nextCursor": null})";
  Answer("GET", "/sandbox$", 1, 200, body);
  const auto listed = Call(sandboxes(), &Stub::ListSandboxes, v1::ListSandboxesRequest());
  ASSERT_EQ(Outcome(listed.error), "OK");
  ASSERT_EQ(listed.value.sandboxes_size(), 2);
  EXPECT_EQ(listed.value.sandboxes(0).error_reason(), "boom \xEF\xBF\xBD");
  EXPECT_EQ(listed.value.sandboxes(1).cpu(), 2);
}

TEST_F(ForeignAnswersTest, ACursorThatLeadsInACircleEndsAStream) {
  Answer("GET", "/sandbox$", 1000, 200,
         {{"items", {{{"id", "a"}, {"name", "a"}}, {{"id", "a"}, {"name", "a"}}}}, {"nextCursor", "same"}});
  const auto streamed = ReadAll(sandboxes(), &Stub::StreamSandboxes, v1::StreamSandboxesRequest());
  EXPECT_EQ(Outcome(streamed.error), "INTERNAL UPSTREAM_MALFORMED_RESPONSE");
  EXPECT_EQ(streamed.messages.size(), 1U);
  EXPECT_EQ(control().strikes(), 2);
}

TEST_F(ForeignAnswersTest, ASandboxMayHaveTheNameOfARoute) {
  ASSERT_EQ(Outcome(Create("spec { name: 'paginated' }").error), "OK");
  const auto got = Get("paginated");
  ASSERT_EQ(Outcome(got.error), "OK");
  EXPECT_EQ(got.value.sandbox().name(), "paginated");
  EXPECT_EQ(Outcome(Stop("paginated").error), "OK");
  EXPECT_EQ(Outcome(Get("for-runner").error), "NOT_FOUND SANDBOX_NOT_FOUND");
}

class ShortWindowTest : public ForeignAnswersTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.rate_limits["authenticated"] = {10'000, 2};
    return options;
  }
};

TEST_F(ShortWindowTest, RetryAfterHoursStopsNobodyForLongerThanTheWindow) {
  for (const std::string header : {"Retry-After", "Retry-After-authenticated"}) {
    control().AddFault({{"path_regex", "/volumes"}, {"times", 1}},
                       {{"status", 429}, {"body", "slow down"}, {"headers", {{header, "60000"}}}});
    EXPECT_EQ(Outcome(ListVolumes().error), "OK") << header;
  }
}

}  // namespace
}  // namespace daytonad::testing
