// The request that each `volume` command sends.
#include <gtest/gtest.h>

#include "client/cli/testing/request_fixture.h"
#include "daytonad/v1/volume_service.pb.h"

namespace daytonad::cli {
namespace {

TEST_F(RequestTest, VolumeCommands) {
  EXPECT_EQ(Sent<v1::CreateVolumeRequest>("CreateVolume", {"volume", "create", "v", "--wait"}),
            Golden<v1::CreateVolumeRequest>(R"pb(name: "v" wait: true)pb"));
  EXPECT_EQ(Sent<v1::GetVolumeRequest>("GetVolume", {"volume", "get", "v", "--create-if-missing"}),
            Golden<v1::GetVolumeRequest>(R"pb(volume: "v" create_if_missing: true)pb"));
  EXPECT_EQ(Sent<v1::ListVolumesRequest>("ListVolumes", {"volume", "list", "--include-deleted", "--page-size", "3"}),
            Golden<v1::ListVolumesRequest>(R"pb(include_deleted: true page_size: 3)pb"));
  EXPECT_EQ(Sent<v1::DeleteVolumeRequest>("DeleteVolume", {"volume", "delete", "v", "--timeout", "1h"}),
            Golden<v1::DeleteVolumeRequest>(R"pb(volume: "v"
                                                 timeout { seconds: 3600 })pb"));
}

}  // namespace
}  // namespace daytonad::cli
