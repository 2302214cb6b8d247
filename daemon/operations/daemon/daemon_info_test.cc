#include "daemon/operations/daemon/daemon_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/api/testing/fake_api.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeEvents final : public EventStatus {
 public:
  bool events_up() const override { return up; }
  bool up = false;
};

class DaemonInfoTest : public ::testing::Test {
 protected:
  DaemonInfo Describe() { return DaemonInfoOperations(setup_, api_, events_).Describe(); }

  DaemonSetup setup_;
  FakeApi api_;
  FakeEvents events_;
};

TEST_F(DaemonInfoTest, WhatDependsOnAnUnknownVersionIsSaidToBeUnknown) {
  const DaemonInfo info = Describe();
  EXPECT_FALSE(info.upstream.has_value());
  EXPECT_THAT(info.capabilities, IsEmpty());
  EXPECT_THAT(info.unknown_capabilities,
              ElementsAre(v1::CAPABILITY_NUMBERED_SANDBOX_LIST, v1::CAPABILITY_SNAPSHOTS_BY_SOURCE));
  EXPECT_THAT(api_.calls, IsEmpty());
}

TEST_F(DaemonInfoTest, AKnownVersionLeavesNothingUnknown) {
  api_.version = ServerVersion{0, 205, 0};
  EXPECT_THAT(Describe().capabilities,
              ElementsAre(v1::CAPABILITY_NUMBERED_SANDBOX_LIST, v1::CAPABILITY_SNAPSHOTS_BY_SOURCE));
  EXPECT_THAT(Describe().unknown_capabilities, IsEmpty());
  api_.version = ServerVersion{0, 190, 0};
  EXPECT_THAT(Describe().capabilities, ElementsAre(v1::CAPABILITY_NUMBERED_SANDBOX_LIST));
  api_.version = ServerVersion{0, 226, 1};
  EXPECT_THAT(Describe().capabilities, ElementsAre(v1::CAPABILITY_SNAPSHOTS_BY_SOURCE));
  EXPECT_EQ(ToString(*Describe().upstream), "0.226.1");
}

TEST_F(DaemonInfoTest, TheConfigurationDecidesTheRest) {
  setup_.has_state_dir = setup_.has_spool_dir = setup_.has_context_roots = true;
  EXPECT_THAT(Describe().capabilities, ElementsAre(v1::CAPABILITY_DURABLE_REQUEST_IDS,
                                                   v1::CAPABILITY_UPLOAD_WITHOUT_HASH, v1::CAPABILITY_DAEMON_PATHS));
}

TEST_F(DaemonInfoTest, EventsAreOffDownOrUp) {
  EXPECT_EQ(Describe().events, v1::EVENTS_STATE_OFF);
  setup_.events = true;
  EXPECT_EQ(Describe().events, v1::EVENTS_STATE_DOWN);
  events_.up = true;
  EXPECT_EQ(Describe().events, v1::EVENTS_STATE_UP);
}

}  // namespace
}  // namespace daytonad
