// What each command prints for the daemon's answer, and its exit code.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/testing/fake_daemon.h"
#include "client/cli/testing/run_command.h"
#include "daytonad/v1/build_service.pb.h"
#include "daytonad/v1/daemon_service.pb.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/snapshot_service.pb.h"
#include "daytonad/v1/volume_service.pb.h"
#include "google/rpc/error_details.pb.h"
#include "grpc/health/v1/health.pb.h"

namespace daytonad::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kSandbox[] = R"pb(
  id: "5f2c"
  name: "demo"
  view: VIEW_FULL
  state: SANDBOX_STATE_STARTED
  state_text: "started"
  snapshot: "py"
  target: "eu"
  cpu: 1
  memory_gib: 2
  disk_gib: 3
  created_at { seconds: 1767225600 }
  labels { key: "team" value: "x" }
  auto_stop_minutes: 15)pb";

std::string InField(const std::string& field, const std::string& text) { return field + " {" + text + "} "; }

std::string WithState(const std::string& state) {
  return R"pb(id: "5f2c" name: "demo" state_text:)pb" + ("\"" + state + "\"");
}

class ResponseTest : public testing::Test {
 protected:
  FakeDaemon daemon_;
};

TEST_F(ResponseTest, GetShowsDetails) {
  daemon_.OnCall("GetSandbox", ReplyWith(FromText<v1::GetSandboxResponse>(InField("sandbox", kSandbox))));
  const CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "get", "demo"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "Name:       demo\n"
            "Id:         5f2c\n"
            "State:      started\n"
            "Snapshot:   py\n"
            "Target:     eu\n"
            "Resources:  1 CPU, 2 GiB memory, 3 GiB disk\n"
            "Label:      team=x\n"
            "Auto-stop:  15 min\n"
            "Created:    2026-01-01 00:00:00Z\n");
}

TEST_F(ResponseTest, ListShowsATableAndSaysThatThereIsMore) {
  daemon_.OnCall("ListSandboxes", ReplyWith(FromText<v1::ListSandboxesResponse>(InField("sandboxes", kSandbox) +
                                                                                R"pb(next_page_token: "abc")pb")));
  const CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "list"});
  EXPECT_EQ(outcome.out,
            "NAME  STATE    SNAPSHOT  CPU  MEMORY  DISK  TARGET  CREATED               ID\n"
            "demo  started  py        1    2       3     eu      2026-01-01 00:00:00Z  5f2c\n");
  EXPECT_EQ(outcome.err, "there is more: --all, or --page-token 'abc'\n");
}

TEST_F(ResponseTest, NumberedPagesShowTotals) {
  daemon_.OnCall("ListSandboxes", ReplyWith(FromText<v1::ListSandboxesResponse>(
                                      InField("sandboxes", kSandbox) + "total_size: 5 page: 2 total_pages: 3")));
  EXPECT_EQ(RunCommand(daemon_, {"sandbox", "list", "--page", "2"}).err, "page 2 of 3, 5 in all\n");
}

TEST_F(ResponseTest, JsonIsTheResponseWithTheFieldNamesOfTheContract) {
  daemon_.OnCall("ListSandboxes", ReplyWith(FromText<v1::ListSandboxesResponse>(InField("sandboxes", kSandbox))));
  const CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "list", "-o", "json"});
  EXPECT_THAT(outcome.out, HasSubstr(R"("state_text": "started")"));
  EXPECT_THAT(outcome.out, HasSubstr(R"("state": "SANDBOX_STATE_STARTED")"));
  EXPECT_THAT(outcome.out, HasSubstr(R"("network_allow_list": [])"));
  v1::ListSandboxesResponse parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &parsed).ok());
  EXPECT_EQ(parsed.sandboxes_size(), 1);
}

TEST_F(ResponseTest, AnEmptyListIsAnEmptyArray) {
  daemon_.OnCall("ListVolumes", ReplyWith(v1::ListVolumesResponse()));
  EXPECT_THAT(RunCommand(daemon_, {"volume", "list", "-o", "json"}).out, HasSubstr(R"("volumes": [])"));
  EXPECT_EQ(RunCommand(daemon_, {"volume", "list"}).out, "NAME  STATE  CREATED  ID\n");
}

TEST_F(ResponseTest, NamesAreLines) {
  daemon_.OnCall("ListSandboxes", ReplyWith(FromText<v1::ListSandboxesResponse>(InField("sandboxes", kSandbox) +
                                                                                R"pb(sandboxes { name: "two" })pb")));
  EXPECT_EQ(RunCommand(daemon_, {"sandbox", "list", "-o", "name"}).out, "demo\ntwo\n");
}

TEST_F(ResponseTest, ListAllPrintsEveryMessage) {
  const auto one = FromText<v1::StreamSandboxesResponse>(InField("sandbox", kSandbox));
  const auto two = FromText<v1::StreamSandboxesResponse>(R"pb(sandbox { name: "two" })pb");
  daemon_.OnCall("StreamSandboxes", ReplyWith(one, two));
  EXPECT_EQ(RunCommand(daemon_, {"sandbox", "list", "--all", "-o", "name"}).out, "demo\ntwo\n");
  const std::string json = RunCommand(daemon_, {"sandbox", "list", "--all", "-o", "json"}).out;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 2);
  EXPECT_THAT(json, StartsWith(R"({"sandbox":{"id":"5f2c")"));
  EXPECT_THAT(RunCommand(daemon_, {"sandbox", "list", "--all"}).out, HasSubstr("\ntwo   -"));
}

TEST_F(ResponseTest, SnapshotListAllPrintsEveryMessage) {
  const auto one = FromText<v1::StreamSnapshotsResponse>(R"pb(snapshot { name: "a" state_text: "active" })pb");
  const auto two = FromText<v1::StreamSnapshotsResponse>(R"pb(snapshot { name: "b" })pb");
  daemon_.OnCall("StreamSnapshots", ReplyWith(one, two));
  const CommandOutcome names = RunCommand(daemon_, {"snapshot", "list", "--all", "-o", "name"});
  EXPECT_EQ(names.out, "a\nb\n");
  EXPECT_EQ(names.err, "");
  const std::string json = RunCommand(daemon_, {"snapshot", "list", "--all", "-o", "json"}).out;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 2);
  EXPECT_THAT(json, StartsWith(R"({"snapshot":{"id":"","name":"a")"));
  EXPECT_THAT(RunCommand(daemon_, {"snapshot", "list", "--all"}).out, HasSubstr("\na     active"));
}

TEST_F(ResponseTest, ContextUploadShowsTheHashOfEach) {
  std::string directory = std::filesystem::temp_directory_path() / "daytonactl-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const auto made = ReplyWith(FromText<v1::UploadBuildContextResponse>("context_hash: '3ca6'"));
  const auto found = ReplyWith(FromText<v1::UploadBuildContextResponse>("context_hash: '28bf' existed: true"));
  const auto failed = FailWith(grpc::StatusCode::UNAVAILABLE, "no store");
  for (const FakeReply& reply : {made, found, made, found, failed}) daemon_.OnCall("UploadBuildContext", reply);
  EXPECT_EQ(RunCommand(daemon_, {"context", "upload", directory, "--archive-path", "app"}).out,
            "ARCHIVE PATH  HASH  EXISTED\n"
            "app           3ca6  no\n");
  EXPECT_EQ(RunCommand(daemon_, {"context", "upload", directory, "-o", "json"}).out,
            "{\"context_hash\":\"28bf\",\"existed\":true}\n");
  // What was uploaded before a failure is shown.
  const CommandOutcome broken =
      RunCommand(daemon_, {"context", "upload", directory, directory, directory, "-o", "name"});
  EXPECT_EQ(broken.exit_code, kExitUnavailable);
  EXPECT_EQ(broken.out, "3ca6\n28bf\n");
  EXPECT_THAT(broken.err, StartsWith("error: "));
  EXPECT_EQ(RunCommand(daemon_, {"context", "upload", directory}).out, "");
  std::filesystem::remove_all(directory);
}

TEST_F(ResponseTest, CreateShowsProgressOnErrAndTheResultOnOut) {
  using Event = v1::CreateSandboxStreamResponse;
  daemon_.OnCall("CreateSandboxStream",
                 ReplyWith(FromText<Event>(InField("sandbox", WithState("pending_build"))),
                           FromText<Event>(InField("sandbox", WithState("building_snapshot"))),
                           FromText<Event>(R"pb(log { data: "Step 1\nSte" })pb"),
                           FromText<Event>(R"pb(log { data: "p 2 \303" offset: 10 })pb"),
                           FromText<Event>(R"pb(log { data: "\244" offset: 16 })pb"),
                           FromText<Event>(R"pb(warning { reason: "LOG_INTERRUPTED" message: "again" })pb"),
                           FromText<Event>(InField("result", kSandbox))));
  const CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "create", "-o", "name"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_EQ(outcome.out, "demo\n");
  EXPECT_EQ(outcome.err,
            "sandbox demo: pending_build\n"
            "sandbox demo: building_snapshot\n"
            "Step 1\nStep 2 ä\n"
            "warning: again (LOG_INTERRUPTED)\n"
            "sandbox demo: started\n");
  EXPECT_EQ(RunCommand(daemon_, {"sandbox", "create", "--no-logs"}).err,
            "sandbox demo: pending_build\n"
            "sandbox demo: building_snapshot\n"
            "warning: again (LOG_INTERRUPTED)\n"
            "sandbox demo: started\n");
}

TEST_F(ResponseTest, CreateSaysTheSameWithAndWithoutProgress) {
  daemon_.OnCall("CreateSandboxStream",
                 ReplyWith(FromText<v1::CreateSandboxStreamResponse>(InField("result", kSandbox))));
  daemon_.OnCall("CreateSandbox", ReplyWith(FromText<v1::CreateSandboxResponse>(InField("sandbox", kSandbox))));
  const CommandOutcome loud = RunCommand(daemon_, {"sandbox", "create", "-o", "json"});
  const CommandOutcome quiet = RunCommand(daemon_, {"sandbox", "create", "-o", "json", "--quiet"});
  EXPECT_EQ(loud.out, quiet.out);
  EXPECT_EQ(quiet.err, "");
}

TEST_F(ResponseTest, AFailedBuildShowsTheReasonAndWhatStays) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason("SNAPSHOT_BUILD_FAILED");
  (*info.mutable_metadata())["snapshot_name"] = "py";
  details.add_details()->PackFrom(info);
  FakeReply reply = FailWith(grpc::StatusCode::FAILED_PRECONDITION, "the build failed: exit 1", details);
  const auto building =
      FromText<v1::CreateSnapshotStreamResponse>(R"pb(snapshot { id: "77" name: "py" state_text: "building" })pb");
  const auto log = FromText<v1::CreateSnapshotStreamResponse>(R"pb(log { data: "RUN false" })pb");
  reply.messages = {building.SerializeAsString(), log.SerializeAsString()};
  daemon_.OnCall("CreateSnapshotStream", reply);
  const CommandOutcome outcome = RunCommand(daemon_, {"snapshot", "create", "py", "--image", "a:1"});
  EXPECT_EQ(outcome.exit_code, kExitPrecondition);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "snapshot py: building\n"
            "RUN false\n"
            "note: snapshot py stays; `daytonactl snapshot delete 77` deletes it\n"
            "error: the build failed: exit 1\n"
            "  code: FAILED_PRECONDITION\n"
            "  reason: SNAPSHOT_BUILD_FAILED\n"
            "  snapshot_name: py\n");
}

TEST_F(ResponseTest, AStreamWithoutResultIsAFailure) {
  daemon_.OnCall("CreateSandboxStream", FakeReply());
  EXPECT_EQ(RunCommand(daemon_, {"sandbox", "create"}).exit_code, kExitFailed);
}

TEST_F(ResponseTest, ErrorsAreJsonIfResultsAre) {
  daemon_.OnCall("GetSandbox", FailWith(grpc::StatusCode::NOT_FOUND, "no such sandbox"));
  const CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "get", "a", "-o", "json"});
  EXPECT_EQ(outcome.exit_code, kExitNotFound);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("{\"error\":{"));
}

TEST_F(ResponseTest, LogsAreWrittenByteByByte) {
  using Event = v1::StreamBuildLogsResponse;
  Event binary;
  binary.mutable_log()->set_data(std::string("\x00\xff\x1b[0m", 6));
  daemon_.OnCall("StreamBuildLogs",
                 ReplyWith(binary, FromText<Event>(R"pb(end { reason: STREAM_END_REASON_COMPLETED })pb")));
  const CommandOutcome outcome = RunCommand(daemon_, {"snapshot", "logs", "a"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_EQ(outcome.out, binary.log().data());
  const std::string json = RunCommand(daemon_, {"snapshot", "logs", "a", "-o", "json"}).out;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 2);
}

TEST_F(ResponseTest, OnATerminalLogsCanDoNothingButShowLinesAndColours) {
  using Event = v1::StreamBuildLogsResponse;
  Event first;
  first.mutable_log()->set_data("\x1b[32mok\x1b[0m\n\x1b]0;own");
  Event second;
  second.mutable_log()->set_data(
      "ed\x07 \xe2\x80\xae"
      "evil\x1b");
  daemon_.OnCall("StreamBuildLogs",
                 ReplyWith(first, second, FromText<Event>(R"pb(end { reason: STREAM_END_REASON_COMPLETED })pb")));
  const CommandOutcome outcome = RunCommand(daemon_, {"snapshot", "logs", "a"}, 80);
  EXPECT_EQ(outcome.out, "\x1b[32mok\x1b[0m\n\uFFFD]0;owned\uFFFD \\u202eevil\uFFFD");
}

TEST_F(ResponseTest, MissingLogBytesAreReported) {
  using Event = v1::StreamBuildLogsResponse;
  daemon_.OnCall("StreamBuildLogs",
                 ReplyWith(FromText<Event>(R"pb(log { data: "rest\n" offset: 70 missing_bytes: 70 })pb"),
                           FromText<Event>(R"pb(end { reason: STREAM_END_REASON_COMPLETED })pb")));
  const CommandOutcome outcome = RunCommand(daemon_, {"snapshot", "logs", "a"});
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_EQ(outcome.out, "rest\n");
  EXPECT_EQ(outcome.err, "warning: 70 bytes of the log are no longer kept\n");
}

TEST_F(ResponseTest, InfoShowsWhatTheDaemonKnowsAndWhatItDoesNot) {
  daemon_.OnCall("GetDaemonInfo", ReplyWith(FromText<v1::GetDaemonInfoResponse>(R"pb(
                   version: "0.1.0"
                   api_url: "https://app.daytona.io/api"
                   events: EVENTS_STATE_UP
                   capabilities: CAPABILITY_MUTATIONS
                   capabilities: 99
                   unknown_capabilities: CAPABILITY_NUMBERED_SANDBOX_LIST)pb")));
  const CommandOutcome table = RunCommand(daemon_, {"info"});
  EXPECT_EQ(table.exit_code, kExitOk);
  EXPECT_EQ(table.out,
            "Version:           0.1.0\n"
            "API:               https://app.daytona.io/api\n"
            "Upstream version:  not known yet\n"
            "Events:            up\n"
            "Can:               mutations\n"
            "Can:               99\n"
            "Perhaps:           numbered sandbox list\n");
  EXPECT_EQ(RunCommand(daemon_, {"info", "-o", "name"}).out, "0.1.0\n");
  EXPECT_THAT(RunCommand(daemon_, {"info", "-o", "json"}).out,
              HasSubstr("\"api_url\": \"https://app.daytona.io/api\""));
}

TEST_F(ResponseTest, TheLogOfAFailedBuildFails) {
  using Event = v1::StreamBuildLogsResponse;
  daemon_.OnCall(
      "StreamBuildLogs",
      ReplyWith(FromText<Event>(R"pb(end { reason: STREAM_END_REASON_RESOURCE_FAILED message: "exit 1" })pb")));
  const CommandOutcome failed = RunCommand(daemon_, {"snapshot", "logs", "a"});
  EXPECT_EQ(failed.exit_code, kExitPrecondition);
  EXPECT_EQ(failed.err, "error: the build failed: exit 1\n");
}

TEST_F(ResponseTest, HealthExitsWithZeroOnlyIfServing) {
  using grpc::health::v1::HealthCheckResponse;
  daemon_.OnCall("Check", ReplyWith(FromText<HealthCheckResponse>("status: SERVING")));
  daemon_.OnCall("Check", ReplyWith(FromText<HealthCheckResponse>("status: NOT_SERVING")));
  daemon_.OnCall("Check", FailWith(grpc::StatusCode::NOT_FOUND, "unknown service"));
  const CommandOutcome serving = RunCommand(daemon_, {"health"});
  EXPECT_EQ(serving.exit_code, 0);
  EXPECT_EQ(serving.out, "SERVING\n");
  EXPECT_EQ(RunCommand(daemon_, {"health"}).exit_code, 1);
  EXPECT_EQ(RunCommand(daemon_, {"health", "frob"}).exit_code, 1);
  EXPECT_EQ(RunCommand("unix:/nowhere/d.sock", {"health"}).exit_code, 1);
}

TEST_F(ResponseTest, TheDeadlineEndsACall) {
  FakeReply reply;
  reply.hang = true;
  daemon_.OnCall("GetSandbox", reply);
  const CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "get", "a", "--deadline", "0.05"});
  EXPECT_EQ(outcome.exit_code, kExitTimeout);
  EXPECT_TRUE(daemon_.WaitUntilCancelled("GetSandbox"));
}

TEST(WithoutADaemon, TheErrorNamesTheAddressAndHowToStartOne) {
  const CommandOutcome outcome = RunCommand("unix:/nowhere/d.sock", {"sandbox", "get", "a"});
  EXPECT_EQ(outcome.exit_code, kExitUnavailable);
  EXPECT_THAT(outcome.err, StartsWith("error: no daemon answers at unix:/nowhere/d.sock ("));
  EXPECT_THAT(outcome.err, HasSubstr("`daytonad --listen unix:/nowhere/d.sock`"));
}

TEST(WithoutADaemon, VersionWorks) {
  EXPECT_EQ(RunCommand("unix:/nowhere/d.sock", {"version"}).exit_code, kExitOk);
  EXPECT_THAT(RunCommand("unix:/nowhere/d.sock", {"version"}).out, StartsWith("daytonactl "));
}

}  // namespace
}  // namespace daytonad::cli
