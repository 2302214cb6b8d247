#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

using testing::ElementsAre;

constexpr char kVolume[] = R"({"id": "4e91c945", "name": "v1", "state": "ready"})";

class VolumesTest : public RestApiFixture {};

TEST_F(VolumesTest, Creates) {
  http_.Answer(200, kVolume);
  EXPECT_EQ(Run(api_->Run(context_, CreateVolume("v\"1")))->state(), v1::VOLUME_STATE_READY);
  EXPECT_THAT(http_.Lines(), ElementsAre("POST http://api.test/api/volumes"));
  EXPECT_EQ(http_.requests()[0].body, R"({"name":"v\"1"})");
  EXPECT_TRUE(http_.requests()[0].irrevocable_once_sent);
}

TEST_F(VolumesTest, ATakenNameIsAlreadyExistsAlthoughUpstreamSays400) {
  http_.Answer(400, Envelope(400, "Volume with name v1 already exists"));
  const absl::Status error = Run(api_->Run(context_, CreateVolume("v1"))).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorMetadataValue(error, "volume_name"), "v1");
}

TEST_F(VolumesTest, GetsByIdAndByName) {
  http_.Answer(200, kVolume).Answer(200, kVolume).Answer(404, Envelope(404, "Volume with name gone not found"));
  EXPECT_EQ(Run(api_->Run(context_, GetVolume::ById("4e91c945")))->name(), "v1");
  EXPECT_EQ(Run(api_->Run(context_, GetVolume::ByName("a b")))->name(), "v1");
  EXPECT_EQ(ErrorReason(Run(api_->Run(context_, GetVolume::ByName("gone"))).status()), "VOLUME_NOT_FOUND");
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://api.test/api/volumes/4e91c945", "GET http://api.test/api/volumes/by-name/a%20b",
                          "GET http://api.test/api/volumes/by-name/gone"));
}

TEST_F(VolumesTest, AsksForDeletedOnesOnlyIfTheyAreWanted) {
  http_.Answer(200, std::string("[") + kVolume + "]").Answer(200, "[]");
  EXPECT_EQ(Run(api_->Run(context_, ListVolumes(false)))->size(), 1U);
  EXPECT_EQ(Run(api_->Run(context_, ListVolumes(true)))->size(), 0U);
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://api.test/api/volumes", "GET http://api.test/api/volumes?includeDeleted=true"));
}

TEST_F(VolumesTest, DeletesAndTakesAnEmptyAnswer) {
  http_.Answer(200, "").Answer(409,
                               Envelope(409, "Volume cannot be deleted because it is in use by one or more sandboxes"));
  EXPECT_TRUE(Run(api_->Run(context_, DeleteVolume("4e91c945"))).ok());
  EXPECT_EQ(ErrorReason(Run(api_->Run(context_, DeleteVolume("4e91c945")))), "VOLUME_IN_USE");
  EXPECT_EQ(http_.Lines()[0], "DELETE http://api.test/api/volumes/4e91c945");
}

}  // namespace
}  // namespace daytonad
