// Servers older or newer than the requests made to them, and servers that refuse valid requests.
#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/net/testing/test_http_server.h"
#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;
using Server = TestHttpServer;

// Answers like the recorded server: with the fields of a create that it knows, and no others.
Json OldSandbox(const std::string& id, const std::string& name) {
  return {{"id", id},
          {"name", name},
          {"organizationId", "org"},
          {"target", "us"},
          {"user", "daytona"},
          {"env", Json::object()},
          {"labels", {{"code-toolbox-language", "python"}}},
          {"state", "started"},
          {"desiredState", "started"},
          {"volumes", Json::array()},
          {"cpu", 1},
          {"memory", 1},
          {"disk", 3},
          {"gpu", 0},
          {"autoStopInterval", 15},
          {"autoArchiveInterval", 10080},
          {"autoDeleteInterval", -1},
          {"sandboxClass", "container"},
          {"createdAt", "2026-11-28T14:16:01.110Z"}};
}

constexpr char kId[] = "9789f49e-8cc5-4a09-b635-a1dbc284f003";

// A server of another version, with answers chosen by the test.
class SkewedServerTest : public SandboxesTest {
 protected:
  struct Answer {
    int status;
    Json body;
    std::string gate{};  // not empty: held until it opens
  };

  ProcessOptions daemon_options() override { return DaemonFor(server_.Url("/api")); }
  bool waits_for_upstream() override { return false; }
  // Stops the server before the state that its answers use.
  void TearDown() override { daemon_.reset(); }

  // Called on the server's thread, with the guard held.
  virtual Answer Respond(const Server::Request& request) = 0;
  virtual std::string version() { return "0.190.0"; }

  static Answer NotFound(const std::string& message) { return {404, Error(404, message)}; }
  static Json Error(int status, const std::string& message) {
    return {{"path", "/api"}, {"timestamp", "2026-11-28T14:15:54.226Z"}, {"statusCode", status}, {"message", message}};
  }
  Answer CreateFrom(const Server::Request& request) {
    created_ = OldSandbox(kId, Json::parse(request.body).value("name", ""));
    return {200, created_};
  }

  // "POST /api/sandbox", in order, without the daemon's own requests.
  std::vector<std::string> Seen() {
    const std::lock_guard lock(guard_);
    return seen_;
  }
  // The daemon knows the server's version.
  void WaitUntilVersionIsKnown() {
    ASSERT_TRUE(Eventually([this] { return Health("upstream") == "SERVING"; }));
    const std::lock_guard lock(guard_);
    seen_.clear();
  }

  std::mutex guard_;
  std::vector<std::string> seen_;
  Json created_ = OldSandbox(kId, "");

 private:
  Server::Script Handle(const Server::Request& request) {
    const std::lock_guard lock(guard_);
    seen_.push_back(request.method + " " + request.target);
    const bool own = request.target == "/api/config" || request.target == "/api/sandbox?limit=1";
    const Answer answer = own ? Answer{200, {{"items", Json::array()}, {"nextCursor", nullptr}}} : Respond(request);
    const std::string headers = "Content-Type: application/json\r\n" +
                                (version().empty() ? std::string() : "X-Daytona-Api-Version: " + version() + "\r\n");
    const Server::Send whole = Server::Answer(answer.status, answer.body.dump(), headers);
    if (answer.gate.empty()) return {whole};
    return {Server::Gate{answer.gate}, whole};
  }

 protected:
  Server server_{[this](const Server::Request& request) { return Handle(request); }};
};

// --- What a server ignores ---

class OldServerTest : public SkewedServerTest {
 protected:
  Answer Respond(const Server::Request& request) override {
    if (request.method == "POST") return CreateFrom(request);
    if (request.method == "DELETE") {
      created_["state"] = "destroying";
      created_["name"] = "DESTROYED_box_1795875336776";
      return {200, created_};
    }
    if (request.target.starts_with("/api/sandbox?"))
      return {200, {{"items", Json::array({created_})}, {"nextCursor", nullptr}}};
    if (created_["state"] == "destroying")
      return NotFound("Sandbox with ID or name " + std::string(kId) + " not found");
    return {200, created_};
  }
};

constexpr char kNewer[] =
    "name: 'box' ttl_minutes: 5 spot: true auto_pause_minutes: 5 outbound_proxy_url: 'http://p:1' kvm: true ";

TEST_F(OldServerTest, WarnsOfEachFieldThatIsIgnored) {
  const auto created = Create(std::string("spec { ") + kNewer + "}");
  ASSERT_EQ(Outcome(created.error), "OK");
  std::vector<std::string> fields;
  for (const v1::Warning& warning : created.value.warnings()) {
    EXPECT_EQ(warning.reason(), "PARAMETER_IGNORED");
    EXPECT_EQ(warning.metadata().at("sandbox_name"), "box");
    EXPECT_EQ(warning.metadata().at("sandbox_id"), kId);
    fields.push_back(warning.metadata().at("field"));
  }
  EXPECT_THAT(fields, ElementsAre("spec.auto_pause_minutes", "spec.ttl_minutes", "spec.spot", "spec.outbound_proxy_url",
                                  "spec.kvm"));
  const auto streamed = CreateStream("spec { name: 'box' ttl_minutes: 5 }");
  EXPECT_THAT(streamed.messages.front().warning().metadata().at("field"), "spec.ttl_minutes");
}

// A server without snapshot classes.
class OldSnapshotServerTest : public SkewedServerTest {
 protected:
  Answer Respond(const Server::Request& /*request*/) override {
    return {200, {{"id", kId}, {"name", "tools"}, {"state", "active"}, {"imageName", "debian:12"}}};
  }
};

TEST_F(OldSnapshotServerTest, WarnsOfAClassThatIsIgnored) {
  const auto spec = Parse<v1::SnapshotSpec>("name: 'tools' image: 'debian:12' sandbox_class: SANDBOX_CLASS_LINUX_VM");
  v1::CreateSnapshotRequest request;
  *request.mutable_spec() = spec;
  const auto created = Call(snapshots(), &v1::SnapshotService::Stub::CreateSnapshot, request);
  ASSERT_EQ(Outcome(created.error), "OK");
  ASSERT_EQ(created.value.warnings_size(), 1);
  EXPECT_EQ(created.value.warnings(0).reason(), "PARAMETER_IGNORED");
  EXPECT_EQ(created.value.warnings(0).metadata().at("field"), "spec.sandbox_class");
  EXPECT_EQ(created.value.warnings(0).metadata().at("snapshot_name"), "tools");
  EXPECT_EQ(created.value.warnings(0).metadata().at("snapshot_id"), kId);

  v1::CreateSnapshotStreamRequest stream_request;
  *stream_request.mutable_spec() = spec;
  const auto streamed = ReadAll(snapshots(), &v1::SnapshotService::Stub::CreateSnapshotStream, stream_request);
  ASSERT_EQ(Outcome(streamed.error), "OK");
  EXPECT_EQ(streamed.messages.front().warning().reason(), "PARAMETER_IGNORED");
}

TEST_F(OldServerTest, AStrictSpecIsNotSent) {
  WaitUntilVersionIsKnown();
  const auto refused = Create("spec { name: 'box' ttl_minutes: 5 strict: true }");
  EXPECT_EQ(Outcome(refused.error), "FAILED_PRECONDITION PARAMETER_IGNORED");
  EXPECT_EQ(refused.error->metadata.at("field"), "spec.ttl_minutes");
  EXPECT_THAT(Seen(), IsEmpty());
}

TEST_F(OldServerTest, AFilterThatIsIgnoredIsAnError) {
  WaitUntilVersionIsKnown();
  const auto listed = Call(sandboxes(), &Stub::ListSandboxes,
                           Parse<v1::ListSandboxesRequest>("filter { auto_destroy_at_after { seconds: 1 } }"));
  EXPECT_EQ(Outcome(listed.error), "FAILED_PRECONDITION PARAMETER_IGNORED");
  EXPECT_EQ(listed.error->metadata.at("field"), "filter.auto_destroy_at_after");
  const auto streamed =
      ReadAll(sandboxes(), &Stub::StreamSandboxes, Parse<v1::StreamSandboxesRequest>("filter { min_gpu: 1 }"));
  EXPECT_EQ(Outcome(streamed.error), "FAILED_PRECONDITION PARAMETER_IGNORED");
  EXPECT_THAT(Seen(), IsEmpty());
}

TEST_F(OldServerTest, DeletedSandboxesKeepTheirNames) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  const auto deleted = Delete(kId, "wait: true");
  ASSERT_EQ(Outcome(deleted.error), "OK");
  EXPECT_EQ(deleted.value.sandbox().name(), "box");
}

class NamelessServerTest : public OldServerTest {
 protected:
  std::string version() override { return ""; }
};

TEST_F(NamelessServerTest, TheAnswerRevealsIgnoredFields) {
  const auto created = Create("spec { name: 'box' ttl_minutes: 5 }");
  ASSERT_EQ(created.value.warnings_size(), 1);
  EXPECT_EQ(created.value.warnings(0).metadata().at("field"), "spec.ttl_minutes");
}

TEST_F(NamelessServerTest, AStrictSpecThatWasIgnoredIsUndone) {
  const auto refused = Create("spec { name: 'box' ttl_minutes: 5 strict: true }");
  EXPECT_EQ(Outcome(refused.error), "FAILED_PRECONDITION PARAMETER_IGNORED");
  EXPECT_EQ(refused.error->metadata.at("sandbox_id"), kId);
  EXPECT_THAT(Seen(), Contains("DELETE /api/sandbox/" + std::string(kId)));
}

TEST_F(NamelessServerTest, AListItemRevealsAnIgnoredFilter) {
  const auto listed = Call(sandboxes(), &Stub::ListSandboxes,
                           Parse<v1::ListSandboxesRequest>("filter { auto_destroy_at_after { seconds: 1 } }"));
  EXPECT_EQ(Outcome(listed.error), "FAILED_PRECONDITION PARAMETER_IGNORED");
}

// --- A server without the numbered list ---

class NewServerTest : public SkewedServerTest {
 protected:
  std::string version() override { return version_; }
  Answer Respond(const Server::Request& request) override {
    if (request.target.starts_with("/api/sandbox/paginated")) return missing_;
    if (request.target.starts_with("/api/sandbox/")) {
      const std::string id = request.target.substr(sizeof("/api/sandbox/") - 1);
      if (id == kGone) return NotFound("Sandbox with ID or name " + id + " not found");
      return {200, Labelled(id)};
    }
    // Three pages of one sandbox each.
    const bool second = request.target.find("cursor=c2") != std::string::npos;
    const bool third = request.target.find("cursor=c3") != std::string::npos;
    const Json next = third ? Json() : Json(second ? "c3" : "c2");
    return {200, {{"items", Json::array({Labelled(third ? kThird : second ? kId : kGone)})}, {"nextCursor", next}}};
  }
  static Json Labelled(const std::string& id) {
    Json sandbox = OldSandbox(id, "box-" + id.substr(0, 1));
    sandbox["labels"]["team"] = "blue";
    return sandbox;
  }

  static constexpr char kGone[] = "1789f49e-8cc5-4a09-b635-a1dbc284f003";
  static constexpr char kThird[] = "3789f49e-8cc5-4a09-b635-a1dbc284f003";
  std::string version_ = "0.226.0";
  Answer missing_ = NotFound("Sandbox with ID or name paginated not found");
};

TEST_F(NewServerTest, FindsByLabelsThroughTheOtherList) {
  WaitUntilVersionIsKnown();
  const auto found =
      Call(sandboxes(), &Stub::FindSandbox, Parse<v1::FindSandboxRequest>("labels { key: 'team' value: 'blue' }"));
  ASSERT_EQ(Outcome(found.error), "OK");
  EXPECT_EQ(found.value.sandbox().id(), kId);  // the first one is deleted, which the list does not show yet
  EXPECT_EQ(found.value.sandbox().view(), v1::VIEW_FULL);
  EXPECT_THAT(Seen(), Not(Contains(StartsWith("GET /api/sandbox/paginated"))));
}

TEST_F(NewServerTest, ANumberedPageIsFoundByWalking) {
  WaitUntilVersionIsKnown();
  const auto page = [this](const std::string& request) {
    return Call(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>(request));
  };
  const auto second = page("page: 2 page_size: 1");
  ASSERT_EQ(Outcome(second.error), "OK");
  ASSERT_EQ(second.value.sandboxes_size(), 1);
  EXPECT_EQ(second.value.sandboxes(0).id(), kId);
  EXPECT_EQ(second.value.sandboxes(0).view(), v1::VIEW_BASIC);
  EXPECT_EQ(second.value.page(), 2);
  EXPECT_FALSE(second.value.has_total_size());
  EXPECT_FALSE(second.value.has_total_pages());
  EXPECT_EQ(page("page: 9 page_size: 1").value.sandboxes_size(), 0);
  EXPECT_EQ(Outcome(page("page: 1 sort: SANDBOX_SORT_FIELD_STATE").error), "UNIMPLEMENTED NOT_SUPPORTED_BY_UPSTREAM");
  EXPECT_THAT(Seen(), Not(Contains(StartsWith("GET /api/sandbox/paginated"))));
}

class UnnamedNewServerTest : public NewServerTest {
 protected:
  UnnamedNewServerTest() { version_ = ""; }
};

TEST_F(UnnamedNewServerTest, TheMissingListIsDetected) {
  const Answer answers[] = {NotFound("Sandbox with ID or name paginated not found"),
                            NotFound("Cannot GET /api/sandbox/paginated"),
                            {200, OldSandbox(kId, "paginated")}};
  for (const Answer& answer : answers) {
    {
      const std::lock_guard lock(guard_);
      missing_ = answer;
    }
    const auto listed =
        Call(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>("page: 3 page_size: 1"));
    ASSERT_EQ(Outcome(listed.error), "OK");
    ASSERT_EQ(listed.value.sandboxes_size(), 1);
    EXPECT_EQ(listed.value.sandboxes(0).id(), kThird);
  }
}

// --- What upstream gives up ---

class GivingUpTest : public SkewedServerTest {
 protected:
  std::string version() override { return "0.226.0"; }
  Answer Respond(const Server::Request& request) override {
    if (request.method == "POST") {
      CreateFrom(request);
      created_["state"] = "creating";
      const Answer answer = {200, created_};
      created_["state"] = "destroyed";
      created_["name"] = "DESTROYED_box_1795875336776";
      created_[given_up_] = "2026-11-28T14:15:34.000Z";
      return answer;
    }
    return {200, created_};
  }
  std::string given_up_ = "queueTimedOutAt";
};

TEST_F(GivingUpTest, ACreateThatTimedOutInTheQueueIsReported) {
  for (const char* create : {"spec { name: 'box' }", "spec { name: 'box' queue_timeout_minutes: 1 } request_id: 'r'"}) {
    const auto created = Create(create);
    ASSERT_EQ(Outcome(created.error), "FAILED_PRECONDITION QUEUE_TIMED_OUT");
    EXPECT_EQ(created.error->metadata.at("queue_timed_out_at"), "2026-11-28T14:15:34Z");
    EXPECT_EQ(created.error->metadata.at("sandbox_id"), kId);
    EXPECT_EQ(created.error->metadata.at("sandbox_name"), "box");
  }
  EXPECT_EQ(Outcome(Wait(kId, "states: SANDBOX_STATE_STARTED").error), "FAILED_PRECONDITION QUEUE_TIMED_OUT");
  EXPECT_EQ(Outcome(Wait(kId, "states: SANDBOX_STATE_DESTROYED").error), "OK");
}

TEST_F(GivingUpTest, AnEvictedSandboxIsReported) {
  {
    const std::lock_guard lock(guard_);
    given_up_ = "spotEvictedAt";
  }
  const auto created = Create("spec { name: 'box' }");
  ASSERT_EQ(Outcome(created.error), "FAILED_PRECONDITION SPOT_EVICTED");
  EXPECT_EQ(created.error->metadata.at("spot_evicted_at"), "2026-11-28T14:15:34Z");
}

// --- A name falsely reported as taken ---

class FalselyTakenTest : public SandboxesTest {
 protected:
  void RefuseFalsely(const std::string& path_regex, int times, int status = 409) {
    control().AddFault({{"method", "POST"}, {"path_regex", path_regex}, {"times", times}},
                       {{"status", status}, {"body", {{"statusCode", status}, {"message", kWords}}}});
  }
  static constexpr char kWords[] = "Sandbox with name undefined already exists";
};

TEST_F(FalselyTakenTest, ACreateIsRetriedAndSucceeds) {
  for (const char* create : {"spec { name: 'box' }", "", "request_id: 'r'"}) {
    RefuseFalsely("/sandbox$", 3);
    EXPECT_EQ(Outcome(Create(create).error), "OK") << create;
  }
  RefuseFalsely("/snapshots$", 2);
  EXPECT_EQ(MakeSnapshot("snap").state(), v1::SNAPSHOT_STATE_ACTIVE);
  RefuseFalsely("/volumes$", 2);
  EXPECT_EQ(MakeVolume("vol").name(), "vol");
}

TEST_F(FalselyTakenTest, ANameReallyTakenCostsOneRequest) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  control().ResetRequests();
  EXPECT_EQ(Outcome(Create("spec { name: 'box' }").error), "ALREADY_EXISTS NAME_TAKEN");
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 1);
}

TEST_F(FalselyTakenTest, AnEphemeralSandboxThatStopsKeepsItsName) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' ephemeral: true }").error), "OK");
  const auto stopped = Stop("box");
  ASSERT_EQ(Outcome(stopped.error), "OK");
  EXPECT_EQ(stopped.value.sandbox().name(), "box");
}

// Refuses requests for a build while the first one for it is in progress, as the real server does.
class SameBuildTest : public SkewedServerTest {
 protected:
  Answer Respond(const Server::Request& request) override {
    if (request.target.starts_with("/api/sandbox?")) return {200, {{"items", Json::array()}, {"nextCursor", nullptr}}};
    if (request.method != "POST") return NotFound("Cannot GET " + request.target);
    const Json body = Json::parse(request.body);
    const std::string name = body.at("name");
    const Answer accepted = {200, OldSandbox("id-" + name, name)};
    if (body.at("buildInfo").at("dockerfileContent") != "FROM same") return accepted;
    ++posts_;
    if (posts_ == 1) return {200, accepted.body, "first"};
    if (first_is_accepted_) return accepted;
    ++refused_;
    return {409, Error(409, "Sandbox with name " + name + " already exists")};
  }
  std::string Made(const std::string& name, const std::string& dockerfile) {
    return Outcome(Create("spec { name: '" + name + "' dockerfile: '" + dockerfile + "' }").error);
  }

  int posts_ = 0;
  int refused_ = 0;
  bool first_is_accepted_ = false;
};

TEST_F(SameBuildTest, TheFirstRequestGoesAheadOfTheOthers) {
  std::vector<std::future<std::string>> calls;
  calls.reserve(8);
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(std::launch::async, [this, i] { return Made("p" + std::to_string(i), "FROM same"); }));
  }
  ASSERT_TRUE(Eventually([this] {
    const std::lock_guard lock(guard_);
    return posts_ > 0;
  }));
  EXPECT_EQ(Made("other", "FROM other"), "OK");  // without waiting
  {
    const std::lock_guard lock(guard_);
    first_is_accepted_ = true;
  }
  server_.OpenGate("first");
  for (auto& call : calls) EXPECT_EQ(call.get(), "OK");
  EXPECT_EQ(posts_, 8);
  EXPECT_EQ(refused_, 0);
}

}  // namespace
}  // namespace daytonad::testing
