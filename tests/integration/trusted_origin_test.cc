// The credential goes to trusted origins only, whatever upstream answers.
#include <string>
#include <vector>

#include "tests/integration/fixture.h"
#include "tests/integration/log_server.h"

namespace daytonad::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Stub = v1::SnapshotService::Stub;

// Upstream refers to another server for build logs.
class UntrustedOriginTest : public IntegrationTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.build_log_url_base = elsewhere_.origin();
    return options;
  }

  Streamed<v1::CreateSnapshotStreamResponse> Create(const std::string& name) {
    v1::CreateSnapshotStreamRequest request;
    request.mutable_spec()->set_name(name);
    request.mutable_spec()->set_dockerfile("FROM debian:12\nRUN echo " + name + "\n");
    return ReadAll(snapshots(), &Stub::CreateSnapshotStream, request);
  }
  Streamed<v1::StreamBuildLogsResponse> ReadLog(const std::string& snapshot) {
    v1::StreamBuildLogsRequest request;
    request.set_snapshot(snapshot);
    return ReadAll(builds(), &v1::BuildService::Stub::StreamBuildLogs, request);
  }
  // The API's own route for logs is missing, in one of two ways.
  void RemoveFallback(int status) {
    control().AddFault({{"path_regex", "^/api/snapshots/.*/build-logs$"}},
                       {{"status", status}, {"body", DaytonaError(status, "Cannot GET /api/snapshots/x/build-logs")}});
  }

  LogServer elsewhere_;
};

class TrustedOriginTest : public UntrustedOriginTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--trusted-origin", elsewhere_.origin()});
    return options;
  }
};

template <typename Response>
std::string Log(const Streamed<Response>& streamed) {
  std::string log;
  for (const Response& message : streamed.messages) log += message.log().data();
  return log;
}

TEST_F(UntrustedOriginTest, TheLogComesFromTheApiInstead) {
  const auto created = Create("s");
  EXPECT_EQ(Outcome(created.error), "OK");
  EXPECT_THAT(Log(created), HasSubstr("Successfully built"));
  for (const auto& message : created.messages) EXPECT_FALSE(message.has_warning()) << message.ShortDebugString();
  const auto log = ReadLog("s");
  EXPECT_EQ(Outcome(log.error), "OK");
  EXPECT_EQ(Log(log), Log(created));
  EXPECT_THAT(elsewhere_.authorizations(), IsEmpty()) << "nobody even asked there";
}

TEST_F(UntrustedOriginTest, WithoutAnotherRouteTheErrorNamesTheFlag) {
  for (const int status : {404, 410}) {
    RemoveFallback(status);
    const std::string name = "s" + std::to_string(status);
    const auto created = Create(name);
    EXPECT_EQ(Outcome(created.error), "OK") << "the create itself goes on";
    EXPECT_TRUE(created.messages.back().has_result());
    std::vector<std::string> warnings;
    for (const auto& message : created.messages) {
      if (!message.has_warning()) continue;
      warnings.push_back(message.warning().reason());
      EXPECT_THAT(message.warning().message(), HasSubstr("--trusted-origin " + elsewhere_.origin()));
    }
    EXPECT_THAT(warnings, ElementsAre("UNTRUSTED_ORIGIN"));

    const auto log = ReadLog(name);
    ASSERT_EQ(Outcome(log.error), "FAILED_PRECONDITION UNTRUSTED_ORIGIN");
    EXPECT_THAT(log.error->message, HasSubstr("--trusted-origin " + elsewhere_.origin()));
    EXPECT_EQ(log.error->metadata.contains("snapshot_id"), true);
    control().ClearFaults();
  }
  EXPECT_THAT(elsewhere_.authorizations(), IsEmpty());
}

TEST_F(UntrustedOriginTest, ARedirectIsNotFollowed) {
  for (const int status : {301, 302, 307, 308}) {
    control().AddFault({{"path_regex", "^/api/"}},
                       {{"status", status}, {"headers", {{"Location", elsewhere_.origin() + "/"}}}});
    v1::GetSnapshotRequest request;
    request.set_snapshot("s");
    const auto got = CallWithin(std::chrono::seconds(1), snapshots(), &Stub::GetSnapshot, request);
    EXPECT_EQ(Outcome(got.error), "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER");
    control().ClearFaults();
  }
  EXPECT_THAT(elsewhere_.authorizations(), IsEmpty());
}

TEST_F(TrustedOriginTest, ATrustedOriginGetsTheCredential) {
  elsewhere_.Write("from elsewhere\n");
  const auto created = Create("s");
  EXPECT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(Log(created), "from elsewhere\n");
  EXPECT_EQ(Log(ReadLog("s")), "from elsewhere\n");
  EXPECT_THAT(elsewhere_.authorizations(), Not(IsEmpty()));
  EXPECT_THAT(elsewhere_.authorizations(), Each(std::string("Bearer ") + kApiKey));
  EXPECT_THAT(daemon_->log(), Not(HasSubstr(kApiKey)));
}

}  // namespace
}  // namespace daytonad::testing
