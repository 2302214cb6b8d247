// How command lines are parsed, whatever the command.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/testing/request_fixture.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/snapshot_service.pb.h"
#include "daytonad/v1/volume_service.pb.h"
#include "grpc/health/v1/health.pb.h"

namespace daytonad::cli {
namespace {

TEST_F(RequestTest, NamesMayBeWordsOfTheCommandLine) {
  EXPECT_EQ(Sent<v1::GetSandboxRequest>("GetSandbox", {"sandbox", "get", "volume"}),
            Golden<v1::GetSandboxRequest>(R"pb(sandbox: "volume")pb"));
  EXPECT_EQ(Sent<v1::GetSnapshotRequest>("GetSnapshot", {"snapshot", "get", "get"}),
            Golden<v1::GetSnapshotRequest>(R"pb(snapshot: "get")pb"));
  EXPECT_EQ(Sent<v1::GetVolumeRequest>("GetVolume", {"volume", "get", "--", "-v"}),
            Golden<v1::GetVolumeRequest>(R"pb(volume: "-v")pb"));
}

TEST_F(RequestTest, EveryMutationTakesARequestId) {
  const std::vector<std::vector<std::string>> mutations = {{"sandbox", "create"},
                                                           {"sandbox", "start", "a"},
                                                           {"sandbox", "stop", "a"},
                                                           {"sandbox", "delete", "a"},
                                                           {"sandbox", "refresh", "a"},
                                                           {"sandbox", "set", "labels", "a"},
                                                           {"sandbox", "set", "ttl", "a", "5"},
                                                           {"snapshot", "create", "a", "--image", "b"},
                                                           {"snapshot", "activate", "a"},
                                                           {"snapshot", "deactivate", "a"},
                                                           {"snapshot", "delete", "a"},
                                                           {"volume", "create", "a"},
                                                           {"volume", "get", "a", "--create-if-missing"},
                                                           {"volume", "delete", "a"}};
  for (std::vector<std::string> line : mutations) {
    line.insert(line.end(), {"--request-id", "r"});
    EXPECT_NE(RunCommand(daemon_, line).exit_code, kExitUsage) << line[0] << " " << line[1];
  }
}

TEST_F(RequestTest, HealthAsksForOneService) {
  using grpc::health::v1::HealthCheckRequest;
  EXPECT_EQ(Sent<HealthCheckRequest>("Check", {"health", "daytonad.v1.VolumeService"}),
            Golden<HealthCheckRequest>(R"pb(service: "daytonad.v1.VolumeService")pb"));
  RunCommand(daemon_, {"health", "--upstream"});
  EXPECT_EQ(daemon_.LastRequest<HealthCheckRequest>("Check").service(), "upstream");
  RunCommand(daemon_, {"health"});
  EXPECT_EQ(daemon_.LastRequest<HealthCheckRequest>("Check").service(), "");
}

struct BadLine {
  std::vector<std::string> arguments;
  std::string message;
};

TEST(CommandLine, SaysWhatIsWrongWithIt) {
  const std::vector<BadLine> lines = {
      {{}, "error: a command is missing\n"},
      {{"sandbox"}, "error: a command is missing\n"},
      {{"sandbox", "crate"}, "\"crate\" is not known here"},
      {{"sandbox", "get"}, "SANDBOX is required"},
      {{"sandbox", "get", "a", "b"}, "\"b\" is not known here"},
      {{"sandbox", "create", "--frob"}, "\"--frob\" is not known here"},
      {{"sandbox", "create", "--env", "A"}, "\"A\" is not of the form KEY=VALUE"},
      {{"sandbox", "create", "--env", "=A"}, "\"=A\" is not of the form KEY=VALUE"},
      {{"sandbox", "create", "--volume", "data"}, "not of the form VOLUME:/MOUNT[:SUBPATH]"},
      {{"sandbox", "create", "--cpu", "two"}, "error: --cpu: \"two\" is not a number\n"},
      {{"sandbox", "create", "--cpu", "nan"}, "error: --cpu: \"nan\" is not a number\n"},
      {{"sandbox", "create", "--gpu", "0.5"}, "error: --gpu: \"0.5\" is not a whole number\n"},
      {{"sandbox", "create", "--gpu", "99999999999"}, "error: --gpu: \"99999999999\" is not a whole number\n"},
      {{"snapshot", "logs", "a", "--offset", "x"}, "error: --offset: \"x\" is not a whole number\n"},
      {{"sandbox", "create", "--public=maybe"}, "error: --public: \"maybe\" is neither true nor false\n"},
      {{"sandbox", "list", "--all=maybe"}, "error: --all: \"maybe\" is neither true nor false\n"},
      {{"sandbox", "create", "--timeout", "soon"}, "\"soon\" is not a duration"},
      {{"sandbox", "create", "--timeout", "-5s"}, "not between 0 and a hundred years"},
      {{"sandbox", "create", "--timeout", "nan"}, "not between 0 and a hundred years"},
      {{"sandbox", "create", "--dockerfile", "/does/not/exist"}, "can't read /does/not/exist"},
      {{"sandbox", "create", "--image", "a", "--snapshot", "b"}, "--image"},
      {{"sandbox", "create", "--declarative", "/does/not/exist"}, "can't read /does/not/exist"},
      {{"sandbox", "create", "--image", "a", "--context", "."}, "--context requires --dockerfile"},
      {{"snapshot", "create", "a", "--declarative", "/dev/null", "--image", "b"}, "--declarative"},
      {{"context", "upload"}, "PATH is required"},
      {{"context", "upload", ".."}, "\"..\" has no name inside a build context of its own: name one"},
      {{"context", "upload", "a", "b", "--archive-path", "c"}, "--archive-path goes with a single PATH"},
      {{"sandbox", "list", "--all", "--page", "2"}, "excludes"},
      {{"snapshot", "list", "--all", "--max-age", "2"}, "excludes"},
      {{"sandbox", "list", "--created-after", "yesterday"}, "\"yesterday\" is not a time"},
      {{"snapshot", "create", "a"}, "--image"},
      {{"snapshot", "logs"}, "--sandbox"},
      {{"--output", "yaml", "version"}, "error: --output: \"yaml\" is none of table, json, name\n"},
      {{"version", "-o", "yaml"}, "error: --output: \"yaml\" is none of table, json, name\n"},
      {{"completion", "tcsh"}, "error: SHELL: \"tcsh\" is none of bash, zsh, fish\n"},
  };
  for (const BadLine& line : lines) {
    const CommandOutcome outcome = RunCommand("unix:/nowhere", line.arguments);
    EXPECT_EQ(outcome.exit_code, kExitUsage) << line.message;
    EXPECT_NE(outcome.err.find(line.message), std::string::npos) << line.message << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(RunCommand("nowhere", {"health"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace daytonad::cli
