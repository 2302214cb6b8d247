#include "daemon/state/object_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/state/testing/object_cache_fixture.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kUuid[] = "81f3eb83-c4cc-4291-9f22-191c8d25122c";

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
