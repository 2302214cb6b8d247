// Repeated calls: with a request id nothing is done twice, and creates with lost answers are settled.
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class RequestIdsTest : public SandboxesTest {
 protected:
  // The next such request takes effect, and its answer is lost.
  void LoseTheAnswerOf(const std::string& method, const std::string& path_regex, int times = 1) {
    control().AddFault({{"method", method}, {"path_regex", path_regex}, {"times", times}},
                       {{"drop", true}, {"when", "after"}});
  }
  // The next such request never arrives.
  void LoseTheRequest(const std::string& method, const std::string& path_regex) {
    control().AddFault({{"method", method}, {"path_regex", path_regex}, {"times", 1}}, {{"drop", true}});
  }
  int Posts(const std::string& path) { return control().CountRequests("POST", path); }
};

// --- A repeated mutation ---

TEST_F(RequestIdsTest, ACreateThatIsRepeatedGivesTheSameSandbox) {
  const auto first = Create("request_id: 'r'");
  const auto second = Create("request_id: 'r' timeout { seconds: 7 }");
  ASSERT_EQ(Outcome(first.error), "OK");
  ASSERT_EQ(Outcome(second.error), "OK");
  EXPECT_EQ(second.value.sandbox().id(), first.value.sandbox().id());
  EXPECT_EQ(second.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(Posts("/api/sandbox"), 1);
}

TEST_F(RequestIdsTest, CallsAtTheSameTimeAreOneMutation) {
  std::vector<std::future<std::string>> calls;
  calls.reserve(8);
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(std::launch::async, [this] { return Create("request_id: 'r'").value.sandbox().id(); }));
  }
  const std::string id = calls[0].get();
  EXPECT_FALSE(id.empty());
  for (size_t i = 1; i < calls.size(); ++i) EXPECT_EQ(calls[i].get(), id);
  EXPECT_EQ(Posts("/api/sandbox"), 1);
}

TEST_F(RequestIdsTest, AStreamMayResumeAUnaryCall) {
  const auto first = Create("spec { dockerfile: 'FROM debian:12\\nRUN echo hello' } request_id: 'r'");
  ASSERT_EQ(Outcome(first.error), "OK");
  const auto again = CreateStream("spec { dockerfile: 'FROM debian:12\\nRUN echo hello' } request_id: 'r'");
  ASSERT_EQ(Outcome(again.error), "OK");
  EXPECT_EQ(again.messages.back().result().id(), first.value.sandbox().id());
  EXPECT_EQ(Posts("/api/sandbox"), 1);
}

TEST_F(RequestIdsTest, AnotherRequestUnderTheIdIsRefused) {
  ASSERT_EQ(Outcome(Create("spec { name: 'a' } request_id: 'r'").error), "OK");
  EXPECT_EQ(Outcome(Create("spec { name: 'b' } request_id: 'r'").error), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  EXPECT_EQ(Outcome(Stop("a", "request_id: 'r'").error), "INVALID_ARGUMENT REQUEST_ID_REUSED");
}

TEST_F(RequestIdsTest, AnyCallerMayRepeatIt) {
  std::string ids[2];
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    context.AddMetadata("daytonad-client", "worker-" + std::to_string(i));
    const auto created =
        client::Call(sandboxes(), &Stub::CreateSandbox, Parse<v1::CreateSandboxRequest>("request_id: 'r'"), context);
    ASSERT_EQ(Outcome(created.error), "OK");
    ids[i] = created.value.sandbox().id();
  }
  EXPECT_EQ(ids[0], ids[1]);
}

TEST_F(RequestIdsTest, TheFormOfAnIdIsChecked) {
  EXPECT_EQ(Outcome(Create("request_id: 'two words'").error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_EQ(Outcome(Create("request_id: '" + std::string(129, 'r') + "'").error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_EQ(Outcome(Create("request_id: '" + std::string(128, 'r') + "'").error), "OK");
}

TEST_F(RequestIdsTest, AStopAStartAndADeleteAreMadeOnce) {
  const std::string id = MakeSandbox().id();
  for (int i = 0; i < 2; ++i) {
    const auto stopped = Stop(id, "request_id: 'stop'");
    ASSERT_EQ(Outcome(stopped.error), "OK");
    EXPECT_EQ(stopped.value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  }
  for (int i = 0; i < 2; ++i) {
    const auto started = Start(id, "request_id: 'start'");
    ASSERT_EQ(Outcome(started.error), "OK");
    EXPECT_EQ(started.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  }
  // It runs again; the answer is still the outcome of the first stop.
  EXPECT_EQ(Stop(id, "request_id: 'stop'").value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Outcome(Delete(id, "wait: true request_id: 'delete'").error), "OK");
  EXPECT_EQ(Posts("/stop"), 1);
  EXPECT_EQ(Posts("/start"), 1);
  EXPECT_EQ(control().CountRequests("DELETE", "/api/sandbox"), 1);
}

TEST_F(RequestIdsTest, SnapshotsAreMadeActivatedAndDeletedOnce) {
  using Snapshots = v1::SnapshotService::Stub;
  std::string id;
  for (int i = 0; i < 2; ++i) {
    const auto made = Call(snapshots(), &Snapshots::CreateSnapshot,
                           Parse<v1::CreateSnapshotRequest>("spec { name: 's' image: 'debian:12' } request_id: 'c'"));
    ASSERT_EQ(Outcome(made.error), "OK");
    if (i == 1) {
      EXPECT_EQ(made.value.snapshot().id(), id);
    }
    id = made.value.snapshot().id();
  }
  for (int i = 0; i < 2; ++i) {
    const auto changed = Call(snapshots(), &Snapshots::DeactivateSnapshot,
                              Parse<v1::DeactivateSnapshotRequest>("snapshot: 's' request_id: 'd'"));
    ASSERT_EQ(Outcome(changed.error), "OK");
    EXPECT_EQ(changed.value.snapshot().state(), v1::SNAPSHOT_STATE_INACTIVE);
  }
  control().ForceSnapshot(id, {{"state", "inactive"}});
  for (int i = 0; i < 2; ++i) {
    const auto deleted = Call(snapshots(), &Snapshots::DeleteSnapshot,
                              Parse<v1::DeleteSnapshotRequest>("snapshot: 's' wait: true request_id: 'x'"));
    ASSERT_EQ(Outcome(deleted.error), "OK");
    EXPECT_EQ(deleted.value.snapshot_id(), id);
  }
  EXPECT_EQ(Posts("/api/snapshots"), 2);  // the create and the deactivation
  EXPECT_EQ(control().CountRequests("DELETE", "/api/snapshots"), 1);
}

TEST_F(RequestIdsTest, VolumesAreMadeAndDeletedOnce) {
  using Volumes = v1::VolumeService::Stub;
  std::string id;
  for (int i = 0; i < 2; ++i) {
    const auto made = Call(volumes(), &Volumes::CreateVolume,
                           Parse<v1::CreateVolumeRequest>("name: 'data' wait: true request_id: 'c'"));
    ASSERT_EQ(Outcome(made.error), "OK");
    if (i == 1) {
      EXPECT_EQ(made.value.volume().id(), id);
    }
    id = made.value.volume().id();
  }
  for (int i = 0; i < 2; ++i) {
    const auto got = Call(volumes(), &Volumes::GetVolume,
                          Parse<v1::GetVolumeRequest>("volume: 'other' create_if_missing: true request_id: 'g'"));
    ASSERT_EQ(Outcome(got.error), "OK");
    EXPECT_TRUE(got.value.created());
  }
  for (int i = 0; i < 2; ++i) {
    const auto deleted = Call(volumes(), &Volumes::DeleteVolume,
                              Parse<v1::DeleteVolumeRequest>("volume: 'data' wait: true request_id: 'x'"));
    ASSERT_EQ(Outcome(deleted.error), "OK");
    EXPECT_EQ(deleted.value.volume_id(), id);
  }
  EXPECT_EQ(Posts("/api/volumes"), 2);
  EXPECT_EQ(control().CountRequests("DELETE", "/api/volumes"), 1);
}

TEST_F(RequestIdsTest, AnAbandonedCallHasItsOutcomeKept) {
  control().AddFault({{"method", "POST"}, {"path_regex", "/sandbox$"}}, {{"delay_ms", 300}, {"when", "after"}});
  {
    grpc::ClientContext context;
    v1::CreateSandboxResponse response;
    auto call = std::async(std::launch::async, [&] {
      return sandboxes().CreateSandbox(&context, Parse<v1::CreateSandboxRequest>("request_id: 'r'"), &response);
    });
    while (Posts("/api/sandbox") == 0) std::this_thread::yield();  // it was sent
    context.TryCancel();
    EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
  }
  const auto again = Create("request_id: 'r'");
  ASSERT_EQ(Outcome(again.error), "OK");
  EXPECT_EQ(again.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(Posts("/api/sandbox"), 1);
}

TEST_F(RequestIdsTest, ACreateThatUpstreamHoldsTooLongStillNamesItsSandbox) {
  control().AddFault({{"method", "POST"}, {"path_regex", "/sandbox$"}}, {{"delay_ms", 3000}, {"when", "after"}});
  const std::pair<std::string, std::string> calls[] = {
      {"spec { name: 'box' }", "box"},
      {"spec { name: 'box2' } request_id: 'r'", "box2"},
      {"", "daytonad-"},
      {"request_id: 's'", "daytonad-043a718774c572bd8a25adbeb1bfcd5c"}};
  for (const auto& [request, name] : calls) {
    const auto created = Create(request + " timeout { nanos: 200000000 }");
    ASSERT_EQ(Outcome(created.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
    EXPECT_THAT(created.error->metadata.at("sandbox_name"), StartsWith(name));
    const auto streamed = CreateStream(request + " timeout { nanos: 200000000 }");
    EXPECT_THAT(streamed.error->metadata.at("sandbox_name"), StartsWith(name));
  }
  EXPECT_EQ(Create("request_id: 't' timeout { nanos: 200000000 }").error->metadata.at("request_id"), "t");
}

TEST_F(RequestIdsTest, AChangeThatUpstreamHoldsTooLongNamesItsSandbox) {
  const v1::Sandbox box = MakeSandbox(Parse<v1::SandboxSpec>("name: 'box'"));
  control().AddFault({{"path_regex", "/sandbox/.*(stop|start)?$"}}, {{"delay_ms", 3000}, {"when", "before"}});
  const std::string briefly = "timeout { nanos: 200000000 }";
  for (const std::string& target : {box.id(), box.name()}) {
    const std::optional<client::Error> errors[] = {Start(target, briefly).error, Stop(target, briefly).error,
                                                   Delete(target, briefly).error};
    for (const auto& error : errors) {
      ASSERT_EQ(Outcome(error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
      EXPECT_EQ(error->metadata.at(target == box.id() ? "sandbox_id" : "sandbox_name"), target);
    }
  }
}

// --- A create whose answer is lost: row ambiguous-create ---

TEST_F(RequestIdsTest, AmbiguousCreateIsAdoptedByItsName) {
  LoseTheAnswerOf("POST", "/sandbox$");
  const auto created = Create("spec { name: 'box' }");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.sandbox().name(), "box");
  EXPECT_EQ(created.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
}

TEST_F(RequestIdsTest, AmbiguousCreateThatNeverArrivedIsSentAgain) {
  LoseTheRequest("POST", "/sandbox$");
  EXPECT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
}

TEST_F(RequestIdsTest, AmbiguousCreateWithARequestIdNeedsNoName) {
  LoseTheAnswerOf("POST", "/sandbox$");
  const auto created = Create("request_id: 'r'");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_THAT(created.value.sandbox().name(), StartsWith("daytonad-"));
  const auto again = Create("request_id: 'r'");
  EXPECT_EQ(again.value.sandbox().id(), created.value.sandbox().id());
}

TEST_F(RequestIdsTest, AmbiguousCreateWithoutEitherIsSettledByItsGeneratedName) {
  LoseTheAnswerOf("POST", "/sandbox$");
  const auto created = Create("");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_THAT(created.value.sandbox().name(), StartsWith("daytonad-"));
  EXPECT_EQ(Posts("/api/sandbox"), 2);
}

TEST_F(RequestIdsTest, AmbiguousCreateWithANameInUseIsNameTaken) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' labels { key: 'owner' value: 'other' } }").error), "OK");
  LoseTheAnswerOf("POST", "/sandbox$");
  EXPECT_EQ(Outcome(Create("spec { name: 'box' labels { key: 'owner' value: 'me' } }").error),
            "ALREADY_EXISTS NAME_TAKEN");
}

TEST_F(RequestIdsTest, AmbiguousCreateIsSettledByAnotherDaemonWithTheSameRequestId) {
  const auto created = Create("request_id: 'r'");
  ASSERT_EQ(Outcome(created.error), "OK");
  DaemonProcess other(daemon_options());
  absl::StatusOr<client::Client> client = client::Client::Connect(other.addresses().front());
  ASSERT_TRUE(client.ok()) << client.status();
  const auto create = [&](const std::string& request) {
    return Call(client->sandboxes(), &Stub::CreateSandbox, Parse<v1::CreateSandboxRequest>(request));
  };
  const auto adopted = create("request_id: 'r'");
  ASSERT_EQ(Outcome(adopted.error), "OK");
  EXPECT_EQ(adopted.value.sandbox().id(), created.value.sandbox().id());
}

TEST_F(RequestIdsTest, AnotherSpecUnderTheIdIsRefusedByEveryDaemon) {
  const auto created = Create("request_id: 'r'");
  ASSERT_EQ(Outcome(created.error), "OK");
  for (const char* spec : {"spec { labels { key: 'a' value: 'b' } }", "spec { env { key: 'A' value: 'b' } }",
                           "spec { language: CODE_LANGUAGE_TYPESCRIPT }", "spec { dockerfile: 'FROM debian:12' }",
                           "spec { auto_stop_minutes: 3 }", "spec { ttl_minutes: 3 }", "spec { is_public: true }",
                           "spec { ephemeral: true }", "spec { network_block_all: true }"}) {
    daemon_ = std::make_unique<DaemonProcess>(daemon_options());  // restarted, without memory
    client_ = *client::Client::Connect(daemon_->addresses().front());
    const auto refused = Create(std::string(spec) + " request_id: 'r'");
    EXPECT_EQ(Outcome(refused.error), "ALREADY_EXISTS REQUEST_ID_REUSED") << spec;
    EXPECT_EQ(refused.error->metadata.at("sandbox_id"), created.value.sandbox().id());
  }
}

TEST_F(RequestIdsTest, AmbiguousCreatesOfSnapshotsAndVolumesAreAdopted) {
  LoseTheAnswerOf("POST", "/snapshots$");
  const v1::Snapshot snapshot = MakeSnapshot("s");
  EXPECT_EQ(snapshot.state(), v1::SNAPSHOT_STATE_ACTIVE);
  LoseTheAnswerOf("POST", "/volumes$");
  EXPECT_EQ(MakeVolume("data").name(), "data");
}

TEST_F(RequestIdsTest, ChangesWithLostAnswersAreSettledByTheState) {
  const std::string id = MakeSandbox().id();
  LoseTheAnswerOf("POST", "/stop");
  EXPECT_EQ(Outcome(Stop(id).error), "OK");
  LoseTheAnswerOf("DELETE", "/sandbox/");
  EXPECT_EQ(Outcome(Delete(id, "wait: true").error), "OK");
  EXPECT_EQ(Posts("/stop"), 1);
  EXPECT_EQ(control().CountRequests("DELETE", "/sandbox/"), 1);
}

TEST_F(RequestIdsTest, AFailedStartNamesTheSandboxThatStays) {
  const auto failed = Create("spec { name: 'box' env { key: 'FAKE_FAIL' value: 'create' } }");
  EXPECT_EQ(Outcome(failed.error), "FAILED_PRECONDITION SANDBOX_FAILED");
  EXPECT_EQ(failed.error->metadata.at("sandbox_id"), Get("box").value.sandbox().id());
}

// --- A change while another one is in progress ---

class BusySandboxTest : public SandboxesTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.start = std::chrono::milliseconds(300);
    options.hold_limit = std::chrono::milliseconds(1);
    return options;
  }
};

TEST_F(BusySandboxTest, AStopWaitsForTheStartInProgress) {
  const std::string id = MakeSandbox().id();
  ASSERT_EQ(Outcome(Stop(id).error), "OK");
  ASSERT_EQ(Outcome(Start(id, "wait: false").error), "OK");
  const auto stopped = Stop(id);
  ASSERT_EQ(Outcome(stopped.error), "OK");
  EXPECT_EQ(stopped.value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
}

TEST_F(BusySandboxTest, ADeleteWaitsForTheStartInProgress) {
  const std::string id = MakeSandbox().id();
  ASSERT_EQ(Outcome(Stop(id).error), "OK");
  ASSERT_EQ(Outcome(Start(id, "wait: false").error), "OK");
  EXPECT_EQ(Outcome(Delete(id, "wait: true").error), "OK");
}

TEST_F(BusySandboxTest, AtTheTimeLimitTheErrorSaysThatNothingWasChanged) {
  const std::string id = MakeSandbox().id();
  control().ForceSandbox(id, {{"state", "starting"}});
  const auto stopped = Stop(id, "timeout { nanos: 200000000 }");
  EXPECT_EQ(Outcome(stopped.error), "ABORTED STATE_CHANGE_IN_PROGRESS");
  EXPECT_THAT(stopped.error->message, HasSubstr("nothing was changed"));
}

}  // namespace
}  // namespace daytonad::testing
