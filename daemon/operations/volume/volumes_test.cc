#include "daemon/operations/volume/volumes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/base/absent.h"
#include "daemon/operations/testing/operations_fixture.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Volume Ready(const std::string& id, const std::string& name) {
  v1::Volume volume;
  volume.set_id(id);
  volume.set_name(name);
  volume.set_state(v1::VOLUME_STATE_READY);
  return volume;
}

class VolumeOperationsTest : public OperationsFixture {
 protected:
  static VolumeListQuery Query(size_t page_size, const std::string& cursor = "") {
    VolumeListQuery query;
    query.cursor = cursor;
    query.page_size = page_size;
    query.max_bytes = 1000;
    return query;
  }
  VolumePage List(VolumeListQuery query) {
    absl::StatusOr<VolumePage> page = RunTask(io_, operations_.List(context_, std::move(query)));
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : VolumePage();
  }
  static std::vector<std::string> IdsOf(const VolumePage& page) {
    std::vector<std::string> ids;
    for (const v1::Volume& volume : page.items) ids.push_back(volume.id());
    return ids;
  }

  VolumeOperations operations_{dependencies_};
};

TEST_F(VolumeOperationsTest, PagesAreSortedByNameAndId) {
  api_.answers<ListVolumes>().Add(std::vector{Ready("3", "b"), Ready("2", "a"), Ready("1", "a")});
  const VolumePage first = List(Query(2));
  EXPECT_THAT(IdsOf(first), ElementsAre("1", "2"));
  const VolumePage second = List(Query(2, first.next_cursor));
  EXPECT_THAT(IdsOf(second), ElementsAre("3"));
  EXPECT_EQ(second.next_cursor, "");
}

TEST_F(VolumeOperationsTest, VolumesThatComeAndGoBetweenTwoPagesShiftNothing) {
  api_.answers<ListVolumes>().Add(std::vector{Ready("1", "a"), Ready("2", "b/b"), Ready("3", "c"), Ready("4", "d")});
  api_.answers<ListVolumes>().Add(std::vector{Ready("5", "aa"), Ready("3", "c"), Ready("4", "d")});
  const VolumePage first = List(Query(2));
  EXPECT_THAT(IdsOf(first), ElementsAre("1", "2"));
  EXPECT_THAT(IdsOf(List(Query(2, first.next_cursor))), ElementsAre("3", "4"));
}

TEST_F(VolumeOperationsTest, APageThatWouldBeTooLargeIsCutButNeverEmpty) {
  const std::string long_name(600, 'x');
  api_.answers<ListVolumes>().Add(std::vector{Ready("1", long_name + "1"), Ready("2", long_name + "2")});
  VolumeListQuery query = Query(10);
  EXPECT_THAT(IdsOf(List(query)), ElementsAre("1"));
  query.max_bytes = 10;
  const VolumePage first = List(query);
  EXPECT_THAT(IdsOf(first), ElementsAre("1"));
  query.cursor = first.next_cursor;
  EXPECT_THAT(IdsOf(List(query)), ElementsAre("2"));
}

TEST_F(VolumeOperationsTest, APageAfterTheLastVolumeIsEmpty) {
  api_.answers<ListVolumes>().Add(std::vector{Ready("1", "a")});
  const VolumePage page = List(Query(2, "9/z"));
  EXPECT_THAT(IdsOf(page), IsEmpty());
  EXPECT_EQ(page.next_cursor, "");
}

TEST_F(VolumeOperationsTest, ARepeatedGetOrCreateStillSaysThatItCreatedTheVolume) {
  api_.answers<GetVolume>().Add(AbsentError("volume", "data"));
  api_.answers<CreateVolume>().Add(Ready("id-1", "data"));
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<FoundVolume> found = RunTask(io_, operations_.GetOrCreate(WithRequest("r"), "data"));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->created);
    EXPECT_EQ(found->volume.id(), "id-1");
    EXPECT_EQ(found->volume.name(), "data");
  }
  EXPECT_THAT(api_.calls, ElementsAre("GetVolumeByName data", "CreateVolume"));
}

TEST_F(VolumeOperationsTest, GetOrCreateOfAVolumeThatIsThereCreatesNone) {
  api_.answers<GetVolume>().Add(Ready("id-1", "data"));
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<FoundVolume> found = RunTask(io_, operations_.GetOrCreate(WithRequest("r"), "data"));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_FALSE(found->created);
    EXPECT_EQ(found->volume.id(), "id-1");
  }
  EXPECT_THAT(api_.calls, ElementsAre("GetVolumeByName data"));
}

}  // namespace
}  // namespace daytonad
