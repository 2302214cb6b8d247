// The event stream against a server without sockets, with time that a test can hold.
#include "daemon/upstream/v0/events/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/testing/fake_web_socket.h"
#include "daemon/upstream/testing/recording_sink.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Connection = FakeWebSocketServer::Connection;

constexpr char kOpen[] = R"(0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})";
constexpr char kUnauthorized[] = R"(44{"message":"Unauthorized"})";

std::string SandboxEvent(absl::string_view name) {
  return absl::StrCat(R"(42["sandbox.created",{"id":"i","name":")", name, R"(","state":"started"}])");
}

// One that a test replaces.
class ReplaceableCredential final : public CredentialSource {
 public:
  ReplaceableCredential() { Replace("dtn_first"); }
  const Credential& Current() override { return credential_; }
  void Replace(std::string token) { credential_.token = Secret(std::move(token)); }
  void SetOrganization(std::string id) { credential_.organization_id = std::move(id); }

 private:
  Credential credential_;
};

class EventStreamTest : public ::testing::Test {
 protected:
  EventStreamTest() {
    server_.on_connect = [this](Connection& connection) {
      if (!refusal_.ok()) return refusal_;
      connection.Send(kOpen);
      return absl::OkStatus();
    };
    server_.on_message = [this](Connection& connection, std::string_view text) {
      if (absl::StartsWith(AbslView(text), "40")) connection.Send(answer_);
    };
    MakeStream(0);
  }

  ~EventStreamTest() override { StopAndFinish(); }

  void MakeStream(double random) {
    EventStreamOptions options(BaseUrl::Parse("https://daytona.test/api").value());
    stream_ = std::make_unique<EventStream>(io_.get_executor(), std::move(options), server_, clock_, credentials_,
                                            [random] { return random; });
  }

  void Start() { stream_->Start(sink_); }

  void StopAndFinish() {
    stream_->Stop();
    io_.restart();
    io_.run();
  }

  void Pass(Clock::Duration duration) {
    const CallContext context = CallContext::Background("test");
    EXPECT_TRUE(RunTask(io_, clock_.Sleep(context, duration)).ok());
  }

  // Time hardly passes while coroutines have something to do, so this is for what takes them many turns.
  void PassUntil(const std::function<bool()>& condition) {
    for (int i = 0; i < 100'000 && !condition(); ++i) Pass(milliseconds(1));
    EXPECT_TRUE(condition());
  }

  // Keeps the latest connection alive meanwhile.
  void PassWithPings(Clock::Duration duration) {
    for (Clock::Duration passed{}; passed < duration; passed += seconds(25)) {
      Pass(std::min<Clock::Duration>(seconds(25), duration - passed));
      Latest().Send("2");
    }
  }

  Connection& Latest() { return *server_.attempts.back(); }

  std::vector<std::string> Received(const Connection& connection) {
    std::vector<std::string> texts;
    for (const auto& received : connection.received) texts.push_back(received.text);
    return texts;
  }

  // How long after the one before each attempt was made.
  std::vector<milliseconds> Gaps() {
    std::vector<milliseconds> gaps;
    for (size_t i = 1; i < server_.attempts.size(); ++i) {
      gaps.push_back(
          std::chrono::duration_cast<milliseconds>(server_.attempts[i]->asked_at - server_.attempts[i - 1]->asked_at));
    }
    return gaps;
  }

  boost::asio::io_context io_{1};
  FakeClock clock_;
  FakeWebSocketServer server_{clock_};
  absl::Status refusal_;                     // of connections
  std::string answer_ = R"(40{"sid":"t"})";  // to the token
  ReplaceableCredential credentials_;
  RecordingSink sink_;
  std::unique_ptr<EventStream> stream_;
};

TEST_F(EventStreamTest, ConnectsAsTheSdksDo) {
  Start();
  Pass(seconds(1));
  ASSERT_EQ(server_.attempts.size(), 1U);
  EXPECT_EQ(Latest().url,
            "https://daytona.test/api/socket.io/?source=daytonad&sdkVersion=0.205.1&EIO=4&transport=websocket");
  EXPECT_EQ(Latest().headers.Get("Authorization"), "");
  EXPECT_THAT(Received(Latest()), ElementsAre(R"(40{"token":"dtn_first"})"));
  EXPECT_THAT(sink_.lines, ElementsAre("up"));
}

TEST_F(EventStreamTest, TheOrganizationIsNamedIfTheCredentialKnowsOne) {
  credentials_.SetOrganization("an org");
  Start();
  Pass(seconds(1));
  EXPECT_THAT(Latest().url, HasSubstr("/socket.io/?organizationId=an%20org&source=daytonad&"));
}

TEST_F(EventStreamTest, EventsReachTheSinkInOrder) {
  Start();
  Pass(seconds(1));
  Latest().Send(SandboxEvent("a"));
  Latest().Send(R"(42["volume.created",{"id":"v","name":"b","state":"ready"}])");
  Latest().Send(R"(42["snapshot.removed",{"name":"c"}])");
  Pass(seconds(1));
  EXPECT_THAT(sink_.lines, ElementsAre("up", "sandbox a started/", "volume b ready", "snapshot removed: c"));
}

TEST_F(EventStreamTest, EventsThatCameBeforeTheEndAreDeliveredBeforeIt) {
  Start();
  Pass(seconds(1));
  for (int i = 0; i < 3; ++i) Latest().Send(SandboxEvent("a"));
  Latest().Close();
  Pass(milliseconds(100));
  EXPECT_THAT(sink_.lines, ElementsAre("up", "sandbox a started/", "sandbox a started/", "sandbox a started/", "down"));
}

TEST_F(EventStreamTest, WhatCannotBeReadIsSkippedAndTheConnectionStays) {
  Start();
  Pass(seconds(1));
  for (const char* packet :
       {"42[\"sandbox.created\",{]", "42", "43[]", "6", "", "9", "3", "4", "42[\"runner.created\",{}]"}) {
    Latest().Send(packet);
  }
  Latest().Send(SandboxEvent("a"));
  Pass(seconds(1));
  EXPECT_THAT(sink_.lines, ElementsAre("up", "sandbox a started/"));
  EXPECT_EQ(server_.attempts.size(), 1U);
}

TEST_F(EventStreamTest, PingsKeepTheConnectionAndAreAnswered) {
  Start();
  Pass(seconds(1));
  PassWithPings(minutes(10));
  Pass(seconds(1));
  EXPECT_EQ(server_.attempts.size(), 1U);
  EXPECT_EQ(std::ranges::count(Received(Latest()), "3"), 24);
  EXPECT_THAT(sink_.lines, ElementsAre("up"));
}

// user-pain: ping-starvation
TEST_F(EventStreamTest, PingStarvationASlowSinkDoesNotDelayThePong) {
  Start();
  Pass(seconds(1));
  // Each event takes the sink 10 ms, so that all of them take longer than the server waits for a pong.
  sink_.on_line = [this] { clock_.Advance(milliseconds(10)); };
  constexpr int kEvents = 10'000;
  const std::string event = SandboxEvent("a");
  for (int i = 0; i < kEvents; ++i) Latest().Send(event);
  Latest().Send("2");
  const Clock::TimePoint asked = clock_.Now();
  PassUntil([this] { return std::ranges::count(sink_.lines, "sandbox a started/") == kEvents; });
  ASSERT_THAT(Received(*server_.attempts[0]), ElementsAre(testing::_, "3"));
  EXPECT_LT(server_.attempts[0]->received[1].at - asked, seconds(1));
}

TEST_F(EventStreamTest, ASinkThatIsFarBehindIsNotDrownedAndLosesNothing) {
  Start();
  Pass(seconds(1));
  constexpr int kEvents = 50;
  const std::string event = SandboxEvent(std::string(1'000'000, 'x'));
  for (int i = 0; i < kEvents; ++i) Latest().Send(event);
  int most_queued = 0;
  int delivered = 0;
  sink_.on_line = [&] {
    ++delivered;
    most_queued = std::max(most_queued, kEvents - static_cast<int>(Latest().to_client.size()) - delivered);
  };
  PassUntil([&] { return delivered == kEvents; });
  EXPECT_LT(most_queued, 40);
}

TEST_F(EventStreamTest, ASilentServerIsGivenUp) {
  Start();
  Pass(seconds(44));
  EXPECT_THAT(sink_.lines, ElementsAre("up"));
  Pass(seconds(2));
  EXPECT_THAT(sink_.lines, ElementsAre("up", "down", "up"));
  EXPECT_TRUE(server_.attempts[0]->closed_by_client);
  EXPECT_THAT(Gaps(), ElementsAre(milliseconds(45'500)));
}

TEST_F(EventStreamTest, AServerThatNeverLetsUsInIsGivenUpAfterTheConnectLimit) {
  answer_ = "6";
  Start();
  Pass(seconds(5) + milliseconds(600));
  EXPECT_THAT(Gaps(), ElementsAre(milliseconds(5'500)));
  EXPECT_TRUE(server_.attempts[0]->closed_by_client);
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventStreamTest, AttemptsGetRarer) {
  refusal_ = absl::UnavailableError("no");
  Start();
  Pass(minutes(2));
  std::vector<milliseconds> gaps = Gaps();
  gaps.resize(8);
  EXPECT_THAT(gaps, ElementsAre(milliseconds(500), seconds(1), seconds(2), seconds(4), seconds(8), seconds(15),
                                seconds(15), seconds(15)));
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventStreamTest, AttemptsAreSpreadAtRandom) {
  MakeStream(0.999999);
  refusal_ = absl::UnavailableError("no");
  Start();
  Pass(minutes(2));
  std::vector<milliseconds> gaps = Gaps();
  gaps.resize(6);
  EXPECT_THAT(gaps, ElementsAre(milliseconds(999), milliseconds(1999), milliseconds(3999), milliseconds(7999),
                                milliseconds(15999), milliseconds(29999)));
}

TEST_F(EventStreamTest, AGoodConnectionMakesTheNextAttemptPromptAgain) {
  Start();
  const auto end_it_and_wait_for_the_next = [this] {
    const size_t attempts = server_.attempts.size();
    const Clock::TimePoint end = clock_.Now();
    Latest().Close();
    PassUntil([&] { return server_.attempts.size() > attempts; });
    return clock_.Now() - end;
  };
  Pass(seconds(1));
  for (int i = 0; i < 4; ++i) EXPECT_GE(end_it_and_wait_for_the_next(), milliseconds(500) * (1 << i));
  PassWithPings(minutes(2));
  EXPECT_LT(end_it_and_wait_for_the_next(), milliseconds(600));
}

TEST_F(EventStreamTest, ARefusedCredentialIsTriedRarely) {
  answer_ = kUnauthorized;
  Start();
  Pass(minutes(20));
  std::vector<milliseconds> gaps = Gaps();
  gaps.resize(6);
  EXPECT_THAT(gaps, ElementsAre(seconds(15), seconds(30), seconds(60), seconds(120), seconds(150), seconds(150)));
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventStreamTest, AServerWithoutEventsIsTriedRarely) {
  for (const char* status : {"302", "401", "403", "404"}) {
    server_.attempts.clear();
    refusal_ = MakeError(absl::StatusCode::kFailedPrecondition, "UPGRADE_REFUSED", "no", {{"http_status", status}});
    MakeStream(0);
    Start();
    Pass(seconds(16));
    EXPECT_THAT(Gaps(), ElementsAre(seconds(15))) << status;
    StopAndFinish();
  }
}

TEST_F(EventStreamTest, AServerThatIsBrokenIsTriedAgainSoon) {
  refusal_ = MakeError(absl::StatusCode::kFailedPrecondition, "UPGRADE_REFUSED", "no", {{"http_status", "503"}});
  Start();
  Pass(milliseconds(600));
  EXPECT_THAT(Gaps(), ElementsAre(milliseconds(500)));
}

TEST_F(EventStreamTest, EveryWayInWhichTheServerEndsItLeadsToANewConnection) {
  for (const char* packet : {"1", "41", R"(451-["sandbox.created",{"_placeholder":true,"num":0}])"}) {
    server_.attempts.clear();
    sink_.lines.clear();
    MakeStream(0);
    Start();
    Pass(seconds(1));
    Latest().Send(packet);
    Pass(seconds(1));
    EXPECT_EQ(server_.attempts.size(), 2U) << packet;
    EXPECT_TRUE(server_.attempts[0]->closed_by_client) << packet;
    EXPECT_THAT(sink_.lines, ElementsAre("up", "down", "up")) << packet;
    StopAndFinish();
  }
}

TEST_F(EventStreamTest, AServerThatSpeaksSomethingElseIsNotShownTheCredential) {
  for (const char* packet : {"", "hello", "40", "0", "0[]", "0{"}) {
    server_.attempts.clear();
    server_.on_connect = [packet](Connection& connection) {
      connection.Send(packet);
      return absl::OkStatus();
    };
    MakeStream(0);
    Start();
    Pass(milliseconds(100));
    EXPECT_THAT(Received(Latest()), IsEmpty()) << packet;
    EXPECT_TRUE(Latest().closed_by_client) << packet;
    StopAndFinish();
  }
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventStreamTest, AReplacedCredentialIsUsedWithinSeconds) {
  Start();
  Pass(seconds(1));
  credentials_.Replace("dtn_second");
  Pass(seconds(2));
  ASSERT_EQ(server_.attempts.size(), 2U);
  EXPECT_TRUE(server_.attempts[0]->closed_by_client);
  EXPECT_THAT(Received(Latest()), ElementsAre(R"(40{"token":"dtn_second"})"));
  EXPECT_THAT(sink_.lines, ElementsAre("up", "down", "up"));
}

TEST_F(EventStreamTest, AReplacedCredentialEndsTheLongWaitOfARefusedOne) {
  answer_ = kUnauthorized;
  Start();
  Pass(minutes(20));
  const size_t attempts = server_.attempts.size();
  answer_ = "40";
  credentials_.Replace("dtn_second");
  Pass(seconds(3));
  EXPECT_EQ(server_.attempts.size(), attempts + 1);
  EXPECT_THAT(sink_.lines, ElementsAre("up"));
}

TEST_F(EventStreamTest, AfterStopTheSinkIsNotCalled) {
  Start();
  Pass(seconds(1));
  for (int i = 0; i < 100; ++i) Latest().Send(SandboxEvent("a"));
  // In the middle of a delivery.
  sink_.on_line = [this] {
    if (sink_.lines.size() == 4) stream_->Stop();
  };
  Pass(seconds(1));
  EXPECT_EQ(sink_.lines.size(), 4U);
  EXPECT_TRUE(Latest().closed_by_client);
  EXPECT_EQ(clock_.sleepers(), 0U);
}

TEST_F(EventStreamTest, StopEndsAnAttemptAndAPause) {
  server_.on_connect = [](Connection&) { return absl::OkStatus(); };  // says nothing
  Start();
  Pass(seconds(1));
  StopAndFinish();
  EXPECT_TRUE(Latest().closed_by_client);
  EXPECT_EQ(clock_.sleepers(), 0U);

  refusal_ = absl::UnavailableError("no");
  MakeStream(0);
  Start();
  Pass(seconds(10));
  StopAndFinish();
  EXPECT_EQ(clock_.sleepers(), 0U);
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventStreamTest, TheLogTellsOfChangesOnceAndNothingOfWhatWasSent) {
  ConfigureLog(LogLevel::kDebug, LogFormat::kPlain);
  testing::internal::CaptureStderr();
  answer_ = kUnauthorized;
  Start();
  Pass(minutes(60));
  answer_ = "40";
  Pass(minutes(5));
  Latest().Send(R"(42["sandbox.created",{"id":"secret-content")");
  Latest().Close();
  Pass(seconds(10));
  StopAndFinish();
  FlushLog();
  const std::string log = testing::internal::GetCapturedStderr();
  ConfigureLog(LogLevel::kInfo, LogFormat::kPlain);
  EXPECT_THAT(log, Not(HasSubstr("dtn_first")));
  EXPECT_THAT(log, Not(HasSubstr("secret-content")));
  EXPECT_THAT(log, HasSubstr("EVENTS_REFUSED"));
  EXPECT_EQ(log.find("EVENTS_REFUSED"), log.rfind("EVENTS_REFUSED"));
  EXPECT_THAT(log, HasSubstr("events of Daytona arrive"));
  EXPECT_THAT(log, HasSubstr("an event is skipped"));
}

}  // namespace
}  // namespace daytonad
