// Uploads of build contexts, by `context upload` and by --context.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/testing/request_fixture.h"
#include "daytonad/v1/build_service.pb.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad::cli {
namespace {

TEST_F(FilesTest, ContextUploadSendsPathSizeAndHashFirst) {
  const std::string file = Write("a.txt", "A\n");
  EXPECT_EQ(Sent<v1::UploadBuildContextRequest>(
                "UploadBuildContext", {"context", "upload", file, "--archive-path", "proj/a.txt", "--request-id", "r"}),
            Golden<v1::UploadBuildContextRequest>(R"pb(header {
                                                         archive_path: "proj/a.txt"
                                                         request_id: "r"
                                                         size: 2048
                                                         context_hash: "588dfc443731a8cab9e8083eebe9e423"
                                                       })pb"));
  RunCommand(daemon_, {"context", "upload", file});
  EXPECT_EQ(ArchivePaths().back(), file.substr(1));
}

TEST_F(FilesTest, EachEntryOfADockerfilesContextIsUploaded) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\nCOPY app /srv\n");
  Write("c/app/main.py", "1");
  Write("c/notes.txt", "2");
  Write("c/docs/a", "3");
  Write("c/node_modules/b", "4");
  Write("c/.dockerignore", "# not these\nnode_modules\ndocs\n!docs/kept\n*.txt\n");
  std::filesystem::create_symlink("app", directory_ / "c/link");
  for (const char* hash : {"h1", "h2", "h3"}) {
    v1::UploadBuildContextResponse uploaded;
    uploaded.set_context_hash(hash);
    daemon_.OnCall("UploadBuildContext", ReplyWith(uploaded));
  }
  EXPECT_EQ(
      Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream", {"sandbox", "create", "--dockerfile", dockerfile,
                                                                   "--context", directory_ / "c", "--cpu", "1"}),
      Golden<v1::CreateSandboxStreamRequest>(R"pb(
        spec {
          declarative_image {
            dockerfile { content: "FROM a\nCOPY app /srv\n" }
            context_hashes: [ "h1", "h2", "h3" ]
          }
          resources { cpu: 1 }
        })pb"));
  EXPECT_EQ(ArchivePaths(), (std::vector<std::string>{".dockerignore", "app", "link"}));
}

TEST_F(FilesTest, NothingIsCreatedWithoutItsContext) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\n");
  Write("c/a", "1");
  const auto create = [&] {
    return RunCommand(daemon_,
                      {"snapshot", "create", "s", "-q", "--dockerfile", dockerfile, "--context", directory_ / "c"});
  };
  daemon_.OnCall("UploadBuildContext", FailWith(grpc::StatusCode::PERMISSION_DENIED, "no"));
  EXPECT_EQ(create().exit_code, kExitDenied);
  std::filesystem::create_symlink("/etc/hostname", directory_ / "c/link");
  const CommandOutcome outcome = create();
  EXPECT_EQ(outcome.exit_code, kExitInvalid);
  EXPECT_NE(outcome.err.find("c/link is a symbolic link that leads to nothing inside"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(daemon_.Requests("CreateSnapshot").size(), 0U);
  EXPECT_EQ(
      RunCommand(daemon_, {"snapshot", "create", "s", "--dockerfile", dockerfile, "--context", "/nowhere"}).exit_code,
      kExitNotFound);
}

}  // namespace
}  // namespace daytonad::cli
