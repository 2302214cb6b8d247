// Changes sent to Daytona that are still unanswered when a call ends: each way for a call to end reports them.
#include <csignal>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A mutation, and what its errors must report.
struct Mutation {
  const char* name;
  std::function<std::optional<client::Error>()> call;
  std::map<std::string, std::string> facts;
};

class OutcomesTest : public SandboxesTest {
 protected:
  using Snapshots = v1::SnapshotService::Stub;
  using Volumes = v1::VolumeService::Stub;

  // Every mutation once, each on its own object, with `more` in each request.
  std::vector<Mutation> Mutations(const std::string& more, bool with_ids) {
    const auto id = [with_ids](const std::string& text) { return with_ids ? " request_id: '" + text + "' " : " "; };
    for (const char* box : {"to-start", "to-stop", "to-delete"}) {
      MakeSandbox(Parse<v1::SandboxSpec>("name: '" + std::string(box) + "'"));
    }
    EXPECT_EQ(Outcome(Stop("to-start").error), "OK");
    for (const char* snapshot : {"to-activate", "to-deactivate", "to-remove"}) MakeSnapshot(snapshot);
    EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::DeactivateSnapshot,
                           Parse<v1::DeactivateSnapshotRequest>("snapshot: 'to-activate'"))
                          .error),
              "OK");
    MakeVolume("to-lose");
    std::vector<Mutation> mutations = {
        {"create",
         [=, this] { return Create("spec { name: 'box' }" + id("r1") + more).error; },
         {{"sandbox_name", "box"}}},
        {"create without a name", [=, this] { return Create(id("r2") + more).error; }, {{"sandbox_name", "daytonad-"}}},
        {"create as a stream",
         [=, this] { return CreateStream("spec { name: 'box3' }" + id("r3") + more).error; },
         {{"sandbox_name", "box3"}}},
        {"start", [=, this] { return Start("to-start", id("r4") + more).error; }, {{"sandbox_name", "to-start"}}},
        {"stop", [=, this] { return Stop("to-stop", id("r5") + more).error; }, {{"sandbox_name", "to-stop"}}},
        {"delete", [=, this] { return Delete("to-delete", id("r6") + more).error; }, {{"sandbox_name", "to-delete"}}},
        {"create snapshot",
         [=, this] {
           return Call(snapshots(), &Snapshots::CreateSnapshot,
                       Parse<v1::CreateSnapshotRequest>("spec { name: 's' image: 'debian:12' }" + id("r7") + more))
               .error;
         },
         {{"snapshot_name", "s"}}},
        {"delete snapshot",
         [=, this] {
           return Call(snapshots(), &Snapshots::DeleteSnapshot,
                       Parse<v1::DeleteSnapshotRequest>("snapshot: 'to-remove'" + id("r8") + more))
               .error;
         },
         {{"snapshot_name", "to-remove"}}},
        {"create volume",
         [=, this] {
           return Call(volumes(), &Volumes::CreateVolume, Parse<v1::CreateVolumeRequest>("name: 'v'" + id("r9") + more))
               .error;
         },
         {{"volume_name", "v"}}},
        {"delete volume",
         [=, this] {
           return Call(volumes(), &Volumes::DeleteVolume,
                       Parse<v1::DeleteVolumeRequest>("volume: 'to-lose'" + id("r10") + more))
               .error;
         },
         {{"volume_name", "to-lose"}}}};
    // These have no `timeout`.
    if (more.empty()) {
      mutations.push_back({"activate",
                           [=, this] {
                             return Call(snapshots(), &Snapshots::ActivateSnapshot,
                                         Parse<v1::ActivateSnapshotRequest>("snapshot: 'to-activate'" + id("r11")))
                                 .error;
                           },
                           {{"snapshot_name", "to-activate"}}});
      mutations.push_back({"deactivate",
                           [=, this] {
                             return Call(snapshots(), &Snapshots::DeactivateSnapshot,
                                         Parse<v1::DeactivateSnapshotRequest>("snapshot: 'to-deactivate'" + id("r12")))
                                 .error;
                           },
                           {{"snapshot_name", "to-deactivate"}}});
      mutations.push_back({"get or create",
                           [=, this] {
                             const std::string text = "volume: 'new' create_if_missing: true" + id("r13");
                             return Call(volumes(), &Volumes::GetVolume, Parse<v1::GetVolumeRequest>(text)).error;
                           },
                           {{"volume_name", "new"}}});
    }
    if (with_ids) {
      for (size_t i = 0; i < mutations.size(); ++i) mutations[i].facts["request_id"] = "r" + std::to_string(i + 1);
    }
    control().ResetRequests();
    return mutations;
  }

  // From now on upstream answers changes too late.
  void HoldAnswers() {
    control().AddFault({{"method", "POST"}}, {{"delay_ms", 8'000}, {"when", "after"}});
    control().AddFault({{"method", "DELETE"}}, {{"delay_ms", 8'000}, {"when", "after"}});
  }
  int Sent() { return control().CountRequests("POST", "") + control().CountRequests("DELETE", ""); }

  static std::vector<std::future<std::optional<client::Error>>> Begin(const std::vector<Mutation>& mutations) {
    std::vector<std::future<std::optional<client::Error>>> calls;
    calls.reserve(mutations.size());
    for (const Mutation& mutation : mutations) calls.push_back(std::async(std::launch::async, mutation.call));
    return calls;
  }

  static void ExpectUnknown(const Mutation& mutation, const std::optional<client::Error>& error) {
    ASSERT_TRUE(error.has_value()) << mutation.name;
    const auto told = [&](const std::string& key) {
      const auto found = error->metadata.find(key);
      return found == error->metadata.end() ? "nothing" : found->second;
    };
    EXPECT_EQ(told("outcome"), "unknown") << mutation.name << ": " << error->message;
    for (const auto& [key, value] : mutation.facts) EXPECT_THAT(told(key), StartsWith(value)) << mutation.name;
  }
};

class ShortDrainOutcomesTest : public OutcomesTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--drain-timeout", "300ms"});
    return options;
  }

  void StopsDuring(bool with_ids) {
    const std::vector<Mutation> mutations = Mutations("", with_ids);
    HoldAnswers();
    auto calls = Begin(mutations);
    ASSERT_TRUE(Eventually([&] { return Sent() == static_cast<int>(mutations.size()); }));
    daemon_->Signal(SIGTERM);
    for (size_t i = 0; i < calls.size(); ++i) {
      const std::optional<client::Error> error = calls[i].get();
      EXPECT_EQ(Outcome(error), "UNAVAILABLE SHUTTING_DOWN") << mutations[i].name;
      ExpectUnknown(mutations[i], error);
      EXPECT_TRUE(error->retry_delay.has_value()) << mutations[i].name;
      EXPECT_THAT(error->message, HasSubstr("may be carried out")) << mutations[i].name;
    }
    EXPECT_EQ(daemon_->WaitForExit(), 0);
  }
};

TEST_F(ShortDrainOutcomesTest, AShutdownReportsEachChangeSentToDaytona) { StopsDuring(/*with_ids=*/true); }
TEST_F(ShortDrainOutcomesTest, AShutdownReportsChangesWithoutARequestIdToo) { StopsDuring(/*with_ids=*/false); }

TEST_F(OutcomesTest, ATimeLimitReportsIt) {
  const std::vector<Mutation> mutations = Mutations("timeout { nanos: 500000000 }", /*with_ids=*/true);
  HoldAnswers();
  auto calls = Begin(mutations);
  for (size_t i = 0; i < calls.size(); ++i) {
    const std::optional<client::Error> error = calls[i].get();
    EXPECT_EQ(Outcome(error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT") << mutations[i].name;
    ExpectUnknown(mutations[i], error);
  }
}

class ShortRequestsOutcomesTest : public OutcomesTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--max-wait", "4s"});
    return options;
  }
};

TEST_F(ShortRequestsOutcomesTest, TheDaemonsLongestWaitReportsIt) {
  const std::vector<Mutation> mutations = Mutations("", /*with_ids=*/true);
  HoldAnswers();
  auto calls = Begin(mutations);
  for (size_t i = 0; i < calls.size(); ++i) {
    const std::optional<client::Error> error = calls[i].get();
    EXPECT_THAT(Outcome(error), StartsWith("DEADLINE_EXCEEDED")) << mutations[i].name;
    ExpectUnknown(mutations[i], error);
  }
}

}  // namespace
}  // namespace daytonad::testing
