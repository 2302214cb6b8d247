// REST calls over a connection that breaks, is slow or is corrupted: the right answer or a clear error, and nothing
// created twice. Test names contain rows of the users' complaints.
#include <future>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/fault_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using Volumes = v1::VolumeService::Stub;

class RestFaultsTest : public FaultTest {
 protected:
  // Without rate limits, whose headers count down: a repeated answer has as many bytes as the first.
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = FaultTest::emulator_options();
    options.rate_limits.clear();
    return options;
  }

  // As upstream has it now, not from memory.
  client::Result<v1::GetVolumeResponse> ReadVolume(const std::string& name, milliseconds limit = seconds(100)) {
    v1::GetVolumeRequest request;
    request.set_volume(name);
    request.mutable_max_age();
    return CallWithin(limit, volumes(), &Volumes::GetVolume, request);
  }
  // The volume as text, or the error.
  std::string Volume(const std::string& name, milliseconds limit = seconds(100)) {
    const auto got = ReadVolume(name, limit);
    return got.ok() ? got.value.volume().ShortDebugString() : Outcome(got.error);
  }
  // A new daemon, which has read nothing yet: repeated reads are "304 Not Modified", without a length.
  void StartAnew() {
    daemon_ = std::make_unique<DaemonProcess>(daemon_options());
    client_ = *client::Client::Connect(daemon_->addresses().front());
  }
  client::Result<v1::CreateSandboxResponse> CreateNamed(const std::string& name) {
    return Create("spec { name: '" + name + "' }");
  }

  // The number of bytes that `call` sends this way on connections whose first line begins with this method.
  template <typename Call>
  std::size_t BytesOf(Way way, const std::string& method, const Call& call) {
    const std::size_t before = proxy_.bytes(way, method);
    call();
    const std::size_t size = proxy_.bytes(way, method) - before;
    EXPECT_GT(size, 100U);
    return size;
  }
  // Where to break `size` bytes: before the first, in the head and the body, before and after the last.
  static std::vector<std::size_t> Places(std::size_t size) { return {0, 10, size / 2, size - 1, size}; }
};

TEST_F(RestFaultsTest, AReadThatBreaksAnywhereIsReadAgain) {
  MakeVolume("data");
  const std::string expected = Volume("data");
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    const std::size_t size = BytesOf(way, "GET ", [this] { Volume("data"); });
    for (const Action action : {Action::kCut, Action::kEnd}) {
      for (const std::size_t after : Places(size)) {
        proxy_.Add({.action = action, .way = way, .after = after});
        EXPECT_EQ(Volume("data"), expected) << after << " of " << size;
        proxy_.Heal();
      }
    }
  }
  EXPECT_EQ(proxy_.counts().strikes, 20);
}

TEST_F(RestFaultsTest, AReadThatAlwaysBreaksEndsAtItsDeadlineAndSaysWhy) {
  MakeVolume("data");
  control().ResetRequests();
  proxy_.Add({.action = Action::kCut, .after = 20, .times = -1});
  const auto got = ReadVolume("data", seconds(4));
  EXPECT_EQ(Outcome(got.error), "UNAVAILABLE UPSTREAM_CONNECTION_LOST");
  EXPECT_EQ(got.error->metadata.at("ended_by"), "deadline");
  EXPECT_LE(control().CountRequests("GET", "/volumes"), 7) << "it backs off";
  EXPECT_TRUE(Eventually([this] { return proxy_.open("GET ") == 0; }));
}

// Whether the request or the answer was lost, the create is done exactly once.
TEST_F(RestFaultsTest, AmbiguousCreateThatBreaksAnywhereIsMadeOnce) {
  int number = 100;
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    const std::size_t size = BytesOf(way, "POST ", [this] { CreateNamed("box-000"); });
    for (const Action action : {Action::kCut, Action::kEnd}) {
      for (const std::size_t after : Places(size)) {
        const std::string name = "box-" + std::to_string(number++);
        proxy_.Add({.action = action, .way = way, .opening = "POST ", .after = after});
        const auto created = CreateNamed(name);
        proxy_.Heal();
        EXPECT_EQ(Outcome(created.error), "OK") << after << " of " << size;
        EXPECT_EQ(created.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
        EXPECT_EQ(CountSandboxes(name), 1);
      }
    }
  }
  EXPECT_EQ(proxy_.counts().strikes, 20);
}

// The daemon generates a name for it, by which it is settled.
TEST_F(RestFaultsTest, AmbiguousCreateWithoutANameIsMadeOnce) {
  const std::size_t size = BytesOf(Way::kToServer, "POST ", [this] { Create(""); });
  for (const std::size_t after : {std::size_t{10}, size - 1, size}) {
    proxy_.Add({.action = Action::kCut, .way = Way::kToServer, .opening = "POST ", .after = after});
    const auto created = Create("");
    EXPECT_EQ(Outcome(created.error), "OK") << after << " of " << size;
    EXPECT_EQ(CountSandboxes(created.value.sandbox().name()), 1);
    proxy_.Heal();
  }
}

TEST_F(RestFaultsTest, AmbiguousCreatesOfVolumesThatBreakAnywhereAreMadeOnce) {
  const auto create = [this](const std::string& name) {
    return Call(volumes(), &Volumes::CreateVolume, Parse<v1::CreateVolumeRequest>("name: '" + name + "'"));
  };
  const std::size_t size = BytesOf(Way::kToClient, "POST ", [&] { create("data-000"); });
  std::set<std::string> ids;
  int number = 100;
  for (const std::size_t after : Places(size)) {
    proxy_.Add({.action = Action::kCut, .opening = "POST ", .after = after});
    const auto created = create("data-" + std::to_string(number++));
    EXPECT_EQ(Outcome(created.error), "OK") << after << " of " << size;
    ids.insert(created.value.volume().id());
    proxy_.Heal();
  }
  EXPECT_EQ(ids.size(), Places(size).size());
  EXPECT_EQ(Call(volumes(), &Volumes::ListVolumes, Parse<v1::ListVolumesRequest>("max_age {}")).value.volumes_size(),
            6);
}

TEST_F(RestFaultsTest, AStartAStopAndADeleteWhoseAnswerBreaksAreDone) {
  const std::string id = MakeSandbox().id();
  for (const std::size_t after : {0, 10, 100}) {
    proxy_.Add({.action = Action::kCut, .after = after});
    const auto stopped = Stop(id);
    EXPECT_EQ(Outcome(stopped.error), "OK") << after;
    EXPECT_EQ(stopped.value.sandbox().state(), v1::SANDBOX_STATE_STOPPED);
    proxy_.Add({.action = Action::kCut, .after = after});
    const auto started = Start(id);
    EXPECT_EQ(Outcome(started.error), "OK") << after;
    EXPECT_EQ(started.value.sandbox().state(), v1::SANDBOX_STATE_STARTED);
  }
  proxy_.Add({.action = Action::kCut});
  const auto deleted = Delete(id, "wait: true");
  EXPECT_EQ(Outcome(deleted.error), "OK");
  EXPECT_EQ(deleted.value.sandbox().state(), v1::SANDBOX_STATE_DESTROYED);
  EXPECT_EQ(control().CountRequests("POST", "/stop"), 3) << "a stop is sent once";
}

// The sandbox's state does not show whether a stop was lost or is late.
TEST_F(RestFaultsTest, ALostStopHasAnUnknownOutcomeAndIsNotRepeated) {
  const std::string id = MakeSandbox().id();
  for (const std::size_t after : {10, 100}) {
    proxy_.Add({.action = Action::kCut, .way = Way::kToServer, .after = after});
    const auto stopped = Stop(id);
    EXPECT_EQ(Outcome(stopped.error), "UNAVAILABLE UPSTREAM_CONNECTION_LOST") << after;
    EXPECT_EQ(stopped.error->metadata.at("outcome"), "unknown");
    EXPECT_EQ(stopped.error->metadata.at("sandbox_state"), "started");
  }
  EXPECT_EQ(control().CountRequests("POST", "/stop"), 0);
  EXPECT_EQ(Outcome(Stop(id).error), "OK");
}

// One byte of an answer is wrong, each in its turn. An error inside a string is undetectable; all others are reported,
// and none affects the next call.
TEST_F(RestFaultsTest, ACorruptAnswerIsAnErrorAndHarmsNoOtherCall) {
  MakeVolume("data");
  MakeVolume("other");
  const std::string expected = Volume("data");
  const std::string other = Volume("other");
  const std::size_t size = BytesOf(Way::kToClient, "GET ", [this] { Volume("data"); });
  for (std::size_t after = 0; after < size; after += 3) {
    const unsigned char mask = after % 2 == 0 ? 0x02 : 0x80;
    proxy_.Add({.action = Action::kFlip, .after = after, .mask = mask});
    const auto got = ReadVolume("data", seconds(1));
    if (!got.ok()) {
      EXPECT_THAT(Outcome(got.error),
                  AnyOf("INTERNAL UPSTREAM_MALFORMED_RESPONSE", "UNKNOWN UPSTREAM_UNEXPECTED_STATUS",
                        "UNAVAILABLE UPSTREAM_CONNECTION_LOST", "UNAVAILABLE UPSTREAM_FOREIGN_ANSWER",
                        "NOT_FOUND VOLUME_NOT_FOUND", StartsWith("DEADLINE_")))
          << after;
    }
    proxy_.Heal();
    EXPECT_EQ(Volume("other"), other) << "after byte " << after << " of the answer before";
  }
  EXPECT_EQ(Volume("data"), expected);
  EXPECT_TRUE(daemon_->running());
}

TEST_F(RestFaultsTest, ACorruptRequestIsRefusedByUpstream) {
  MakeVolume("data");
  const std::string expected = Volume("data");
  const std::size_t size = BytesOf(Way::kToServer, "GET ", [this] { Volume("data"); });
  for (std::size_t after = 0; after < size; after += 5) {
    proxy_.Add({.action = Action::kFlip, .way = Way::kToServer, .after = after, .mask = 0x04});
    const auto got = ReadVolume("data", seconds(1));
    // A request whose end is lost lasts until the deadline, which the client may notice first.
    EXPECT_THAT(Outcome(got.error), AnyOf(MatchesRegex("OK|[A-Z_]+ [A-Z_]+"), "DEADLINE_EXCEEDED Deadline Exceeded"))
        << "no reason, at " << after;
    proxy_.Heal();
    EXPECT_EQ(Volume("data"), expected) << "after byte " << after << " of the request before";
  }
}

TEST_F(RestFaultsTest, ACreateWhoseAnswerIsCorruptIsMadeOnce) {
  int number = 0;
  for (const std::string find : {"{\"", "\"id\":", "HTTP/1.1"}) {
    const std::string with(find.size(), '#');
    const std::string name = "box-" + std::to_string(number++);
    proxy_.Add({.action = Action::kReplace, .opening = "POST ", .find = find, .with = with});
    const auto created = CreateNamed(name);
    EXPECT_EQ(Outcome(created.error), "OK") << find;
    EXPECT_EQ(CountSandboxes(name), 1);
  }
  EXPECT_EQ(proxy_.counts().strikes, 3);
}

// An answer longer than its declared length leaves a rest in the connection that belongs to no request.
TEST_F(RestFaultsTest, TheRestOfAnAnswerIsNotTakenForTheNextOne) {
  MakeVolume("data");
  MakeVolume("other");
  const std::string other = Volume("other");
  for (const std::string length : {"10", "0"}) {
    StartAnew();
    proxy_.Add(
        {.action = Action::kReplace, .find = "Content-Length: ", .with = "Content-Length: " + length + "\r\nX: "});
    // A truncated answer is malformed; an empty one is ignored, and the read repeated.
    EXPECT_EQ(Outcome(ReadVolume("data").error), length == "0" ? "OK" : "INTERNAL UPSTREAM_MALFORMED_RESPONSE");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(Volume("other"), other);
  }
}

TEST_F(RestFaultsTest, AnAnswerThatIsShorterThanItSaysEndsWithTheDeadline) {
  const std::string expected = MakeVolume("data").ShortDebugString();
  StartAnew();
  proxy_.Add({.action = Action::kReplace, .find = "Content-Length: ", .with = "Content-Length: 9"});
  EXPECT_THAT(Volume("data", seconds(1)), StartsWith("DEADLINE_EXCEEDED"));
  ASSERT_TRUE(Eventually([this] { return proxy_.open("GET ") == 0; }));
  EXPECT_EQ(Volume("data"), expected);
}

TEST_F(RestFaultsTest, AnswersArrivingByteByByteAreTheSame) {
  for (const Way way : {Way::kToServer, Way::kToClient}) proxy_.Add({.action = Action::kSlow, .way = way, .piece = 1});
  const std::string id = MakeSandbox(Parse<v1::SandboxSpec>("name: 'box' env { key: 'A' value: '\\303\\274' }")).id();
  EXPECT_EQ(Get(id).value.sandbox().env().at("A"), "\xC3\xBC");
  EXPECT_EQ(Outcome(Stop(id).error), "OK");
  EXPECT_EQ(Outcome(Start(id).error), "OK");
  for (int i = 0; i < 5; ++i) MakeVolume("data-" + std::to_string(i));
  EXPECT_EQ(Call(volumes(), &Volumes::ListVolumes, {}).value.volumes_size(), 5);
  MakeSnapshot("built");
  EXPECT_EQ(Outcome(ReadVolume("nope").error), "NOT_FOUND VOLUME_NOT_FOUND");
  EXPECT_EQ(Outcome(Delete(id, "wait: true").error), "OK");
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 3) << "create, stop, start";
}

TEST_F(RestFaultsTest, ASlowConnectionIsWaitedForWithinTheDeadline) {
  MakeVolume("data");
  const std::string expected = Volume("data");
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    proxy_.Add({.action = Action::kSlow, .way = way, .delay = milliseconds(100)});
  }
  EXPECT_EQ(Volume("data"), expected);
  EXPECT_EQ(Outcome(CreateNamed("slow").error), "OK");
  proxy_.Heal();
  EXPECT_EQ(CountSandboxes("slow"), 1);
  proxy_.Add({.action = Action::kSlow, .piece = 1, .delay = milliseconds(100)});
  EXPECT_THAT(Volume("data", seconds(1)), StartsWith("DEADLINE_EXCEEDED"));
}

TEST_F(RestFaultsTest, AReadThatStallsEndsWithItsDeadlineAndSoDoesItsConnection) {
  MakeVolume("data");
  const std::string expected = Volume("data");
  for (const std::size_t after : {0, 30, 100}) {
    proxy_.Add({.action = Action::kStall, .after = after});
    EXPECT_THAT(Volume("data", seconds(1)), StartsWith("DEADLINE_EXCEEDED"));
    EXPECT_TRUE(Eventually([this] { return proxy_.counts().stalled == 0; })) << "the daemon hangs on";
    EXPECT_EQ(Volume("data"), expected);
  }
}

// The change continues without its caller; a repeated call with its id joins it.
TEST_F(RestFaultsTest, AmbiguousCreateThatStallsIsJoinedByItsRequestId) {
  proxy_.Add({.action = Action::kStall, .opening = "POST "});
  const auto request = Parse<v1::CreateSandboxRequest>("spec { name: 'box' } request_id: 'once'");
  const auto first = CallWithin(seconds(2), sandboxes(), &Stub::CreateSandbox, request);
  EXPECT_THAT(Outcome(first.error), StartsWith("DEADLINE_EXCEEDED"));
  auto second = std::async(std::launch::async, [&] { return Call(sandboxes(), &Stub::CreateSandbox, request); });
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().stalled == 1; }));
  proxy_.Heal();
  const auto created = second.get();
  EXPECT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.sandbox().name(), "box");
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 1);
}

TEST_F(RestFaultsTest, StaleKeepAliveConnectionsOfManyCallsBreakNoLaterOne) {
  MakeVolume("data");
  const auto many_reads = [this] {
    std::vector<std::future<std::string>> reads;
    reads.reserve(20);
    for (int i = 0; i < 20; ++i) {
      reads.push_back(std::async(std::launch::async, [this, i] { return Volume("nope-" + std::to_string(i)); }));
    }
    for (auto& read : reads) EXPECT_EQ(read.get(), "NOT_FOUND VOLUME_NOT_FOUND");
  };
  for (int i = 0; i < 6; ++i) {
    many_reads();
    EXPECT_EQ(Outcome(Create("").error), "OK");
    EXPECT_GE(proxy_.counts().open, 2);
    control().ResetRequests();
    i % 2 == 0 ? proxy_.EndNow() : proxy_.CutNow();
    // Neither may be repeated, so neither may be sent on a dead connection.
    EXPECT_EQ(Outcome(Create("").error), "OK");
    EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 1);
    many_reads();
  }
}

TEST_F(RestFaultsTest, AnUnreachableUpstreamIsRetried) {
  proxy_.CutNow();
  proxy_.StopListening();
  const auto create = [this](const std::string& spec) {
    const auto request = Parse<v1::CreateSandboxRequest>("spec { " + spec + " }");
    return CallWithin(seconds(2), sandboxes(), &Stub::CreateSandbox, request).error;
  };
  // It was not sent, so its outcome is not unknown.
  for (const auto& error : {create(""), create("name: 'box'"), ReadVolume("data", seconds(2)).error}) {
    EXPECT_EQ(Outcome(error), "UNAVAILABLE UPSTREAM_UNREACHABLE");
    EXPECT_EQ(error->metadata.count("outcome"), 0U);
    EXPECT_TRUE(error->retry_delay.has_value());
  }
  auto created = std::async(std::launch::async, [this] { return CreateNamed("box"); });
  proxy_.ListenAgain();
  EXPECT_EQ(Outcome(created.get().error), "OK");
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 1);
}

// Upstream is away for longer than a few attempts take; calls have enough time, and wait.
class AwayTest : public RestFaultsTest {
 protected:
  // From here on connections are closed at once.
  void GoAway() {
    proxy_.CutNow();
    before_ = proxy_.counts().accepted;
    proxy_.RefuseConnections(true);
  }
  // Comes back after that many attempts.
  void ComeBackAfter(int attempts) {
    ASSERT_TRUE(Eventually([&] { return proxy_.counts().accepted >= before_ + attempts; }));
    proxy_.RefuseConnections(false);
  }

  int before_ = 0;
};

TEST_F(AwayTest, AReadWaitsUntilUpstreamIsBack) {
  MakeVolume("data");
  GoAway();
  auto read = std::async(std::launch::async, [this] { return Volume("data"); });
  ComeBackAfter(6);
  EXPECT_THAT(read.get(), HasSubstr("name: \"data\""));
}

TEST_F(AwayTest, ACreateWhoseAnswerWasLostIsSettledWhenUpstreamIsBack) {
  proxy_.Add({.action = Action::kCut, .opening = "POST ", .after = 0});
  auto created = std::async(std::launch::async, [this] { return CreateNamed("box"); });
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 1; }));
  GoAway();
  ComeBackAfter(6);
  EXPECT_EQ(Outcome(created.get().error), "OK");
  EXPECT_EQ(CountSandboxes("box"), 1);
}

TEST_F(AwayTest, ACreateWithARequestIdIsSettledWhenUpstreamIsBack) {
  proxy_.Add({.action = Action::kCut, .opening = "POST ", .after = 0});
  auto created = std::async(std::launch::async, [this] { return Create("request_id: 'r'"); });
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().strikes == 1; }));
  GoAway();
  ComeBackAfter(6);
  const auto result = created.get();
  EXPECT_EQ(Outcome(result.error), "OK");
  EXPECT_EQ(CountSandboxes(result.value.sandbox().name()), 1);
}

TEST_F(AwayTest, ACreateThatCouldNotBeSentIsSentWhenUpstreamListensAgain) {
  proxy_.CutNow();
  proxy_.StopListening();
  auto created = std::async(std::launch::async, [this] { return CreateNamed("box"); });
  auto read = std::async(std::launch::async, [this] { return ReadVolume("none"); });
  proxy_.ListenAgain();
  EXPECT_EQ(Outcome(created.get().error), "OK");
  EXPECT_EQ(Outcome(read.get().error), "NOT_FOUND VOLUME_NOT_FOUND");
}

TEST_F(RestFaultsTest, AnUpstreamThatHangsUpIsRetried) {
  proxy_.CutNow();
  proxy_.RefuseConnections(true);
  const int before = proxy_.counts().accepted;
  auto listed = std::async(std::launch::async, [this] { return ReadVolume("data"); });
  ASSERT_TRUE(Eventually([&] { return proxy_.counts().accepted >= before + 2; }));
  proxy_.RefuseConnections(false);
  EXPECT_EQ(Outcome(listed.get().error), "NOT_FOUND VOLUME_NOT_FOUND");
}

// A restart loses everything: old objects are not found, and new ones can be created.
TEST_F(RestFaultsTest, ARestartOfUpstreamIsNoticedByTheNextCall) {
  const std::string id = MakeSandbox().id();
  MakeVolume("data");
  for (int i = 0; i < 3; ++i) {
    RestartEmulator();
    EXPECT_EQ(Outcome(ReadVolume("data").error), "NOT_FOUND VOLUME_NOT_FOUND");
    EXPECT_EQ(Outcome(Stop(id).error), "NOT_FOUND SANDBOX_NOT_FOUND");
    EXPECT_EQ(Outcome(CreateNamed("again").error), "OK");
    MakeVolume("data");
  }
}

// Each attempt ends after a second.
class ShortAttemptsTest : public RestFaultsTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = RestFaultsTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--request-timeout", "1s"});
    return options;
  }
};

TEST_F(ShortAttemptsTest, AReadThatStallsIsReadAgainOverAnotherConnection) {
  MakeVolume("data");
  const std::string expected = Volume("data");
  for (const Way way : {Way::kToServer, Way::kToClient}) {
    proxy_.Add({.action = Action::kStall, .way = way, .after = 5});
    EXPECT_EQ(Volume("data"), expected);
  }
  EXPECT_EQ(proxy_.counts().strikes, 2);
}

TEST_F(ShortAttemptsTest, AReadThatStallsEachTimeSaysSo) {
  proxy_.Add({.action = Action::kStall, .times = -1});
  // The first attempt ends after a second, which leaves no time for the next one. Only the daemon has the deadline, so
  // that the client does not end the call first.
  grpc::ClientContext context;
  context.AddMetadata("grpc-timeout", "1100m");
  v1::GetVolumeRequest request;
  request.set_volume("data");
  request.mutable_max_age();
  const auto got = client::Call(volumes(), &Volumes::GetVolume, request, context);
  EXPECT_EQ(Outcome(got.error), "DEADLINE_EXCEEDED UPSTREAM_TIMED_OUT");
  EXPECT_EQ(got.error->metadata.at("ended_by"), "deadline");
}

}  // namespace
}  // namespace daytonad::testing
