// The request that each `snapshot` command sends.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "client/cli/testing/request_fixture.h"
#include "daytonad/v1/build_service.pb.h"
#include "daytonad/v1/snapshot_service.pb.h"

namespace daytonad::cli {
namespace {

TEST_F(RequestTest, QuietWaitsInOneCall) {
  EXPECT_EQ(Sent<v1::CreateSnapshotRequest>("CreateSnapshot", {"snapshot", "create", "s", "--image", "a:1", "-q"}),
            Golden<v1::CreateSnapshotRequest>(R"pb(spec { name: "s" image: "a:1" }
                                                   wait: true)pb"));
}

TEST_F(RequestTest, SnapshotCreateReadsTheDockerfile) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("Dockerfile." + std::to_string(getpid()));
  std::ofstream(file) << "FROM a\nRUN b\n";
  EXPECT_EQ(Sent<v1::CreateSnapshotStreamRequest>(
                "CreateSnapshotStream",
                {"snapshot", "create", "--name", "s", "--dockerfile", file.string(), "--entrypoint", "sleep",
                 "--entrypoint", "1", "--cpu", "1", "--region", "eu", "--class", "linux-vm", "--timeout", "0.5"}),
            Golden<v1::CreateSnapshotStreamRequest>(R"pb(
              spec {
                name: "s"
                dockerfile: "FROM a\nRUN b\n"
                entrypoint: [ "sleep", "1" ]
                resources { cpu: 1 }
                region_id: "eu"
                sandbox_class: SANDBOX_CLASS_LINUX_VM
              }
              timeout { nanos: 500000000 })pb"));
  std::filesystem::remove(file);
}

TEST_F(RequestTest, SnapshotCommands) {
  EXPECT_EQ(Sent<v1::ListSnapshotsRequest>(
                "ListSnapshots", {"snapshot", "list", "--name", "n", "--source-sandbox", "s", "--sort", "last-used-at",
                                  "--order", "desc", "--page-token", "t"}),
            Golden<v1::ListSnapshotsRequest>(R"pb(
              name: "n"
              sort: SNAPSHOT_SORT_FIELD_LAST_USED_AT
              order: SORT_ORDER_DESC
              page_token: "t"
              source_sandbox: "s")pb"));
  EXPECT_EQ(Sent<v1::ActivateSnapshotRequest>("ActivateSnapshot", {"snapshot", "activate", "a"}),
            Golden<v1::ActivateSnapshotRequest>(R"pb(snapshot: "a")pb"));
  EXPECT_EQ(Sent<v1::DeactivateSnapshotRequest>("DeactivateSnapshot", {"snapshot", "deactivate", "a"}),
            Golden<v1::DeactivateSnapshotRequest>(R"pb(snapshot: "a")pb"));
  EXPECT_EQ(Sent<v1::DeleteSnapshotRequest>("DeleteSnapshot", {"snapshot", "delete", "a", "--wait"}),
            Golden<v1::DeleteSnapshotRequest>(R"pb(snapshot: "a" wait: true)pb"));
  EXPECT_EQ(Sent<v1::StreamBuildLogsRequest>("StreamBuildLogs",
                                             {"snapshot", "logs", "--sandbox", "a", "--offset", "12", "--no-follow"}),
            Golden<v1::StreamBuildLogsRequest>(R"pb(sandbox: "a" offset: 12 follow: false)pb"));
}

TEST_F(RequestTest, SnapshotListAllStreams) {
  EXPECT_EQ(Sent<v1::StreamSnapshotsRequest>(
                "StreamSnapshots", {"snapshot", "list", "--all", "--name", "n", "--source-sandbox", "s", "--sort",
                                    "last-used-at", "--order", "desc", "--page-size", "9"}),
            Golden<v1::StreamSnapshotsRequest>(R"pb(
              name: "n"
              source_sandbox: "s"
              sort: SNAPSHOT_SORT_FIELD_LAST_USED_AT
              order: SORT_ORDER_DESC
              page_size: 9)pb"));
}

}  // namespace
}  // namespace daytonad::cli
