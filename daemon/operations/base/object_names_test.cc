#include "daemon/operations/base/object_names.h"

#include <gtest/gtest.h>

namespace daytonad {
namespace {

v1::Sandbox Leaving(const std::string& name) {
  v1::Sandbox sandbox;
  sandbox.set_name(name);
  sandbox.set_state(v1::SANDBOX_STATE_DESTROYING);
  return sandbox;
}

std::string Kept(v1::Sandbox sandbox) {
  KeepName(sandbox);
  return sandbox.name();
}

TEST(ObjectNamesTest, ARequestIdGivesEveryDaemonTheSameName) {
  // The form that the contract names: what others may compute, too.
  EXPECT_EQ(NameFromRequestId("r"), "daytonad-454349e422f05297191ead13e21d3db5");
}

TEST(ObjectNamesTest, ANewRequestIdIsNeverTheSame) { EXPECT_NE(NewRequestId(), NewRequestId()); }

TEST(ObjectNamesTest, WhatIsDeletedKeepsItsName) {
  EXPECT_EQ(Kept(Leaving("DESTROYED_n1_1795875334646")), "n1");
  EXPECT_EQ(Kept(Leaving("DESTROYED_a_b_1795875334646")), "a_b");
  v1::Sandbox failed = Leaving("DESTROYED_g3_1795293358751");  // as in the recording: its state is error
  failed.set_state(v1::SANDBOX_STATE_ERROR);
  failed.set_desired_state(v1::SANDBOX_DESIRED_STATE_DESTROYED);
  EXPECT_EQ(Kept(failed), "g3");
}

TEST(ObjectNamesTest, WhatSomebodyCalledSoIsNotTouched) {
  EXPECT_EQ(Kept(Leaving("DESTROYED_n1")), "DESTROYED_n1");
  EXPECT_EQ(Kept(Leaving("DESTROYED_n1_x")), "DESTROYED_n1_x");
  EXPECT_EQ(Kept(Leaving("n1")), "n1");
  v1::Sandbox alive = Leaving("DESTROYED_n1_1795875334646");
  alive.set_state(v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(Kept(alive), "DESTROYED_n1_1795875334646");
}

TEST(ObjectNamesTest, ADeletedVolumeKeepsItsName) {
  v1::Volume volume;
  volume.set_name("v2-deleted");
  volume.set_state(v1::VOLUME_STATE_READY);
  KeepName(volume);
  EXPECT_EQ(volume.name(), "v2-deleted");
  volume.set_state(v1::VOLUME_STATE_DELETED);
  KeepName(volume);
  EXPECT_EQ(volume.name(), "v2");
}

}  // namespace
}  // namespace daytonad
