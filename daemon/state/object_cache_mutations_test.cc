#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/state/object_cache.h"
#include "daemon/state/testing/object_cache_fixture.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kUuid[] = "81f3eb83-c4cc-4291-9f22-191c8d25122c";

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

}  // namespace
}  // namespace daytonad
