#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/state/object_cache.h"
#include "daemon/state/testing/object_cache_fixture.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;

// --- List items ---

TEST_F(ObjectCacheTest, AListItemCreatesNoRecord) {
  ListItem(ItemIn("a", "started"));
  EXPECT_EQ(StateOfKnown("a"), "unknown");
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(ObjectCacheTest, AListItemWithTheSameStateChangesNothing) {
  cache_.Observe(SandboxIn("a", "started", 1), ObservationSource::kRead, cache_.NextRevision(), At(1));
  cache_.Observe(ItemIn("a", "started", 2), ObservationSource::kListItem, cache_.NextRevision(), At(5));
  EXPECT_EQ(cache_.Find("a")->confirmed_at, At(1));
  EXPECT_EQ(cache_.Find("a")->object->updated_at().seconds(), 1);
}

TEST_F(ObjectCacheTest, ANewerListItemUpdatesTheStateAndKeepsFieldsThatItLacks) {
  v1::Sandbox sandbox = SandboxIn("a", "creating", 1);
  (*sandbox.mutable_env())["KEY"] = "value";
  sandbox.add_volumes()->set_mount_path("/data");
  sandbox.set_network_block_all(true);
  Read(sandbox);
  ListItem(ItemIn("a", "started", 2));
  const auto entry = cache_.index().Find("a");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->object->state_text(), "started");
  EXPECT_EQ(entry->object->view(), v1::VIEW_FULL);
  EXPECT_EQ(entry->object->env().at("KEY"), "value");
  EXPECT_EQ(entry->object->volumes(0).mount_path(), "/data");
  EXPECT_TRUE(entry->object->network_block_all());
}

TEST_F(ObjectCacheTest, AListItemThatIsNotNewerLeavesTheStateUnconfirmed) {
  Read(SandboxIn("a", "stopping", 5));
  Told();
  ListItem(ItemIn("a", "started", 5));
  EXPECT_EQ(StateOfKnown("a"), "stopping unconfirmed");
  EXPECT_THAT(Told(), ElementsAre("a unconfirmed"));
}

TEST_F(ObjectCacheTest, AnItemOfAListFromBeforeAnEventLeavesTheStateUnconfirmedWhateverItsTimeSays) {
  const Revision since = cache_.NextRevision();
  Event(SandboxIn("a", "stopping", 5));
  cache_.Observe(ItemIn("a", "started", 6), ObservationSource::kListItem, since, At(0));
  EXPECT_EQ(StateOfKnown("a"), "stopping unconfirmed");
}

TEST_F(ObjectCacheTest, APartialObjectIsNotServed) {
  Read(ItemIn("a", "started"));
  EXPECT_EQ(StateOfKnown("a"), "started");
  EXPECT_EQ(Published("a"), "nothing");
}

// --- Lists that are corrected ---

TEST_F(ObjectCacheTest, AListItemTakesTheNewerCachedState) {
  Read(SandboxIn("a", "started", 1));
  v1::Sandbox answer = SandboxIn("a", "destroying", 5);
  answer.set_name("DESTROYED_a");
  EndMutation(cache_.BeginMutation("a"), answer);
  v1::Sandbox item = ItemIn("a", "started", 1);
  EXPECT_TRUE(cache_.Correct(item, cache_.NextRevision(), At(2)));
  EXPECT_EQ(item.state(), v1::SANDBOX_STATE_DESTROYING);
  EXPECT_EQ(item.state_text(), "destroying");
  EXPECT_EQ(item.name(), "DESTROYED_a");
  EXPECT_EQ(item.updated_at().seconds(), 5);
  EXPECT_EQ(item.view(), v1::VIEW_BASIC);
}

TEST_F(ObjectCacheTest, AnItemOfAnOlderListIsCorrectedWhateverItsTimeSays) {
  const Revision since = cache_.NextRevision();
  Event(SandboxIn("a", "stopping", 5));
  v1::Sandbox item = ItemIn("a", "started", 6);
  EXPECT_TRUE(cache_.Correct(item, since, At(0)));
  EXPECT_EQ(item.state_text(), "stopping");
}

TEST_F(ObjectCacheTest, AListItemStaysIfItIsNewerOrTheCachedStateIsOld) {
  Read(SandboxIn("a", "stopping", 5));
  v1::Sandbox newer = ItemIn("a", "stopped", 6);
  EXPECT_TRUE(cache_.Correct(newer, cache_.NextRevision(), At(2)));
  EXPECT_EQ(newer.state_text(), "stopped");
  v1::Sandbox later = ItemIn("a", "stopped", 5);
  EXPECT_TRUE(cache_.Correct(later, cache_.NextRevision(), At(31)));
  EXPECT_EQ(later.state_text(), "stopped") << "no list lags that long";
  v1::Sandbox other = ItemIn("b", "started");
  EXPECT_TRUE(cache_.Correct(other, cache_.NextRevision(), At(0)));
  EXPECT_EQ(other.SerializeAsString(), ItemIn("b", "started").SerializeAsString());
}

TEST_F(ObjectCacheTest, AListItemOfADeletedObjectIsDropped) {
  Event(SandboxIn("a", "destroyed", 5));
  v1::Sandbox item = ItemIn("a", "started", 6);
  EXPECT_FALSE(cache_.Correct(item, cache_.NextRevision(), At(3600)));
}

TEST_F(ObjectCacheTest, AnAcceptedDeletionWithAnEmptyAnswerIsCached) {
  ObjectCache<v1::Volume> volumes(1 << 20);
  v1::Volume volume;
  volume.set_id("v");
  volume.set_name("vol");
  volume.set_state(v1::VOLUME_STATE_READY);
  volume.set_state_text("ready");
  volume.set_view(v1::VIEW_FULL);
  const v1::Volume listed = volume;
  volumes.ObserveDeleting("unknown", At(0));
  volumes.Observe(volume, ObservationSource::kRead, volumes.NextRevision(), At(0));
  volumes.EndMutation(volumes.BeginMutation("v"), nullptr, At(0));
  volumes.ObserveDeleting("v", At(0));
  EXPECT_EQ(volumes.index().Find("v"), nullptr) << "it has to be read again";
  EXPECT_EQ(volumes.Find("v")->object->state(), v1::VOLUME_STATE_PENDING_DELETE);
  EXPECT_TRUE(volumes.Correct(volume, volumes.NextRevision(), At(1)));
  EXPECT_EQ(volume.state_text(), "pending_delete");
  v1::Volume unknown = listed;
  unknown.set_id("unknown");
  EXPECT_TRUE(volumes.Correct(unknown, volumes.NextRevision(), At(1)));
  EXPECT_EQ(unknown.state_text(), "pending_delete");
  // A later read wins, whatever it shows.
  v1::Volume failed = listed;
  failed.set_state(v1::VOLUME_STATE_ERROR);
  failed.set_state_text("error");
  failed.mutable_updated_at()->set_seconds(9);
  volumes.Observe(failed, ObservationSource::kRead, volumes.NextRevision(), At(2));
  EXPECT_TRUE(volumes.Correct(failed, volumes.NextRevision(), At(3)));
  EXPECT_EQ(failed.state_text(), "error");
}

}  // namespace
}  // namespace daytonad
