// Answers from upstream's cache or lagging lists do not undo newer knowledge of the daemon.
#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

class StaleUpstreamTest : public SharedStateTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", "1h"}; }

  // A sandbox as it was long ago: started.
  static nlohmann::json AsItWas(const v1::Sandbox& sandbox) {
    return {{"id", sandbox.id()},
            {"name", sandbox.name()},
            {"organizationId", sandbox.organization_id()},
            {"target", "us"},
            {"state", "started"},
            {"desiredState", "started"},
            {"labels", nlohmann::json::object()},
            {"createdAt", "2020-01-01T00:00:00.000Z"},
            {"updatedAt", "2020-01-01T00:00:00.000Z"}};
  }
};

// --- Lists ---

// Upstream's lists lag, so a list requested after a change may still show the state before it.
class LaggingListsTest : public StaleUpstreamTest {
 protected:
  // From now on lists answer this, whatever changes.
  void FreezeList(const std::string& path, const nlohmann::json& body) {
    control().AddFault({{"method", "GET"}, {"path_regex", path + "$"}}, {{"status", 200}, {"body", body}});
  }
  // The states shown by both kinds of lists and the stream.
  std::vector<std::string> Listed(const std::string& more = "") {
    std::vector<std::string> states;
    for (const char* page : {"", " page: 1"}) {
      const auto list = Call(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>(more + page));
      EXPECT_EQ(Outcome(list.error), "OK");
      for (const v1::Sandbox& sandbox : list.value.sandboxes()) states.push_back(sandbox.state_text());
    }
    const auto stream = ReadAll(sandboxes(), &Stub::StreamSandboxes, Parse<v1::StreamSandboxesRequest>(more));
    for (const auto& message : stream.messages) {
      EXPECT_EQ(message.sandbox().view(), v1::VIEW_BASIC);
      states.push_back(message.sandbox().state_text());
    }
    return states;
  }
  void FreezeSandboxLists(const v1::Sandbox& sandbox) {
    const nlohmann::json items = nlohmann::json::array({AsItWas(sandbox)});
    FreezeList("/sandbox", {{"items", items}, {"nextCursor", nullptr}});
    FreezeList("/sandbox/paginated", {{"items", items}, {"total", 1}, {"page", 1}, {"totalPages", 1}});
  }
};

// Row stale-list-after-delete.
TEST_F(LaggingListsTest, StaleListAfterDeleteOfASandbox) {
  const v1::Sandbox sandbox = MakeSandbox();
  FreezeSandboxLists(sandbox);
  EXPECT_THAT(Listed(), ::testing::ElementsAre("started", "started", "started"));
  EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
  EXPECT_THAT(Listed(), ::testing::ElementsAre("stopped", "stopped", "stopped"));
  EXPECT_THAT(Listed("filter { states: SANDBOX_STATE_STARTED }"), ::testing::IsEmpty());
  EXPECT_EQ(Outcome(Delete(sandbox.id(), "wait: true").error), "OK");
  EXPECT_THAT(Listed(), ::testing::IsEmpty());
  EXPECT_EQ(
      Outcome(
          Call(sandboxes(), &Stub::FindSandbox, Parse<v1::FindSandboxRequest>("labels { key: 'a' value: 'b' }")).error),
      "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(LaggingListsTest, StaleListAfterDeleteOfASnapshot) {
  const v1::Snapshot snapshot = MakeSnapshot("snap");
  const nlohmann::json item = {{"id", snapshot.id()},
                               {"name", "snap"},
                               {"state", "active"},
                               {"createdAt", "2020-01-01T00:00:00.000Z"},
                               {"updatedAt", "2020-01-01T00:00:00.000Z"}};
  FreezeList("/snapshots", {{"items", nlohmann::json::array({item})}, {"total", 1}, {"page", 1}, {"totalPages", 1}});
  const auto list = [this] { return Call(snapshots(), &Snapshots::ListSnapshots, {}); };
  ASSERT_EQ(list().value.snapshots_size(), 1);
  v1::DeleteSnapshotRequest request;
  request.set_snapshot("snap");
  request.set_wait(false);
  EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::DeleteSnapshot, request).error), "OK");
  const auto lagging = list();
  for (const v1::Snapshot& listed : lagging.value.snapshots()) {
    EXPECT_EQ(listed.state(), v1::SNAPSHOT_STATE_REMOVING);
  }
  EXPECT_TRUE(Eventually([&] { return ReadSnapshot(snapshot.id(), kAskUpstream).outcome != "OK"; }));
  EXPECT_EQ(list().value.snapshots_size(), 0);
}

TEST_F(LaggingListsTest, StaleListAfterDeleteOfAVolume) {
  const v1::Volume volume = MakeVolume("vol");
  const nlohmann::json item = {{"id", volume.id()},
                               {"name", "vol"},
                               {"organizationId", volume.organization_id()},
                               {"state", "ready"},
                               {"createdAt", "2020-01-01T00:00:00.000Z"},
                               {"updatedAt", "2020-01-01T00:00:00.000Z"}};
  FreezeList("/volumes", nlohmann::json::array({item}));
  const auto list = [this](const char* more = "") {
    return Call(volumes(), &Volumes::ListVolumes, Parse<v1::ListVolumesRequest>(more)).value;
  };
  ASSERT_EQ(list().volumes_size(), 1);
  v1::DeleteVolumeRequest request;
  request.set_volume("vol");
  request.set_wait(false);
  EXPECT_EQ(Outcome(Call(volumes(), &Volumes::DeleteVolume, request).error), "OK");
  const v1::ListVolumesResponse lagging = list();
  for (const v1::Volume& listed : lagging.volumes()) EXPECT_EQ(listed.state(), v1::VOLUME_STATE_PENDING_DELETE);
  EXPECT_TRUE(
      Eventually([&] { return ReadVolume(volume.id(), kAskUpstream).object.state() == v1::VOLUME_STATE_DELETED; }));
  EXPECT_EQ(list().volumes_size(), 0);
  ASSERT_EQ(list("include_deleted: true").volumes_size(), 1);
  EXPECT_EQ(list("include_deleted: true").volumes(0).state(), v1::VOLUME_STATE_DELETED);
}

// --- Reads ---

class StaleAnswersTest : public StaleUpstreamTest {
 protected:
  std::vector<std::string> flags() override { return {"--cache-lifetime", "1h"}; }
};

// Upstream caches for ten seconds, even after an event with newer state.
TEST_F(StaleAnswersTest, AnAnswerFromUpstreamsCacheDoesNotTakeTheStateBack) {
  AwaitEvents();
  const v1::Sandbox sandbox = MakeSandbox();
  const std::string path = "/sandbox/" + sandbox.id() + "$";
  const auto watch = WatchSandbox(sandbox.id());
  EXPECT_EQ(watch->Next().sandbox().state(), v1::SANDBOX_STATE_STARTED);
  control().AddFault({{"method", "GET"}, {"path_regex", path}}, {{"status", 200}, {"body", AsItWas(sandbox)}});
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  EXPECT_EQ(watch->NextThat([](const auto& message) { return message.sandbox().state_text() != "started"; })
                .sandbox()
                .state(),
            v1::SANDBOX_STATE_STOPPED);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ReadSandbox(sandbox.id(), kAskUpstream).object.state(), v1::SANDBOX_STATE_STOPPED);
    EXPECT_EQ(ReadSandbox(sandbox.name()).object.state(), v1::SANDBOX_STATE_STOPPED);
  }
  control().ForceSandbox(sandbox.id(), {{"state", "archived"}});
  EXPECT_EQ(watch->Next().sandbox().state(), v1::SANDBOX_STATE_ARCHIVED) << "and nobody was told of the old state";
}

}  // namespace
}  // namespace daytonad::testing
