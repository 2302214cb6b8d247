// Build logs as a caller sees them: prompt, complete, and ended when the build ends.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/fixture.h"
#include "tests/integration/log_server.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using Stub = v1::SnapshotService::Stub;

// What a log stream delivered.
struct ReadLog {
  std::string bytes;
  std::vector<std::string> warnings;
  v1::StreamEnd end;
  std::string outcome;
};

class BuildLogsTest : public IntegrationTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.log_line = milliseconds(5);
    return options;
  }

  // Starts building a snapshot of that name, without waiting for it. Returns its id.
  std::string Build(const std::string& name, const std::string& dockerfile) {
    v1::CreateSnapshotRequest request;
    request.mutable_spec()->set_name(name);
    request.mutable_spec()->set_dockerfile(dockerfile);
    request.set_wait(false);
    const auto created = Call(snapshots(), &Stub::CreateSnapshot, request);
    EXPECT_EQ(Outcome(created.error), "OK");
    return created.value.snapshot().id();
  }

  // Reads a log with `request`, and checks that its chunks are contiguous.
  ReadLog Read(const std::string& request_text) {
    const auto request = Parse<v1::StreamBuildLogsRequest>(request_text);
    const auto streamed = ReadAll(builds(), &v1::BuildService::Stub::StreamBuildLogs, request);
    ReadLog log;
    log.outcome = Outcome(streamed.error);
    int64_t offset = request.offset();
    for (const v1::StreamBuildLogsResponse& message : streamed.messages) {
      if (message.has_warning()) log.warnings.push_back(message.warning().reason());
      if (message.has_end()) log.end = message.end();
      EXPECT_EQ(message.has_end(), &message == &streamed.messages.back());
      if (!message.has_log()) continue;
      EXPECT_EQ(message.log().offset(), offset);
      EXPECT_FALSE(message.log().data().empty());
      log.bytes += message.log().data();
      offset += static_cast<int64_t>(message.log().data().size());
    }
    if (streamed.error.has_value()) return log;
    EXPECT_EQ(log.end.offset(), offset);
    return log;
  }
};

constexpr char kDockerfile[] = "FROM debian:12\nRUN echo one\nRUN echo two\nRUN echo three\n";

TEST_F(BuildLogsTest, FollowsABuildToItsEnd) {
  Build("team/app:1", kDockerfile);
  const ReadLog followed = Read("snapshot: 'team/app:1'");
  EXPECT_EQ(followed.outcome, "OK");
  EXPECT_EQ(followed.end.reason(), v1::STREAM_END_REASON_COMPLETED);
  EXPECT_EQ(followed.end.state_text(), "active");
  EXPECT_THAT(followed.bytes, HasSubstr("\none\n"));
  EXPECT_THAT(followed.bytes, HasSubstr("Successfully built"));
  const ReadLog afterwards = Read("snapshot: 'team/app:1' follow: false");
  EXPECT_EQ(afterwards.bytes, followed.bytes);
  EXPECT_EQ(afterwards.end.reason(), v1::STREAM_END_REASON_COMPLETED);
  EXPECT_EQ(control().streams(), 0);
}

TEST_F(BuildLogsTest, LogStreamClosesEarlyNotEvenWhenABuildFails) {
  const std::string id = Build("broken", "FROM debian:12\nRUN exit 3\n");
  const ReadLog followed = Read("snapshot: '" + id + "'");
  EXPECT_EQ(followed.outcome, "OK");
  EXPECT_EQ(followed.end.reason(), v1::STREAM_END_REASON_RESOURCE_FAILED);
  EXPECT_THAT(followed.end.message(), HasSubstr("returned a non-zero code: 3"));
  EXPECT_EQ(followed.end.state_text(), "error");
  EXPECT_THAT(followed.bytes, EndsWith("returned a non-zero code: 3\n"));
  EXPECT_EQ(Read("snapshot: 'broken' follow: false").bytes, followed.bytes);
  EXPECT_TRUE(Eventually([&] { return control().streams() == 0; })) << "upstream leaves it open";
}

TEST_F(BuildLogsTest, FollowsTheBuildOfASandbox) {
  v1::CreateSandboxRequest create;
  create.mutable_spec()->set_name("box");
  create.mutable_spec()->set_dockerfile(kDockerfile);
  create.set_wait(false);
  ASSERT_EQ(Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, create).error), "OK");
  const ReadLog followed = Read("sandbox: 'box'");
  EXPECT_EQ(followed.end.reason(), v1::STREAM_END_REASON_COMPLETED);
  EXPECT_THAT(followed.bytes, HasSubstr("Successfully built"));

  create.mutable_spec()->set_name("broken");
  create.mutable_spec()->set_dockerfile("FROM debian:12\nRUN false\n");
  ASSERT_EQ(Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, create).error), "OK");
  const ReadLog failed = Read("sandbox: 'broken'");
  EXPECT_EQ(failed.end.reason(), v1::STREAM_END_REASON_RESOURCE_FAILED);
  EXPECT_EQ(failed.end.state_text(), "build_failed");
}

TEST_F(BuildLogsTest, InvalidUtf8IsPassedThrough) {
  // "ü" in two writes, and then bytes that are not UTF-8.
  Build("s", "FROM debian:12\n# log-base64: YcM=\n# log-base64: vGI=\n# log-base64: /wD+Cg==\n");
  const ReadLog followed = Read("snapshot: 's'");
  EXPECT_THAT(followed.bytes, HasSubstr(std::string("a\xC3\xBC"
                                                    "b\xFF\0\xFE\n",
                                                    8)));
  EXPECT_EQ(Read("snapshot: 's' follow: false").bytes, followed.bytes);
}

TEST_F(BuildLogsTest, ResumesAtAnOffset) {
  MakeSnapshot("s");
  const std::string whole = Read("snapshot: 's' follow: false").bytes;
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size()}) {
    const std::string from = "snapshot: 's' offset: " + std::to_string(offset);
    EXPECT_EQ(Read(from).bytes, whole.substr(offset));
    EXPECT_EQ(Read(from + " follow: false").bytes, whole.substr(offset));
  }
  const std::string beyond = "snapshot: 's' offset: " + std::to_string(whole.size() + 1);
  EXPECT_EQ(Read(beyond).outcome, "OUT_OF_RANGE OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(Read(beyond + " follow: false").outcome, "OUT_OF_RANGE OFFSET_OUT_OF_RANGE");
}

TEST_F(BuildLogsTest, ARepeatedCreateStreamHasTheLogFromItsOffset) {
  const auto request = Parse<v1::CreateSnapshotStreamRequest>(
      R"(spec { name: "s" dockerfile: "FROM debian:12\nRUN echo one\n" } log_offset: 7)");
  std::string log;
  for (const auto& message : ReadAll(snapshots(), &Stub::CreateSnapshotStream, request).messages) {
    log += message.log().data();
  }
  EXPECT_EQ(log, Read("snapshot: 's' follow: false").bytes.substr(7));
}

// Builds here last until their logs have been read.
class SlowBuildLogsTest : public BuildLogsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = BuildLogsTest::emulator_options();
    options.delays.log_line = milliseconds(300);
    return options;
  }
};

TEST_F(SlowBuildLogsTest, LogStreamClosesEarlyAndIsOpenedAgainAndNothingIsLost) {
  size_t interruptions = 0;
  for (const int times : {1, 2, 3}) {
    control().AddFault({{"path_regex", "^/snapshots/.*/build-logs$"}, {"times", times}}, {{"cut_after_bytes", 40}});
    const std::string name = "s" + std::to_string(times);
    Build(name, kDockerfile);
    const ReadLog followed = Read("snapshot: '" + name + "'");
    EXPECT_EQ(followed.outcome, "OK");
    // A connection that breaks after the build has ended is not reopened.
    EXPECT_THAT(followed.warnings, ::testing::Each("LOG_INTERRUPTED"));
    interruptions += followed.warnings.size();
    EXPECT_EQ(followed.end.reason(), v1::STREAM_END_REASON_COMPLETED);
    EXPECT_EQ(followed.bytes, Read("snapshot: '" + name + "' follow: false").bytes);
  }
  EXPECT_GT(interruptions, 0U);
}

TEST_F(BuildLogsTest, AnythingNotBuiltHasNoLog) {
  const auto pulled = Parse<v1::CreateSnapshotRequest>("spec { name: 'pulled' image: 'debian:12' }");
  ASSERT_TRUE(Call(snapshots(), &Stub::CreateSnapshot, pulled).ok());
  EXPECT_EQ(Read("snapshot: 'pulled'").outcome, "FAILED_PRECONDITION BUILD_LOG_UNAVAILABLE");
  EXPECT_EQ(Read("sandbox: '" + MakeSandbox().id() + "'").outcome, "FAILED_PRECONDITION BUILD_LOG_UNAVAILABLE");
  EXPECT_EQ(Read("sandbox: 'nope'").outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(Read("snapshot: 'nope'").outcome, "NOT_FOUND SNAPSHOT_NOT_FOUND");
}

TEST_F(BuildLogsTest, AnUnreadableLogFailsAReadButNotACreate) {
  control().AddFault({{"path_regex", "build-logs$"}},
                     {{"status", 404}, {"body", DaytonaError(404, "build logs not found for ref: x")}});
  const auto request =
      Parse<v1::CreateSnapshotStreamRequest>(R"(spec { name: "s" dockerfile: "FROM debian:12\nRUN echo one\n" })");
  const auto created = ReadAll(snapshots(), &Stub::CreateSnapshotStream, request);
  EXPECT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.messages.back().result().state(), v1::SNAPSHOT_STATE_ACTIVE);
  std::vector<std::string> warnings;
  for (const auto& message : created.messages) {
    if (message.has_warning()) warnings.push_back(message.warning().reason());
  }
  EXPECT_THAT(warnings, ::testing::ElementsAre("BUILD_LOG_UNAVAILABLE"));
  EXPECT_EQ(Read("snapshot: 's'").outcome, "FAILED_PRECONDITION BUILD_LOG_UNAVAILABLE");

  const auto sandbox = Parse<v1::CreateSandboxStreamRequest>(R"(spec { dockerfile: "FROM debian:12\nRUN true\n" })");
  const auto made = ReadAll(sandboxes(), &v1::DaytonaService::Stub::CreateSandboxStream, sandbox);
  EXPECT_EQ(Outcome(made.error), "OK");
  EXPECT_EQ(made.messages.back().result().state(), v1::SANDBOX_STATE_STARTED);
}

// Builds run until the test ends them, and the test writes their log.
class OwnBuildLogsTest : public BuildLogsTest {
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
    return options;
  }

  // Starts reading the log of a build.
  void Open(const std::string& request = "snapshot: 's'") {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    reader_ = builds().StreamBuildLogs(&context_, Parse<v1::StreamBuildLogsRequest>(request));
  }
  v1::StreamBuildLogsResponse Next() {
    v1::StreamBuildLogsResponse message;
    EXPECT_TRUE(reader_->Read(&message));
    return message;
  }
  // Times that are printed but not asserted: machines differ.
  static double MillisecondsSince(steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
  }
  static void Report(const std::string& name, double milliseconds) {
    std::cout << name << ": " << milliseconds << "\n";
    RecordProperty(name, std::to_string(milliseconds));
  }

  // The next `size` bytes, in however many chunks.
  std::string NextBytes(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      const v1::StreamBuildLogsResponse message = Next();
      if (!message.has_log()) break;
      bytes += message.log().data();
    }
    return bytes;
  }
  std::string Finish() { return Outcome(FinishError()); }
  std::optional<client::Error> FinishError() {
    const grpc::Status status = reader_->Finish();
    if (status.ok()) return std::nullopt;
    return client::ErrorFrom(status);
  }

  LogServer log_server_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::StreamBuildLogsResponse>> reader_;
};

TEST_F(OwnBuildLogsTest, EachPieceArrivesBeforeTheNextIsWritten) {
  const std::string id = Build("s", kDockerfile);
  Open();
  ASSERT_TRUE(Eventually([&] { return log_server_.followers() == 1; }));
  std::vector<double> latencies_ms;
  for (int i = 0; i < 200; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    const auto written = steady_clock::now();
    log_server_.Write(line);
    ASSERT_EQ(NextBytes(line.size()), line);
    latencies_ms.push_back(MillisecondsSince(written));
  }
  std::ranges::sort(latencies_ms);
  Report("log_chunk_ms_median", latencies_ms[100]);
  Report("log_chunk_ms_p99", latencies_ms[197]);

  control().ForceSnapshot(id, {{"state", "active"}});
  EXPECT_EQ(Next().end().reason(), v1::STREAM_END_REASON_COMPLETED);
  EXPECT_EQ(Finish(), "OK");
}

TEST_F(OwnBuildLogsTest, TheFirstChunkOfACreateStreamComesWhileTheBuildRuns) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
  const auto reader = snapshots().CreateSnapshotStream(
      &context,
      Parse<v1::CreateSnapshotStreamRequest>(R"(spec { name: "s" dockerfile: "FROM debian:12\nRUN true\n" })"));
  v1::CreateSnapshotStreamResponse message;
  while (message.snapshot().state() != v1::SNAPSHOT_STATE_BUILDING) ASSERT_TRUE(reader->Read(&message));
  log_server_.Write("first\n");
  while (!message.has_log()) ASSERT_TRUE(reader->Read(&message));
  EXPECT_EQ(message.log().data(), "first\n");
  v1::GetSnapshotRequest get;
  get.set_snapshot("s");
  EXPECT_EQ(Call(snapshots(), &Stub::GetSnapshot, get).value.snapshot().state(), v1::SNAPSHOT_STATE_BUILDING);
  control().ForceSnapshot("s", {{"state", "active"}});
  while (reader->Read(&message)) {
  }
  EXPECT_TRUE(message.has_result());
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(OwnBuildLogsTest, ASplitCharacterArrivesInTwoPieces) {
  const std::string id = Build("s", kDockerfile);
  Open();
  ASSERT_TRUE(Eventually([&] { return log_server_.followers() == 1; }));
  for (const char* piece : {"a\xE2", "\x82", "\xAC!"}) {
    log_server_.Write(piece);
    EXPECT_EQ(NextBytes(std::string_view(piece).size()), piece);
  }
  control().ForceSnapshot(id, {{"state", "active"}});
  EXPECT_EQ(Next().end().offset(), 5);
}

TEST_F(OwnBuildLogsTest, WithoutFollowTheLogSoFarIsReturned) {
  Build("s", kDockerfile);
  log_server_.Write("so far\n");
  const ReadLog log = Read("snapshot: 's' follow: false");
  EXPECT_EQ(log.bytes, "so far\n");
  EXPECT_EQ(log.end.reason(), v1::STREAM_END_REASON_CAUGHT_UP);
  const ReadLog rest = Read("snapshot: 's' follow: false offset: 3");
  EXPECT_EQ(rest.bytes, "far\n");
}

TEST_F(OwnBuildLogsTest, ACallerThatLeavesClosesTheConnectionUpstream) {
  Build("s", kDockerfile);
  Open();
  log_server_.Write("one\n");
  ASSERT_EQ(NextBytes(4), "one\n");
  EXPECT_EQ(log_server_.followers(), 1U);
  context_.TryCancel();
  EXPECT_TRUE(Eventually([&] { return log_server_.followers() == 0; }));
  EXPECT_TRUE(Eventually([&] { return control().in_progress() == 0; }));
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(OwnBuildLogsTest, TheDeadlineEndsTheStream) {
  Build("s", kDockerfile);
  Open();
  log_server_.Write("one\n");
  ASSERT_EQ(NextBytes(4), "one\n");
  grpc::ClientContext brief;
  brief.set_deadline(std::chrono::system_clock::now() + milliseconds(300));
  const auto reader = builds().StreamBuildLogs(&brief, Parse<v1::StreamBuildLogsRequest>("snapshot: 's'"));
  v1::StreamBuildLogsResponse message;
  while (reader->Read(&message)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(Eventually([&] { return log_server_.followers() == 1; })) << "the other caller goes on";
  log_server_.Write("two\n");
  EXPECT_EQ(NextBytes(4), "two\n");
}

TEST_F(OwnBuildLogsTest, OutputWrittenWhileTheConnectionIsBrokenIsNotLost) {
  const std::string id = Build("s", kDockerfile);
  Open();
  log_server_.Write("one\n");
  ASSERT_EQ(NextBytes(4), "one\n");
  log_server_.DropFollowers();
  log_server_.Write("two\n");
  EXPECT_EQ(Next().warning().reason(), "LOG_INTERRUPTED");
  EXPECT_EQ(NextBytes(4), "two\n");
  log_server_.DropFollowers();
  EXPECT_EQ(Next().warning().reason(), "LOG_INTERRUPTED");
  // The build ends before or after the connection is restored: the log is complete in both cases.
  log_server_.Write("three\n");
  control().ForceSnapshot(id, {{"state", "error"}, {"errorReason", "out of disk"}});
  EXPECT_EQ(NextBytes(6), "three\n");
  const v1::StreamEnd end = Next().end();
  EXPECT_EQ(end.reason(), v1::STREAM_END_REASON_RESOURCE_FAILED);
  EXPECT_EQ(end.message(), "out of disk");
  EXPECT_EQ(end.offset(), 14);
  EXPECT_EQ(Finish(), "OK");
}

TEST_F(OwnBuildLogsTest, ALogThatAppearsLateIsWaitedFor) {
  control().AddFault(
      {{"path_regex", "/build-logs-url$"}},
      {{"status", 404}, {"body", DaytonaError(404, "Timeout waiting for build runner assignment for x")}});
  Build("s", kDockerfile);
  Open();
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", "/build-logs-url") >= 5; }));
  log_server_.Write("one\n");
  const auto appeared = steady_clock::now();
  control().ClearFaults();
  EXPECT_EQ(NextBytes(4), "one\n");
  Report("log_first_chunk_ms", MillisecondsSince(appeared));
}

TEST_F(OwnBuildLogsTest, DeletingTheSnapshotEndsItsLog) {
  const std::string id = Build("s", kDockerfile);
  Open();
  log_server_.Write("one\n");
  ASSERT_EQ(NextBytes(4), "one\n");
  v1::DeleteSnapshotRequest request;
  request.set_snapshot(id);
  ASSERT_TRUE(Call(snapshots(), &Stub::DeleteSnapshot, request).ok());
  const v1::StreamEnd end = Next().end();
  EXPECT_EQ(end.reason(), v1::STREAM_END_REASON_RESOURCE_GONE);
  EXPECT_EQ(end.offset(), 4);
  EXPECT_EQ(Finish(), "OK");
}

TEST_F(OwnBuildLogsTest, ASnapshotGoneTogetherWithItsLogEndsTheStream) {
  const std::string id = Build("s", kDockerfile);
  Open();
  log_server_.Write("one\n");
  ASSERT_EQ(NextBytes(4), "one\n");
  control().AddFault({{"path_regex", "^/api/snapshots/"}},
                     {{"status", 404}, {"body", DaytonaError(404, "Snapshot " + id + " not found")}});
  const v1::StreamEnd end = Next().end();
  EXPECT_EQ(end.reason(), v1::STREAM_END_REASON_RESOURCE_GONE);
  EXPECT_EQ(end.offset(), 4);
  EXPECT_EQ(end.state_text(), "");
  EXPECT_EQ(Finish(), "OK");
}

class LateStateTest : public BuildLogsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.build = std::chrono::hours(1);
    return options;
  }
};

TEST_F(LateStateTest, ALogThatHasEndedIsReadAgainRarelyUntilTheStateFollows) {
  // The log is complete, and the state changes later: upstream checks every ten seconds.
  control().AddFault({{"path_regex", "^/snapshots/.*/build-logs$"}}, {{"status", 200}, {"body", "Step 1\n"}});
  const std::string id = Build("s", kDockerfile);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
  const auto reader = builds().StreamBuildLogs(&context, Parse<v1::StreamBuildLogsRequest>("snapshot: 's'"));
  const auto opened = [this] { return control().CountRequests("GET", "build-logs-url"); };
  const auto begin = steady_clock::now();
  ASSERT_TRUE(Eventually([&] { return opened() >= 3; }));
  // The first request, and two more, after one second and after another two.
  EXPECT_GE(steady_clock::now() - begin, std::chrono::seconds(2));
  control().ForceSnapshot(id, {{"state", "active"}});
  std::string bytes;
  v1::StreamBuildLogsResponse message;
  while (reader->Read(&message)) {
    EXPECT_FALSE(message.has_warning());
    bytes += message.log().data();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(bytes, "Step 1\n");
}

// The build outlasts the call.
TEST_F(OwnBuildLogsTest, ATimeoutIsNotTakenForABrokenConnection) {
  const auto request = Parse<v1::CreateSandboxStreamRequest>(
      R"(spec { dockerfile: "FROM debian:12\nRUN true\n" } timeout { seconds: 1 })");
  log_server_.Write("Step 1\n");
  const auto created = ReadAll(sandboxes(), &v1::DaytonaService::Stub::CreateSandboxStream, request);
  EXPECT_EQ(Outcome(created.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  std::string bytes;
  for (const auto& message : created.messages) {
    EXPECT_FALSE(message.has_warning()) << message.warning().ShortDebugString();
    bytes += message.log().data();
  }
  EXPECT_EQ(bytes, "Step 1\n");
}

TEST_F(OwnBuildLogsTest, PingStarvationBySlowReaderDelaysNobody) {
  constexpr std::size_t kSize = std::size_t{48} << 20;
  std::string large;
  large.reserve(kSize + 64);
  for (int line = 0; large.size() < kSize; ++line) large += "this is line " + std::to_string(line) + " of a long log\n";
  const std::string id = Build("s", kDockerfile);
  Open();
  ASSERT_TRUE(Eventually([&] { return log_server_.followers() == 1; }));
  const long before_kib = daemon_->resident_kib();
  log_server_.Write(large);
  std::string received = Next().log().data();
  v1::GetSnapshotRequest get;
  get.set_snapshot("s");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Call(snapshots(), &Stub::GetSnapshot, get).ok());
  received += NextBytes(large.size() - received.size());
  EXPECT_TRUE(received == large);
  control().ForceSnapshot(id, {{"state", "active"}});
  EXPECT_EQ(Next().end().offset(), static_cast<int64_t>(large.size()));
  EXPECT_EQ(Finish(), "OK");
  EXPECT_LT(daemon_->peak_resident_kib() - before_kib, static_cast<long>(kSize / 1024) / 2) << "it is passed on";
}

}  // namespace
}  // namespace daytonad::testing
