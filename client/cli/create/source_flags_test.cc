// The files that --dockerfile and --declarative read.
#include <string>

#include <gtest/gtest.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/testing/request_fixture.h"
#include "daytonad/v1/snapshot_service.pb.h"

namespace daytonad::cli {
namespace {

TEST_F(FilesTest, AnImageIsReadAsJsonOrAsText) {
  const std::string golden = Golden<v1::CreateSnapshotStreamRequest>(R"pb(
    spec {
      name: "s"
      declarative_image {
        base_image: "debian:12"
        steps { workdir: "/srv" }
      }
    })pb");
  const std::string text = Write("image.txtpb", "# ours\nbase_image: 'debian:12' steps { workdir: '/srv' }\n");
  const std::string json =
      Write("image.json", " \n{\"base_image\": \"debian:12\", \"steps\": [{\"workdir\": \"/srv\"}]}");
  for (const std::string& file : {text, json}) {
    FakeDaemon daemon;
    RunCommand(daemon, {"snapshot", "create", "s", "--declarative", file});
    auto sent = daemon.LastRequest<v1::CreateSnapshotStreamRequest>("CreateSnapshotStream");
    sent.clear_request_id();  // made for each create
    EXPECT_EQ(sent.DebugString(), golden);
  }
}

TEST_F(FilesTest, AParseErrorOfAnImageNamesThePlace) {
  const std::string text = Write("image.txtpb", "base_image: 'debian:12'\nstep {}\n");
  CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "create", "--declarative", text});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_NE(outcome.err.find("line 2, column 6: Message type \"daytonad.v1.Image\" has no field named \"step\""),
            std::string::npos)
      << outcome.err;
  outcome = RunCommand(daemon_, {"sandbox", "create", "--declarative", Write("image.json", "{\"base\": 1}")});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_NE(outcome.err.find("base"), std::string::npos) << outcome.err;
}

TEST_F(FilesTest, ADockerfileHasLineFeedsWhateverTheFileHas) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\r\nRUN b \\\r\n  c\rUSER d\n");
  EXPECT_EQ(Sent<v1::CreateSnapshotStreamRequest>("CreateSnapshotStream",
                                                  {"snapshot", "create", "s", "--dockerfile", dockerfile}),
            Golden<v1::CreateSnapshotStreamRequest>(
                R"pb(spec { name: "s" dockerfile: "FROM a\nRUN b \\\n  c\nUSER d\n" })pb"));
}

TEST_F(FilesTest, ADockerfileThatIsNotUtf8IsRefusedBeforeAnythingIsSent) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\n# caf\xe9\n");
  const CommandOutcome outcome = RunCommand(daemon_, {"snapshot", "create", "s", "--dockerfile", dockerfile});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_NE(outcome.err.find("Dockerfile is not UTF-8 on line 2; save it as UTF-8"), std::string::npos) << outcome.err;
  EXPECT_TRUE(daemon_.Requests("CreateSnapshotStream").empty());
}

}  // namespace
}  // namespace daytonad::cli
