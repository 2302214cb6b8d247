// daytonactl as a process: signals, pipes and raw output.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/create/create_names.h"
#include "client/cli/testing/child_process.h"
#include "client/cli/testing/fake_daemon.h"
#include "client/cli/testing/run_command.h"
#include "daytonad/v1/build_service.pb.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/snapshot_service.pb.h"

namespace daytonad::cli {
namespace {

using testing::HasSubstr;

class ProcessTest : public testing::Test {
 protected:
  std::vector<std::string> Line(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {DAYTONACTL, "--address", daemon_.address()});
    return arguments;
  }

  // Makes a method send these messages and then hang.
  void HangAfter(const std::string& method, FakeReply reply) {
    reply.hang = true;
    daemon_.OnCall(method, std::move(reply));
  }

  FakeDaemon daemon_;
};

TEST_F(ProcessTest, CtrlCCancelsAUnaryCall) {
  HangAfter("StartSandbox", {});
  ChildProcess child(Line({"sandbox", "start", "demo"}));
  ASSERT_TRUE(daemon_.WaitUntilHanging("StartSandbox"));
  child.Signal(SIGINT);
  EXPECT_TRUE(daemon_.WaitUntilCancelled("StartSandbox"));
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_THAT(outcome.err, HasSubstr("error: interrupted"));
}

TEST_F(ProcessTest, CtrlCDuringACreateSaysWhatStays) {
  HangAfter("CreateSandboxStream", ReplyWith(FromText<v1::CreateSandboxStreamResponse>(
                                       R"pb(sandbox { id: "5f2c" name: "demo" state_text: "creating" })pb")));
  ChildProcess child(Line({"sandbox", "create"}));
  ASSERT_TRUE(child.ReadErrorUntil("sandbox demo: creating\n"));
  child.Signal(SIGINT);
  EXPECT_TRUE(daemon_.WaitUntilCancelled("CreateSandboxStream"));
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_THAT(outcome.err, HasSubstr("note: sandbox demo stays; `daytonactl sandbox delete 5f2c` deletes it\n"));
}

TEST_F(ProcessTest, CtrlCBeforeAnAnswerNamesWhatMayStillAppear) {
  HangAfter("CreateSandboxStream", {});
  ChildProcess child(Line({"sandbox", "create"}));
  ASSERT_TRUE(daemon_.WaitUntilHanging("CreateSandboxStream"));
  child.Signal(SIGINT);
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.exit_code, 130);
  const auto sent = daemon_.LastRequest<v1::CreateSandboxStreamRequest>("CreateSandboxStream");
  const std::string name = SandboxNameFor(sent.request_id());
  EXPECT_THAT(outcome.err, HasSubstr("note: sandbox " + name + " may still appear; `daytonactl sandbox delete " + name +
                                     "` deletes it, --request-id resumes it\n"));
  EXPECT_THAT(outcome.err, HasSubstr("  request_id: " + sent.request_id() + "\n"));
  EXPECT_THAT(outcome.err, HasSubstr("  sandbox_name: " + name + "\n"));
}

TEST_F(ProcessTest, CtrlCDuringAQuietCreateNamesWhatMayStillAppear) {
  HangAfter("CreateSandbox", {});
  ChildProcess child(Line({"sandbox", "create", "box", "--quiet", "--request-id", "r"}));
  ASSERT_TRUE(daemon_.WaitUntilHanging("CreateSandbox"));
  child.Signal(SIGINT);
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_THAT(outcome.err, HasSubstr("  request_id: r\n  sandbox_name: box\n"));
}

TEST_F(ProcessTest, TerminateCancelsToo) {
  HangAfter("GetSandbox", {});
  ChildProcess child(Line({"sandbox", "get", "demo"}));
  ASSERT_TRUE(daemon_.WaitUntilHanging("GetSandbox"));
  child.Signal(SIGTERM);
  EXPECT_TRUE(daemon_.WaitUntilCancelled("GetSandbox"));
  EXPECT_EQ(child.Finish().exit_code, 143);
}

TEST_F(ProcessTest, LogBytesArriveWhileTheBuildRuns) {
  HangAfter("StreamBuildLogs", ReplyWith(FromText<v1::StreamBuildLogsResponse>(R"pb(log { data: "Step 1" })pb")));
  ChildProcess child(Line({"snapshot", "logs", "py"}));
  EXPECT_TRUE(child.ReadOutputUntil("Step 1"));
  child.Signal(SIGINT);
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_EQ(outcome.out, "Step 1");
}

TEST_F(ProcessTest, EndsQuietlyWhenTheReaderOfItsPipeHasGone) {
  FakeReply reply;
  v1::StreamBuildLogsResponse chunk;
  chunk.mutable_log()->set_data(std::string(64 * 1024, 'x'));
  for (int i = 0; i < 20; ++i) reply.messages.push_back(chunk.SerializeAsString());
  HangAfter("StreamBuildLogs", std::move(reply));
  ChildProcess child(Line({"snapshot", "logs", "py"}));
  ASSERT_TRUE(child.ReadOutputUntil("x"));
  child.CloseOutput();
  EXPECT_TRUE(daemon_.WaitUntilCancelled("StreamBuildLogs"));
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.signal, SIGPIPE);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ProcessTest, AResultThatCanNotBeWrittenIsAFailure) {
  daemon_.OnCall("GetSandbox", ReplyWith(v1::GetSandboxResponse()));
  ChildProcess child(
      {"/bin/sh", "-c", std::string(DAYTONACTL) + " sandbox get a --address " + daemon_.address() + " >/dev/full"});
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "error: can't write to standard output\n");
}

TEST_F(ProcessTest, ReadsADockerfileFromStandardInput) {
  daemon_.OnCall("CreateSnapshotStream", ReplyWith(FromText<v1::CreateSnapshotStreamResponse>(
                                             R"pb(result { id: "1" name: "py" state_text: "active" })pb")));
  ChildProcess child({"/bin/sh", "-c",
                      "echo FROM a | " DAYTONACTL " snapshot create py --dockerfile - --address " + daemon_.address()});
  EXPECT_EQ(child.Finish().exit_code, 0);
  EXPECT_EQ(daemon_.LastRequest<v1::CreateSnapshotStreamRequest>("CreateSnapshotStream").spec().dockerfile(),
            "FROM a\n");
}

TEST_F(ProcessTest, CtrlCEndsAProgramThatHasNotCalledYet) {
  std::string directory = (std::filesystem::temp_directory_path() / "daytonactl-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string pipe = directory + "/Dockerfile";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  ChildProcess child(Line({"snapshot", "create", "py", "--dockerfile", pipe}));
  const int writer = open(pipe.c_str(), O_WRONLY | O_CLOEXEC);  // returns when the child opens it, too
  child.Signal(SIGINT);
  EXPECT_EQ(child.Finish().signal, SIGINT);
  close(writer);
  std::filesystem::remove_all(directory);
}

TEST_F(ProcessTest, TakesTheAddressFromTheEnvironment) {
  daemon_.OnCall("GetSandbox", ReplyWith(FromText<v1::GetSandboxResponse>(R"pb(sandbox { name: "demo" })pb")));
  ChildProcess child(
      {"/usr/bin/env", "DAYTONAD_ADDRESS=" + daemon_.address(), DAYTONACTL, "-o", "name", "sandbox", "get", "demo"});
  EXPECT_EQ(child.Finish().out, "demo\n");
}

}  // namespace
}  // namespace daytonad::cli
