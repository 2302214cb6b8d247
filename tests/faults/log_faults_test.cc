// Build logs over connections that break: every byte exactly once, and then the end.
#include <future>
#include <string>
#include <vector>

#include "tests/faults/fault_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::HasSubstr;
using Snapshots = v1::SnapshotService::Stub;

// Connections for logs, not for the API.
constexpr char kLog[] = "GET /snapshots/";
constexpr char kDockerfile[] = R"(FROM debian:12\nRUN echo one\nRUN echo two\nRUN echo three\nRUN echo four\n)";

struct ReadLog {
  std::string bytes;
  std::vector<std::string> warnings;
  v1::StreamEnd end;
  std::string outcome;
};

class LogFaultsTest : public FaultTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = FaultTest::emulator_options();
    options.delays.log_line = milliseconds(5);
    options.build_log_url_base = LogOrigin();
    return options;
  }
  ProcessOptions daemon_options() override {
    ProcessOptions options = FaultTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--trusted-origin", LogOrigin()});
    return options;
  }
  // A different host name than the API's, so that logs have separate connections.
  std::string LogOrigin() { return "http://localhost:" + std::to_string(proxy_.port()); }

  // Starts building a snapshot, without waiting for it.
  void Build(const std::string& name, const std::string& dockerfile) {
    const auto request = Parse<v1::CreateSnapshotRequest>("spec { name: '" + name + "' dockerfile: \"" + dockerfile +
                                                          "\" } wait: false");
    EXPECT_EQ(Outcome(Call(snapshots(), &Snapshots::CreateSnapshot, request).error), "OK");
  }

  // Reads a snapshot's log, and checks that its chunks are contiguous.
  ReadLog Read(const std::string& snapshot, const std::string& more = "") {
    const auto request = Parse<v1::StreamBuildLogsRequest>("snapshot: '" + snapshot + "' " + more);
    const auto streamed = ReadAll(builds(), &v1::BuildService::Stub::StreamBuildLogs, request);
    ReadLog log;
    log.outcome = Outcome(streamed.error);
    for (const v1::StreamBuildLogsResponse& message : streamed.messages) {
      if (message.has_warning()) log.warnings.push_back(message.warning().reason());
      if (message.has_end()) log.end = message.end();
      if (!message.has_log()) continue;
      EXPECT_EQ(message.log().offset(), static_cast<int64_t>(log.bytes.size()));
      log.bytes += message.log().data();
    }
    return log;
  }

  void ExpectWhole(const ReadLog& log, const std::string& snapshot) {
    EXPECT_EQ(log.outcome, "OK");
    EXPECT_EQ(log.end.reason(), v1::STREAM_END_REASON_COMPLETED);
    EXPECT_EQ(log.end.offset(), static_cast<int64_t>(log.bytes.size()));
    // A connection that breaks after the build has ended is not reopened; so tests check the total.
    EXPECT_THAT(log.warnings, Each("LOG_INTERRUPTED"));
    interruptions_ += log.warnings.size();
    proxy_.Heal();
    EXPECT_EQ(log.bytes, Read(snapshot, "follow: false").bytes);
    EXPECT_THAT(log.bytes, HasSubstr("\nfour\n"));
  }

  std::size_t interruptions_ = 0;
};

TEST_F(LogFaultsTest, LogStreamClosesEarlyAnywhereAndNothingIsLostOrDoubled) {
  int number = 0;
  for (const Action action : {Action::kCut, Action::kEnd}) {
    for (const std::size_t after : {0, 20, 100, 200, 250, 300, 400}) {
      const std::string name = "s" + std::to_string(number++);
      proxy_.Add({.action = action, .opening = kLog, .after = after, .times = 3});
      Build(name, kDockerfile);
      ExpectWhole(Read(name), name);
    }
  }
  EXPECT_GT(proxy_.counts().strikes, 14);
  EXPECT_GT(interruptions_, 0U);
}

TEST_F(LogFaultsTest, LogStreamClosesEarlyWhileEverythingElseBreaksToo) {
  const auto request =
      Parse<v1::CreateSnapshotStreamRequest>(std::string("spec { name: 's' dockerfile: \"") + kDockerfile + "\" }");
  auto created =
      std::async(std::launch::async, [&] { return ReadAll(snapshots(), &Snapshots::CreateSnapshotStream, request); });
  const auto over = [&] { return created.wait_for(milliseconds(0)) == std::future_status::ready; };
  // The build runs independently, so it may end before the last cut, or while this waits for another request.
  int cuts = 0;
  for (int seen = 0; cuts < 5; ++cuts) {
    ASSERT_TRUE(Eventually([&] { return over() || control().CountRequests("GET", "build-logs") > seen; }));
    if (over()) break;
    seen = control().CountRequests("GET", "build-logs");
    cuts % 2 == 0 ? proxy_.CutNow() : proxy_.EndNow();
  }
  EXPECT_GT(cuts, 0);
  const auto streamed = created.get();
  EXPECT_EQ(Outcome(streamed.error), "OK");
  EXPECT_EQ(streamed.messages.back().result().state(), v1::SNAPSHOT_STATE_ACTIVE);
  std::string log;
  for (const auto& message : streamed.messages) {
    if (!message.has_log()) continue;
    EXPECT_EQ(message.log().offset(), static_cast<int64_t>(log.size()));
    log += message.log().data();
  }
  EXPECT_EQ(log, Read("s", "follow: false").bytes);
  EXPECT_EQ(control().CountRequests("POST", "/api/snapshots"), 1);
}

TEST_F(LogFaultsTest, InvalidUtf8ArrivingByteByByteIsPassedThrough) {
  proxy_.Add({.action = Action::kSlow, .piece = 1});
  // "ü" in two writes, and then bytes that are not UTF-8.
  Build("s", R"(FROM debian:12\n# log-base64: YcM=\n# log-base64: vGI=\n# log-base64: /wD+Cg==\nRUN echo four\n)");
  const ReadLog log = Read("s");
  EXPECT_THAT(log.bytes, HasSubstr(std::string("a\xC3\xBC"
                                               "b\xFF\0\xFE\n",
                                               8)));
  ExpectWhole(log, "s");
}

TEST_F(LogFaultsTest, LogStreamClosesEarlyWithinInvalidUtf8) {
  Build("s", R"(FROM debian:12\n# log-base64: YcM=\n# log-base64: vGI=\n# log-base64: /wD+Cg==\nRUN echo four\n)");
  const std::string whole = Read("s").bytes;
  const std::size_t before = proxy_.bytes(Way::kToClient, kLog);
  Read("s", "follow: false");
  const std::size_t size = proxy_.bytes(Way::kToClient, kLog) - before;
  ASSERT_GT(size, 100U);
  // From inside the head to the end of the body.
  for (std::size_t after = size / 4; after < size; after += 13) {
    const int strikes = proxy_.counts().strikes;
    proxy_.Add({.action = Action::kCut, .opening = kLog, .after = after, .times = 2});
    EXPECT_EQ(Read("s", "follow: false").bytes, whole) << after << " of " << size;
    EXPECT_EQ(proxy_.counts().strikes, strikes + 2);
    proxy_.Heal();
  }
}

// The stream stalls for ever; the build's state shows that it has ended, and the log is read once more.
TEST_F(LogFaultsTest, LogStreamThatStallsDoesNotHideTheEnd) {
  for (const std::size_t after : {0, 100, 250}) {
    const std::string name = "s" + std::to_string(after);
    proxy_.Add({.action = Action::kStall, .opening = kLog, .after = after});
    Build(name, kDockerfile);
    const ReadLog log = Read(name);
    EXPECT_TRUE(Eventually([this] { return proxy_.counts().stalled == 0; })) << "the stream is left open";
    ExpectWhole(log, name);
  }
  EXPECT_EQ(proxy_.counts().strikes, 3);
}

TEST_F(LogFaultsTest, ALogWhoseHeadIsCorruptIsOpenedAgain) {
  proxy_.Add({.action = Action::kReplace, .opening = kLog, .times = 3, .find = "HTTP/1.1", .with = "HTTP/#.1"});
  Build("s", kDockerfile);
  ExpectWhole(Read("s"), "s");
  EXPECT_EQ(proxy_.counts().strikes, 3);
}

TEST_F(LogFaultsTest, ALogThatCannotBeReachedForAWhileIsWaitedFor) {
  Build("s", kDockerfile);
  proxy_.CutNow();
  proxy_.RefuseConnections(true);
  const int before = proxy_.counts().accepted;
  auto log = std::async(std::launch::async, [this] { return Read("s"); });
  ASSERT_TRUE(Eventually([&] { return proxy_.counts().accepted >= before + 2; }));
  proxy_.RefuseConnections(false);
  ExpectWhole(log.get(), "s");
}

}  // namespace
}  // namespace daytonad::testing
