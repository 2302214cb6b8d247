// Streams whose client has stopped reading: their resources are freed within the limits, and the client learns why when
// it resumes reading.
#include <chrono>
#include <csignal>
#include <memory>
#include <string>

#include "tests/integration/fixture.h"
#include "tests/integration/log_server.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Sandboxes = v1::DaytonaService::Stub;
using Snapshots = v1::SnapshotService::Stub;

// More than gRPC buffers without a reader.
constexpr std::size_t kTooMuch = std::size_t{16} << 20;

// Builds run until the end of the test, and the test writes their log.
class StalledStreamsTest : public IntegrationTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.build = std::chrono::hours(1);
    options.build_log_url_base = log_server_.origin();
    return options;
  }
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--trusted-origin", log_server_.origin()});
    options.flags.insert(options.flags.end(), more_flags_.begin(), more_flags_.end());
    return options;
  }

  // Starts reading the log of a build, and stops after the first bytes.
  void FollowAndStop() {
    const auto create =
        Parse<v1::CreateSnapshotRequest>(R"(spec { name: "s" dockerfile: "FROM debian:12\nRUN true\n" } wait: false)");
    ASSERT_TRUE(Call(snapshots(), &Snapshots::CreateSnapshot, create).ok());
    reader_ = builds().StreamBuildLogs(&context_, Parse<v1::StreamBuildLogsRequest>("snapshot: 's'"));
    ASSERT_TRUE(Eventually([&] { return log_server_.followers() == 1; }));
    log_server_.Write(std::string(kTooMuch, 'x'));
    v1::StreamBuildLogsResponse first;
    ASSERT_TRUE(reader_->Read(&first));
  }
  bool LogIsGivenBack() {
    return Eventually([this] { return log_server_.followers() == 0; });
  }
  // Resumes reading, up to the end.
  template <typename Response>
  static std::string ReadOn(grpc::ClientReader<Response>& reader) {
    Response message;
    while (reader.Read(&message)) {
    }
    const grpc::Status status = reader.Finish();
    return status.ok() ? "OK" : Outcome(client::ErrorFrom(status));
  }

  std::vector<std::string> more_flags_;
  LogServer log_server_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::StreamBuildLogsResponse>> reader_;
};

class ShortStallTest : public StalledStreamsTest {
 protected:
  ShortStallTest() { more_flags_ = {"--max-stall", "300ms"}; }
};

TEST_F(ShortStallTest, AnUnreadStreamIsEndedWithAReason) {
  FollowAndStop();
  EXPECT_TRUE(LogIsGivenBack());
  ASSERT_TRUE(Eventually(
      [this] { return daemon_->log().find("a stream is ended whose client takes no messages") != std::string::npos; }));
  EXPECT_THAT(daemon_->log(), HasSubstr("BuildService/StreamBuildLogs"));
  EXPECT_EQ(ReadOn(*reader_), "ABORTED STREAM_STALLED");
}

TEST_F(ShortStallTest, AnIdleStreamIsNotStalled) {
  FollowAndStop();
  // Another stream, which waits for its first bytes the whole time.
  v1::WatchSnapshotRequest request;
  request.set_snapshot("s");
  grpc::ClientContext context;
  const auto watch = snapshots().WatchSnapshot(&context, request);
  v1::WatchSnapshotResponse update;
  ASSERT_TRUE(watch->Read(&update));
  EXPECT_TRUE(LogIsGivenBack());
  control().ForceSnapshot(update.snapshot().id(), {{"state", "active"}});
  EXPECT_TRUE(watch->Read(&update));
  EXPECT_EQ(update.snapshot().state(), v1::SNAPSHOT_STATE_ACTIVE);
  context.TryCancel();
}

TEST_F(ShortStallTest, AnUnreadListIsEndedToo) {
  const std::string dockerfile = "FROM debian:12\n# " + std::string(90'000, 'x') + "\n";
  for (int i = 0; i < 60; ++i) {
    v1::CreateSnapshotRequest create;
    create.mutable_spec()->set_name("s-" + std::to_string(i));
    create.mutable_spec()->set_dockerfile(dockerfile);
    create.set_wait(false);
    ASSERT_TRUE(Call(snapshots(), &Snapshots::CreateSnapshot, create).ok());
  }
  const auto reader = snapshots().StreamSnapshots(&context_, {});
  v1::StreamSnapshotsResponse first;
  ASSERT_TRUE(reader->Read(&first));
  ASSERT_TRUE(Eventually([this] { return daemon_->log().find("takes no messages") != std::string::npos; }));
  EXPECT_EQ(ReadOn(*reader), "ABORTED STREAM_STALLED");
}

TEST_F(StalledStreamsTest, TheTimeoutOfACreateHoldsForAClientThatHasStoppedReading) {
  const auto request = Parse<v1::CreateSandboxStreamRequest>(
      R"(spec { name: "box" dockerfile: "FROM debian:12\nRUN true\n" } timeout { seconds: 4 })");
  const auto reader = sandboxes().CreateSandboxStream(&context_, request);
  ASSERT_TRUE(Eventually([&] { return log_server_.followers() == 1; }));
  log_server_.Write(std::string(kTooMuch, 'x'));
  v1::CreateSandboxStreamResponse first;
  ASSERT_TRUE(reader->Read(&first));
  EXPECT_TRUE(LogIsGivenBack());
  EXPECT_EQ(ReadOn(*reader), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
}

class ShortWaitTest : public StalledStreamsTest {
 protected:
  ShortWaitTest() { more_flags_ = {"--max-wait", "4s"}; }
};

TEST_F(ShortWaitTest, NoStreamOutlivesMaxWait) {
  FollowAndStop();
  EXPECT_TRUE(LogIsGivenBack());
  EXPECT_EQ(ReadOn(*reader_), "DEADLINE_EXCEEDED DEADLINE_EXCEEDED");
}

class LongDrainTest : public StalledStreamsTest {
 protected:
  LongDrainTest() { more_flags_ = {"--drain-timeout", "1h"}; }
};

TEST_F(LongDrainTest, ADrainDoesNotWaitForAClientThatHasStoppedReading) {
  FollowAndStop();
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->WaitForExit(), 0);
  EXPECT_THAT(daemon_->log(), Not(HasSubstr("took too long")));
}

}  // namespace
}  // namespace daytonad::testing
