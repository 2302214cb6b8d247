#include "daemon/state/object_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kUuid[] = "81f3eb83-c4cc-4291-9f22-191c8d25122c";

class ObjectCacheTest : public ::testing::Test, protected ObjectCache<v1::Sandbox>::Listener {
 protected:
  using Objects = ObjectCache<v1::Sandbox>;

  ObjectCacheTest() { cache_.set_listener(this); }

  void OnChanged(const std::string& id, const Objects::Known& known, ObservationSource) override {
    told_.push_back(id + (known.gone ? " gone" : " " + known.object->state_text()));
  }
  void OnUnconfirmed(const std::string& id, ObservationSource) override { told_.push_back(id + " unconfirmed"); }

  Clock::TimePoint At(int second) const {
    return Clock::TimePoint(std::chrono::hours(10) + std::chrono::seconds(second));
  }

  // A read that is sent and answered now.
  void Read(const v1::Sandbox& sandbox) {
    cache_.Observe(sandbox, ObservationSource::kRead, cache_.NextRevision(), At(0));
  }
  void Event(const v1::Sandbox& sandbox) {
    cache_.Observe(sandbox, ObservationSource::kEvent, cache_.NextRevision(), At(0));
  }
  void ListItem(const v1::Sandbox& item) {
    cache_.Observe(item, ObservationSource::kListItem, cache_.NextRevision(), At(0));
  }
  void EndMutation(const Objects::Mutation& mutation, const v1::Sandbox& answer) {
    cache_.EndMutation(mutation, &answer, At(0));
  }

  std::string StateOfKnown(const std::string& id) {
    const Objects::Known* known = cache_.Find(id);
    if (known == nullptr) return "unknown";
    if (known->gone) return "gone";
    return known->object->state_text() + (known->confirmed_at == kLongAgo ? " unconfirmed" : "");
  }
  // What a read from the cache would return.
  std::string Published(const std::string& key) const {
    const auto entry = cache_.index().Find(key);
    return entry == nullptr ? "nothing" : entry->object->id() + " " + entry->object->state_text();
  }

  std::vector<std::string> Told() { return std::exchange(told_, {}); }

  Objects cache_{1 << 20};
  std::vector<std::string> told_;
};

// --- The order of observation ---

TEST_F(ObjectCacheTest, ARecordIsFoundByIdAndByName) {
  Read(SandboxIn("a", "started"));
  EXPECT_EQ(StateOfKnown("a"), "started");
  EXPECT_EQ(StateOfKnown("name-of-a"), "started");
  EXPECT_EQ(Published("a"), "a started");
  EXPECT_EQ(Published("name-of-a"), "a started");
  EXPECT_EQ(StateOfKnown("b"), "unknown");
  EXPECT_THAT(Told(), ElementsAre("a started"));
}

TEST_F(ObjectCacheTest, AnEventIsNewerThanAReadThatWasSentBeforeIt) {
  const Revision since = cache_.NextRevision();
  Event(SandboxIn("a", "started", 1));
  cache_.Observe(SandboxIn("a", "creating", 9), ObservationSource::kRead, since, At(0));
  EXPECT_EQ(StateOfKnown("a"), "started");
}

TEST_F(ObjectCacheTest, AReadThatWasSentAfterAnEventIsNewerWhateverItsTimeSays) {
  Event(SandboxIn("a", "started", 9));
  Read(SandboxIn("a", "stopped", 1));
  EXPECT_EQ(Published("a"), "a stopped");
}

TEST_F(ObjectCacheTest, TheReadThatWasSentLaterWinsInWhateverOrderTheyAreAnswered) {
  const Revision first = cache_.NextRevision();
  const Revision second = cache_.NextRevision();
  cache_.Observe(SandboxIn("a", "started"), ObservationSource::kRead, second, At(2));
  cache_.Observe(SandboxIn("a", "creating"), ObservationSource::kRead, first, At(1));
  EXPECT_EQ(Published("a"), "a started");
  EXPECT_EQ(cache_.Find("a")->confirmed_at, At(2));
}

TEST_F(ObjectCacheTest, AnUnchangedReadConfirmsTheStateAndNotifiesNobody) {
  cache_.Observe(SandboxIn("a", "started"), ObservationSource::kRead, cache_.NextRevision(), At(1));
  Told();
  cache_.Observe(SandboxIn("a", "started"), ObservationSource::kRead, cache_.NextRevision(), At(5));
  EXPECT_EQ(cache_.index().Find("a")->confirmed_at, At(5));
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(ObjectCacheTest, AnEventThatContradictsTheOrderLeavesTheStateUnconfirmed) {
  Read(SandboxIn("a", "stopping", 5));
  Told();
  Event(SandboxIn("a", "started", 4));
  EXPECT_EQ(StateOfKnown("a"), "stopping unconfirmed");
  EXPECT_EQ(Published("a"), "nothing");
  EXPECT_EQ(Published("name-of-a"), "nothing");
  EXPECT_THAT(Told(), ElementsAre("a unconfirmed"));
  Read(SandboxIn("a", "stopping", 5));
  EXPECT_EQ(Published("a"), "a stopping");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(ObjectCacheTest, ALateEventWithTheSameStateChangesNothing) {
  cache_.Observe(SandboxIn("a", "started", 5), ObservationSource::kRead, cache_.NextRevision(), At(1));
  cache_.Observe(SandboxIn("a", "started", 2), ObservationSource::kEvent, cache_.NextRevision(), At(3));
  EXPECT_EQ(cache_.Find("a")->object->updated_at().seconds(), 5);
  EXPECT_EQ(cache_.index().Find("a")->confirmed_at, At(1));
}

TEST_F(ObjectCacheTest, AnEventIsAcceptedIfNothingContradictsIt) {
  Read(SandboxIn("a", "stopping", 5));
  Event(SandboxIn("a", "stopped", 5));
  EXPECT_EQ(Published("a"), "a stopped");
}

TEST_F(ObjectCacheTest, AnOlderEventWithTheSameStateDoesNotLowerTheUpdateTime) {
  Read(SandboxIn("a", "started", 5));
  Event(SandboxIn("a", "started", 3));
  EXPECT_EQ(Published("a"), "a started");
  Event(SandboxIn("a", "stopped", 4));
  EXPECT_EQ(StateOfKnown("a"), "started unconfirmed");
}

TEST_F(ObjectCacheTest, AnEventKeepsTheCachedBuildInfo) {
  v1::Sandbox sandbox = SandboxIn("a", "creating");
  sandbox.mutable_build_info()->set_dockerfile_content("FROM scratch");
  Read(sandbox);
  Event(SandboxIn("a", "started"));
  EXPECT_EQ(cache_.Find("a")->object->build_info().dockerfile_content(), "FROM scratch");
}

TEST_F(ObjectCacheTest, AFullReadReplacesAllFields) {
  v1::Sandbox sandbox = SandboxIn("a", "error");
  sandbox.mutable_build_info()->set_dockerfile_content("FROM scratch");
  sandbox.mutable_last_activity_at()->set_seconds(5);
  sandbox.set_error_reason("no disk left");
  Read(sandbox);
  Read(SandboxIn("a", "started", 2));
  const v1::Sandbox& known = *cache_.Find("a")->object;
  EXPECT_FALSE(known.has_build_info());
  EXPECT_FALSE(known.has_last_activity_at());
  EXPECT_EQ(known.error_reason(), "");
}

TEST_F(ObjectCacheTest, ChangedTimesAreCachedButNotifyNobody) {
  Read(SandboxIn("a", "started", 5));
  Told();
  v1::Sandbox later = SandboxIn("a", "started", 7);
  later.mutable_last_activity_at()->set_seconds(9);
  Read(later);
  EXPECT_EQ(cache_.index().Find("a")->object->updated_at().seconds(), 7);
  EXPECT_EQ(cache_.index().Find("a")->object->last_activity_at().seconds(), 9);
  Read(SandboxIn("a", "started", 6));
  EXPECT_EQ(cache_.index().Find("a")->object->updated_at().seconds(), 6);
  EXPECT_THAT(Told(), IsEmpty());
  later.set_is_public(true);
  Read(later);
  EXPECT_THAT(Told(), ElementsAre("a started"));
}

// --- Answers from upstream's cache ---

TEST_F(ObjectCacheTest, AReadThatShowsTheStateBeforeAnEventIsRejected) {
  Read(SandboxIn("a", "creating", 5));
  Event(SandboxIn("a", "started", 8));
  Told();
  for (const int updated_at : {5, 4}) {
    const Revision since = cache_.NextRevision();
    const v1::Sandbox stale = SandboxIn("a", "creating", updated_at);
    cache_.Observe(stale, ObservationSource::kRead, since, At(1));
    EXPECT_TRUE(cache_.IsOutdated(stale, since));
    EXPECT_TRUE(cache_.IsStale(stale, since));
  }
  EXPECT_EQ(Published("a"), "a started");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(ObjectCacheTest, AReadThatShowsAnEvenOlderStateIsRejected) {
  Read(SandboxIn("a", "creating", 5));
  Event(SandboxIn("a", "starting", 6));
  Event(SandboxIn("a", "started", 8));
  cache_.Observe(SandboxIn("a", "creating", 5), ObservationSource::kRead, cache_.NextRevision(), At(1));
  EXPECT_EQ(Published("a"), "a started");
}

TEST_F(ObjectCacheTest, AReadWithANewStateIsAcceptedThoughItsTimeIsEarlier) {
  Read(SandboxIn("a", "creating", 5));
  Event(SandboxIn("a", "starting", 8));
  Read(SandboxIn("a", "started", 7));
  EXPECT_EQ(Published("a"), "a started");
}

TEST_F(ObjectCacheTest, TheTimeOfOneStateMayDifferByMilliseconds) {
  v1::Sandbox sandbox = SandboxIn("a", "creating", 5);
  Event(sandbox);
  Event(SandboxIn("a", "started", 8));
  sandbox.mutable_updated_at()->set_nanos(3'000'000);
  Read(sandbox);
  EXPECT_EQ(Published("a"), "a started");
}

TEST_F(ObjectCacheTest, ANewStateIsAcceptedThoughTheTimeIsTheSame) {
  Read(SandboxIn("a", "started", 5));
  EndMutation(cache_.BeginMutation("a"), SandboxIn("a", "stopping", 5));
  Read(SandboxIn("a", "stopped", 5));
  EXPECT_EQ(Published("a"), "a stopped");
}

TEST_F(ObjectCacheTest, StatesThatReadsShowMayReturn) {
  for (const char* state : {"started", "stopped", "started"}) {
    Read(SandboxIn("a", state, 5));
    EXPECT_EQ(Published("a"), std::string("a ") + state);
  }
}

TEST_F(ObjectCacheTest, APriorStateIsAcceptedOnceUpstreamsCacheHasExpired) {
  Read(SandboxIn("a", "stopped", 5));
  Event(SandboxIn("a", "started", 8));
  for (const int second : {1, 6, 11}) {
    cache_.Observe(SandboxIn("a", "stopped", 4), ObservationSource::kRead, cache_.NextRevision(), At(second));
    EXPECT_EQ(Published("a"), "a started") << second;
  }
  cache_.Observe(SandboxIn("a", "stopped", 4), ObservationSource::kRead, cache_.NextRevision(), At(12));
  EXPECT_EQ(Published("a"), "a stopped");
}

TEST_F(ObjectCacheTest, AnAcceptedReadRestartsThatTime) {
  Read(SandboxIn("a", "stopped", 5));
  Event(SandboxIn("a", "started", 8));
  cache_.Observe(SandboxIn("a", "stopped", 5), ObservationSource::kRead, cache_.NextRevision(), At(1));
  cache_.Observe(SandboxIn("a", "started", 8), ObservationSource::kRead, cache_.NextRevision(), At(9));
  cache_.Observe(SandboxIn("a", "stopped", 5), ObservationSource::kRead, cache_.NextRevision(), At(12));
  EXPECT_EQ(Published("a"), "a started");
}

TEST_F(ObjectCacheTest, ACreatesAnswerIsAPriorStateIfAnEventCameFirst) {
  const auto mutation = cache_.BeginCreate();
  Event(SandboxIn("a", "started", 8));
  EndMutation(mutation, SandboxIn("a", "creating", 5));
  cache_.Observe(SandboxIn("a", "creating", 5), ObservationSource::kRead, cache_.NextRevision(), At(1));
  EXPECT_EQ(Published("a"), "a started");
}

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

// --- Mutations ---

TEST_F(ObjectCacheTest, NothingIsServedWhileAMutationIsInProgress) {
  Read(SandboxIn("a", "started"));
  const auto mutation = cache_.BeginMutation("name-of-a");
  EXPECT_EQ(Published("a"), "nothing");
  EXPECT_EQ(Published("name-of-a"), "nothing");
  Read(SandboxIn("a", "started"));
  Event(SandboxIn("a", "stopping", 2));
  EXPECT_EQ(Published("a"), "nothing");
  EndMutation(mutation, SandboxIn("a", "stopping", 2));
  EXPECT_EQ(Published("a"), "a stopping");
}

TEST_F(ObjectCacheTest, NorIfTheObjectIsCachedMeanwhileAndTheMutationIsByName) {
  const auto mutation = cache_.BeginMutation("name-of-a");
  Read(SandboxIn("a", "started"));
  EXPECT_EQ(StateOfKnown("a"), "started");
  EXPECT_EQ(Published("a"), "nothing");
  EXPECT_EQ(Published("name-of-a"), "nothing");
  cache_.EndMutation(mutation, nullptr, At(0));
  EXPECT_EQ(StateOfKnown("a"), "started unconfirmed") << "the mutation may have been carried out";
  Read(SandboxIn("a", "stopping"));
  EXPECT_EQ(Published("a"), "a stopping");
}

TEST_F(ObjectCacheTest, ReadsFromBeforeAMutationsAnswerAreRejected) {
  Read(SandboxIn("a", "started"));
  const Revision before = cache_.NextRevision();
  const auto mutation = cache_.BeginMutation("a");
  const Revision during = cache_.NextRevision();
  EndMutation(mutation, SandboxIn("a", "stopping"));
  cache_.Observe(SandboxIn("a", "started"), ObservationSource::kRead, before, At(0));
  cache_.Observe(SandboxIn("a", "started"), ObservationSource::kRead, during, At(0));
  EXPECT_EQ(Published("a"), "a stopping");
}

TEST_F(ObjectCacheTest, EvenIfTheObjectWasNotCachedThen) {
  const Revision before = cache_.NextRevision();
  const auto by_id = cache_.BeginMutation(kUuid);
  cache_.EndMutation(by_id, nullptr, At(0));
  cache_.Observe(SandboxIn(kUuid, "started"), ObservationSource::kRead, before, At(0));
  EXPECT_EQ(Published(kUuid), "nothing");

  const auto by_name = cache_.BeginMutation("name-of-b");
  const Revision during = cache_.NextRevision();
  cache_.EndMutation(by_name, nullptr, At(0));
  cache_.Observe(SandboxIn("b", "started"), ObservationSource::kRead, during, At(0));
  EXPECT_EQ(Published("b"), "nothing");
}

TEST_F(ObjectCacheTest, ReadsOfOtherObjectsAreAccepted) {
  Read(SandboxIn("a", "starting"));
  const Revision since = cache_.NextRevision();
  cache_.EndMutation(cache_.BeginMutation("there is no such"), nullptr, At(0));
  cache_.EndMutation(cache_.BeginCreate(), nullptr, At(0));
  cache_.Observe(SandboxIn("a", "started"), ObservationSource::kRead, since, At(0));
  EXPECT_EQ(Published("a"), "a started");
}

TEST_F(ObjectCacheTest, AMutationWithoutAnAnswerLeavesTheStateUnconfirmed) {
  Read(SandboxIn("a", "started"));
  cache_.EndMutation(cache_.BeginMutation("a"), nullptr, At(0));
  EXPECT_EQ(StateOfKnown("a"), "started unconfirmed");
  EXPECT_EQ(Published("a"), "nothing");
}

TEST_F(ObjectCacheTest, EventsAreNewerThanTheAnswerToACreate) {
  const auto mutation = cache_.BeginCreate();
  Event(SandboxIn("a", "creating"));
  Event(SandboxIn("a", "started"));
  v1::Sandbox answer = SandboxIn("a", "creating");
  answer.mutable_build_info()->set_dockerfile_content("FROM scratch");
  EndMutation(mutation, answer);
  EXPECT_EQ(Published("a"), "a started");
  EXPECT_EQ(cache_.Find("a")->object->build_info().dockerfile_content(), "FROM scratch");
  EXPECT_THAT(Told(), ElementsAre("a creating", "a started", "a started"));
}

TEST_F(ObjectCacheTest, AnEventDuringAMutationThatDiffersFromItsAnswerLeavesTheStateUnconfirmed) {
  Read(SandboxIn("a", "started"));
  const auto mutation = cache_.BeginMutation("a");
  Event(SandboxIn("a", "stopped", 3));
  EndMutation(mutation, SandboxIn("a", "stopping", 2));
  EXPECT_EQ(StateOfKnown("a"), "stopped unconfirmed");
  EXPECT_EQ(Published("a"), "nothing");
}

TEST_F(ObjectCacheTest, IfAnswerAndEventDifferTheLaterIsKeptUnconfirmed) {
  Read(SandboxIn("a", "stopped", 1));
  const auto mutation = cache_.BeginMutation("a");
  Event(SandboxIn("a", "starting", 2));
  Told();
  EndMutation(mutation, SandboxIn("a", "stopping", 4));
  EXPECT_THAT(Told(), ElementsAre("a stopping", "a unconfirmed"));
  Event(SandboxIn("a", "started", 3));
  EXPECT_EQ(StateOfKnown("a"), "stopping unconfirmed");
  EXPECT_EQ(Published("a"), "nothing");
}

TEST_F(ObjectCacheTest, AnAnswerThatAgreesWithAnEventDoesNotLowerItsRevision) {
  Read(SandboxIn("a", "started"));
  const auto stop = cache_.BeginMutation("a");
  const auto start = cache_.BeginMutation("a");
  Event(SandboxIn("a", "stopping", 3));
  EndMutation(stop, SandboxIn("a", "stopping", 3));
  EndMutation(start, SandboxIn("a", "starting", 2));
  EXPECT_EQ(StateOfKnown("a"), "stopping unconfirmed") << "the event came after both mutations were sent";
}

TEST_F(ObjectCacheTest, ConcurrentMutationsLeaveTheStateUnconfirmed) {
  Read(SandboxIn("a", "started"));
  const auto stop = cache_.BeginMutation("a");
  const auto start = cache_.BeginMutation("a");
  EndMutation(stop, SandboxIn("a", "stopping"));
  EXPECT_EQ(StateOfKnown("a"), "stopping");
  EndMutation(start, SandboxIn("a", "starting"));
  EXPECT_EQ(StateOfKnown("a"), "stopping unconfirmed");
  EXPECT_EQ(Published("a"), "nothing");
}

TEST_F(ObjectCacheTest, SequentialMutationsAreAccepted) {
  Read(SandboxIn("a", "started"));
  EndMutation(cache_.BeginMutation("a"), SandboxIn("a", "stopping", 5));
  EndMutation(cache_.BeginMutation("a"), SandboxIn("a", "starting", 4));
  EXPECT_EQ(Published("a"), "a starting");
}

// --- Removal ---

TEST_F(ObjectCacheTest, RemovalIsFinal) {
  Read(SandboxIn("a", "started"));
  const auto mutation = cache_.BeginMutation("a");
  Told();
  Event(SandboxIn("a", "destroyed", 2));
  EXPECT_THAT(Told(), ElementsAre("a gone"));
  Event(SandboxIn("a", "started", 3));
  Read(SandboxIn("a", "started", 3));
  ListItem(ItemIn("a", "started", 4));
  EndMutation(mutation, SandboxIn("a", "stopping", 5));
  cache_.ObserveNotFound("a", cache_.NextRevision());
  EXPECT_EQ(StateOfKnown("a"), "gone");
  EXPECT_EQ(Published("a"), "nothing");
  EXPECT_THAT(Told(), IsEmpty());
}

// Upstream's last event of a volume has an older `updatedAt` than the one before.
TEST_F(ObjectCacheTest, NothingUndoesARemoval) {
  Read(SandboxIn("a", "destroying", 5));
  Event(SandboxIn("a", "destroyed", 2));
  EXPECT_EQ(StateOfKnown("a"), "gone");

  const Revision since = cache_.NextRevision();
  Event(SandboxIn("b", "destroying", 5));
  cache_.Observe(SandboxIn("b", "destroyed", 5), ObservationSource::kRead, since, At(0));
  EXPECT_EQ(StateOfKnown("b"), "gone");

  Read(SandboxIn("c", "started"));
  const auto mutation = cache_.BeginMutation("c");
  Event(SandboxIn("c", "destroying", 5));
  EndMutation(mutation, SandboxIn("c", "destroyed", 4));
  EXPECT_EQ(StateOfKnown("c"), "gone");
}

TEST_F(ObjectCacheTest, AMutationThatFailsBecauseTheObjectIsGoneDoesNotUndoTheRemoval) {
  Read(SandboxIn("a", "started"));
  const auto mutation = cache_.BeginMutation("a");
  Event(SandboxIn("a", "destroyed"));
  Told();
  cache_.EndMutation(mutation, nullptr, At(0));
  EXPECT_EQ(StateOfKnown("a"), "gone");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(ObjectCacheTest, ADeletionFreesTheNameAtOnce) {
  Read(SandboxIn("a", "started"));
  EndMutation(cache_.BeginMutation("a"), SandboxIn("a", "destroyed"));
  EXPECT_EQ(StateOfKnown("a"), "gone");
  EXPECT_EQ(StateOfKnown("name-of-a"), "unknown");
  v1::Sandbox next = SandboxIn("b", "creating");
  next.set_name("name-of-a");
  EndMutation(cache_.BeginCreate(), next);
  EXPECT_EQ(Published("name-of-a"), "b creating");
}

TEST_F(ObjectCacheTest, AnObjectThatIsNotFoundByItsIdIsGone) {
  Read(SandboxIn("a", "started"));
  cache_.ObserveNotFound("a", cache_.NextRevision());
  EXPECT_EQ(StateOfKnown("a"), "gone");
}

TEST_F(ObjectCacheTest, UnlessANewerReadFoundIt) {
  const Revision since = cache_.NextRevision();
  Read(SandboxIn("a", "started"));
  cache_.ObserveNotFound("a", since);
  EXPECT_EQ(Published("a"), "a started");
}

TEST_F(ObjectCacheTest, ANameThatIsNotFoundDoesNotRemoveItsObject) {
  Read(SandboxIn("a", "started"));
  cache_.ObserveNotFound("name-of-a", cache_.NextRevision());
  EXPECT_EQ(Published("a"), "a started");
  EXPECT_EQ(Published("name-of-a"), "a started");
}

TEST_F(ObjectCacheTest, ARemovalEventWithAnIdRemovesTheObject) {
  Read(SandboxIn("a", "started"));
  cache_.ObserveRemoved("a", "name-of-a");
  EXPECT_EQ(StateOfKnown("a"), "gone");
  cache_.ObserveRemoved("b", "name-of-b");
  EXPECT_EQ(StateOfKnown("b"), "unknown");
}

TEST_F(ObjectCacheTest, ARemovalEventWithANameOnlyRemovesAnObjectThatIsBeingDeleted) {
  Read(SandboxIn("a", "destroying"));
  cache_.ObserveRemoved("", "name-of-a");
  EXPECT_EQ(StateOfKnown("a"), "gone");
}

TEST_F(ObjectCacheTest, ButNotAnObjectThatTookTheNameSince) {
  Read(SandboxIn("a", "started"));
  cache_.ObserveRemoved("", "name-of-a");
  EXPECT_EQ(StateOfKnown("a"), "started unconfirmed");
}

// --- Names ---

TEST_F(ObjectCacheTest, ARenamedObjectIsFoundByItsNewNameOnly) {
  Read(SandboxIn("a", "started"));
  v1::Sandbox renamed = SandboxIn("a", "started");
  renamed.set_name("other");
  Event(renamed);
  EXPECT_EQ(Published("other"), "a started");
  EXPECT_EQ(Published("name-of-a"), "nothing");
  EXPECT_EQ(StateOfKnown("name-of-a"), "unknown");
}

TEST_F(ObjectCacheTest, ATakenNameResolvesToItsNewOwner) {
  Read(SandboxIn("a", "started"));
  v1::Sandbox next = SandboxIn("b", "creating");
  next.set_name("name-of-a");
  Read(next);
  EXPECT_EQ(Published("name-of-a"), "b creating");
  EXPECT_EQ(Published("a"), "a started");
  // A late event of the previous owner does not take the name back.
  Event(SandboxIn("a", "destroying", 2));
  EXPECT_EQ(Published("name-of-a"), "b creating");
  EXPECT_EQ(Published("a"), "a destroying");
  Event(SandboxIn("a", "destroyed", 3));
  EXPECT_EQ(Published("name-of-a"), "b creating");
}

TEST_F(ObjectCacheTest, ATakenNameNeverResolvesToItsPreviousOwner) {
  Read(SandboxIn("a", "started"));
  v1::Sandbox part = ItemIn("b", "creating");  // partial, so not served itself
  part.set_name("name-of-a");
  Read(part);
  EXPECT_EQ(Published("name-of-a"), "nothing");
}

TEST_F(ObjectCacheTest, ANameThatMayBeAnIdIsNotResolved) {
  v1::Sandbox named = SandboxIn("b", "started");
  named.set_name(kUuid);
  Read(named);
  EXPECT_EQ(Published("b"), "b started");
  EXPECT_EQ(Published(kUuid), "nothing") << "an object with this id may exist";
  EXPECT_EQ(StateOfKnown(kUuid), "unknown");
  ASSERT_NE(cache_.FindName(kUuid), nullptr) << "for callers that have asked upstream for that id";
  EXPECT_EQ(cache_.FindName(kUuid)->object->id(), "b");
  Read(SandboxIn(kUuid, "stopped"));
  EXPECT_EQ(Published(kUuid), std::string(kUuid) + " stopped");
  EXPECT_EQ(StateOfKnown(kUuid), "stopped");
  EXPECT_EQ(Published("b"), "b started");
}

TEST_F(ObjectCacheTest, AnIdComesBeforeAName) {
  Read(SandboxIn("a", "stopped"));
  v1::Sandbox named = SandboxIn("b", "started");
  named.set_name("a");
  Read(named);
  EXPECT_EQ(Published("a"), "a stopped");
  Event(SandboxIn("b", "destroyed", 2));
  EXPECT_EQ(Published("a"), "a stopped");
}

// --- Room ---

class ObjectCacheEvictionTest : public ObjectCacheTest {
 protected:
  static std::string Id(int number) { return "id-" + std::to_string(number); }
  void Fill(int from, int to) {
    for (int i = from; i < to; ++i) Read(SandboxIn(Id(i), "started"));
  }
};

TEST_F(ObjectCacheEvictionTest, TheLeastRecentlyUsedIsEvictedFirst) {
  Fill(0, 2000);
  EXPECT_LE(cache_.bytes(), size_t{1} << 20);
  EXPECT_LT(cache_.size(), 2000U);
  EXPECT_EQ(StateOfKnown(Id(0)), "unknown");
  EXPECT_EQ(Published(Id(0)), "nothing");
  EXPECT_EQ(Published("name-of-" + Id(0)), "nothing");
  EXPECT_EQ(Published(Id(1999)), Id(1999) + " started");
}

TEST_F(ObjectCacheEvictionTest, ReadsThroughTheIndexCountAsUse) {
  Fill(0, 100);
  for (int i = 100; i < 4000; ++i) {
    cache_.index().Find(Id(7))->used = true;
    Fill(i, i + 1);
  }
  EXPECT_EQ(Published(Id(7)), Id(7) + " started");
  EXPECT_EQ(Published(Id(8)), "nothing");
}

TEST_F(ObjectCacheEvictionTest, TheLimitHoldsEvenIfEverythingIsUsed) {
  for (int i = 0; i < 3000; ++i) {
    Fill(i, i + 1);
    for (int j = 0; j <= i; ++j) {
      if (const auto entry = cache_.index().Find(Id(j))) entry->used = true;
    }
  }
  EXPECT_LE(cache_.bytes(), size_t{1} << 20);
}

TEST_F(ObjectCacheEvictionTest, PinnedAndMutatingObjectsAreNotEvicted) {
  Fill(0, 2);
  cache_.Pin(Id(0));
  const auto mutation = cache_.BeginMutation(Id(1));
  Fill(2, 4000);
  EXPECT_EQ(Published(Id(0)), Id(0) + " started");
  EXPECT_EQ(StateOfKnown(Id(1)), "started");
  cache_.Unpin(Id(0));
  EndMutation(mutation, SandboxIn(Id(1), "stopping"));
  Fill(4000, 8000);
  EXPECT_EQ(StateOfKnown(Id(0)), "unknown");
  EXPECT_EQ(StateOfKnown(Id(1)), "unknown");
  EXPECT_LE(cache_.bytes(), size_t{1} << 20);
}

TEST_F(ObjectCacheEvictionTest, AnOlderReadDoesNotBringBackAnEvictedObject) {
  Fill(0, 1);
  const Revision before = cache_.NextRevision();
  EndMutation(cache_.BeginMutation(Id(0)), SandboxIn(Id(0), "stopping"));
  Fill(1, 4000);
  ASSERT_EQ(StateOfKnown(Id(0)), "unknown");
  cache_.Observe(SandboxIn(Id(0), "started"), ObservationSource::kRead, before, At(0));
  EXPECT_EQ(Published(Id(0)), "nothing");
}

TEST_F(ObjectCacheEvictionTest, WithoutRoomOnlyPinnedObjectsAreCached) {
  Objects none(0);
  none.Observe(SandboxIn("a", "started"), ObservationSource::kRead, none.NextRevision(), At(0));
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.index().Find("a"), nullptr);
  none.Pin("a");
  none.Observe(SandboxIn("a", "started"), ObservationSource::kRead, none.NextRevision(), At(0));
  EXPECT_NE(none.index().Find("a"), nullptr);
  none.Unpin("a");
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.bytes(), 0U);
}

}  // namespace
}  // namespace daytonad
