#include "emulator/events/event_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/testing/api_fixture.h"
#include "emulator/testing/event_client.h"

namespace daytonad::emulator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr const char* kTarget = "/api/socket.io/?source=x&sdkVersion=1&EIO=4&transport=websocket";
constexpr const char* kJoin = R"(40{"token":"emulator-key"})";

class EventGatewayTest : public ApiFixture {
 protected:
  explicit EventGatewayTest(EmulatorOptions options = {}) : ApiFixture(std::move(options)) {}

  EventClient Dial(std::string target = kTarget) {
    return EventClient(Begin("GET", std::move(target),
                             {{"Connection", "Upgrade"},
                              {"Upgrade", "websocket"},
                              {"Sec-WebSocket-Version", "13"},
                              {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}));
  }
  EventClient Joined() {
    EventClient client = Dial();
    client.Send(kJoin);
    EXPECT_THAT(client.Take(), ElementsAre(StartsWith("0{"), StartsWith(R"(40{"sid":")")));
    return client;
  }
  void Control(const char* changes) { ASSERT_TRUE(api_.gateway().Control(Json::parse(changes)).ok()); }
  Json Counters() { return api_.gateway().ToJson(); }
  // Publishes some event.
  void Happen(int number) { world_.events.Tell("test", std::to_string(number)); }

 private:
  std::shared_ptr<AnswerBytes> Begin(std::string method, std::string target, std::vector<Header> headers) {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers = std::move(headers);
    auto answer = std::make_shared<AnswerBytes>();
    api_.Handle(std::make_shared<Exchange>(std::move(request), answer));
    return answer;
  }
};

TEST_F(EventGatewayTest, OpensLikeTheRealServer) {
  EventClient client = Dial();
  EXPECT_EQ(client.answer().Status(), 101);
  EXPECT_TRUE(client.answer().HasHeader("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  const auto frames = client.Take();
  ASSERT_THAT(frames, SizeIs(1));
  Json open = Json::parse(frames[0].substr(1));
  EXPECT_EQ(open["sid"].get<std::string>().size(), 20U);
  open.erase("sid");
  EXPECT_EQ(open, Json::parse(R"({"upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})"));
}

TEST_F(EventGatewayTest, RefusesAWrongToken) {
  EventClient client = Dial();
  client.Send(R"(40{"token":"wrong"})");
  client.Send("40");
  EXPECT_THAT(client.Take(),
              ElementsAre(StartsWith("0{"), R"(44{"message":"Unauthorized"})", R"(44{"message":"Unauthorized"})"));
  Happen(1);
  EXPECT_THAT(client.Take(), IsEmpty());
  EXPECT_EQ(Counters()["refused"], 2);
}

TEST_F(EventGatewayTest, AnswersOtherRequestsAsEngineIoDoes) {
  const auto code = [this](const std::string& target) { return Dial(target).answer().Parsed()["code"].get<int>(); };
  EXPECT_EQ(code("/api/socket.io/?EIO=4&transport=polling"), 0);
  EXPECT_EQ(code("/api/socket.io/?EIO=4&transport=websocket&sid=x"), 1);
  EXPECT_EQ(code("/api/socket.io/?EIO=3&transport=websocket"), 5);
  EXPECT_EQ(Get("/api/socket.io/?EIO=4&transport=websocket").Parsed()["message"], "Bad request");
  EXPECT_EQ(Post("/api/socket.io/?EIO=4&transport=websocket").Parsed()["message"], "Bad handshake method");
  EXPECT_EQ(Get("/api/socket.io/?EIO=4&transport=polling").Status(), 400);
}

TEST_F(EventGatewayTest, HasTheDefaultNamespaceOnly) {
  EventClient client = Dial();
  client.Send("40/admin,{}");
  client.Send(absl::StrCat("40/,", AbslView(std::string_view(kJoin).substr(2))));
  EXPECT_THAT(client.Take(),
              ElementsAre(StartsWith("0{"), R"(44/admin,{"message":"Invalid namespace"})", StartsWith("40{")));
}

TEST_F(EventGatewayTest, PingsAndClosesWithoutAPong) {
  EventClient client = Joined();
  time_.Advance(24'999ms);
  EXPECT_THAT(client.Take(), IsEmpty());
  time_.Advance(1ms);
  EXPECT_THAT(client.Take(), ElementsAre("2"));
  time_.Advance(19s);
  client.Send("3");
  time_.Advance(25s);
  EXPECT_THAT(client.Take(), ElementsAre("2"));
  time_.Advance(20s);
  EXPECT_THAT(client.Take(), ElementsAre("(close 1000)"));
  EXPECT_TRUE(client.AnswersClose());
  EXPECT_EQ(Counters()["connections"], 0);
}

TEST_F(EventGatewayTest, DisconnectsAClientThatDoesNotJoin) {
  EventClient client = Dial();
  time_.Advance(25s);
  client.Send("3");
  time_.Advance(20s);
  EXPECT_TRUE(client.AnswersClose());
}

TEST_F(EventGatewayTest, ClosesOnProtocolViolations) {
  for (const char* const text : {"", "1", "2", "6", "x", "4", "49", kJoin, "42/admin,[]", "40nojson"}) {
    EventClient client = Joined();
    client.Send(text);
    EXPECT_THAT(client.Take(), ElementsAre("(close 1000)")) << text;
    EXPECT_TRUE(client.AnswersClose()) << text;
  }
  EventClient early = Dial();
  early.Send(R"(42["hello"])");
  EXPECT_TRUE(early.AnswersClose());
}

TEST_F(EventGatewayTest, HangsUpWithoutAnAnswerToItsCloseFrame) {
  EventClient client = Joined();
  client.Send("1");
  client.Send("3");
  EXPECT_THAT(client.Take(), ElementsAre("(close 1000)"));
  time_.Advance(5s);
  EXPECT_TRUE(client.answer().finished);
  EXPECT_EQ(Counters()["connections"], 0);
}

TEST_F(EventGatewayTest, AnswersTheCloseFrameOfAClient) {
  EventClient client = Joined();
  client.SendBytes(ClientFrame("\x03\xE8", 0x88));
  EXPECT_THAT(client.Take(), ElementsAre("(close 1000)"));
  EXPECT_TRUE(client.answer().finished);
}

TEST_F(EventGatewayTest, AClientThatLeftGetsNoEvents) {
  EventClient client = Joined();
  client.Send(R"(42["ignored"])");
  client.Send("41");
  Happen(1);
  EXPECT_THAT(client.Take(), IsEmpty());
  EXPECT_FALSE(world_.events.heard());
  client.Send(kJoin);
  Happen(2);
  EXPECT_THAT(client.Take(), ElementsAre(StartsWith("40{"), R"(42["test",2])"));
}

EmulatorOptions WithoutEvents() {
  EmulatorOptions options;
  options.events = false;
  return options;
}

class NoEventGatewayTest : public EventGatewayTest {
 protected:
  NoEventGatewayTest() : EventGatewayTest(WithoutEvents()) {}
};

TEST_F(NoEventGatewayTest, Answers404WhenSwitchedOff) {
  const AnswerBytes answer = Get("/api/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(answer.Status(), 404);
  EXPECT_EQ(answer.Message(), "Cannot GET /api/socket.io/?EIO=4&transport=websocket");
}

EmulatorOptions WithJwt() {
  EmulatorOptions options;
  options.accept_jwt = true;
  return options;
}

class JwtEventGatewayTest : public EventGatewayTest {
 protected:
  JwtEventGatewayTest() : EventGatewayTest(WithJwt()) {}
};

TEST_F(JwtEventGatewayTest, AJwtGetsTheEventsOfTheOrganizationThatItNames) {
  EventClient with = Dial(absl::StrCat(AbslView(kTarget), "&organizationId=x"));
  EventClient without = Dial();
  for (EventClient* const client : {&with, &without}) client->Send(R"(40{"token":"a.b.c"})");
  Happen(1);
  EXPECT_THAT(with.TakeEvents(), SizeIs(1));
  EXPECT_THAT(without.TakeEvents(), IsEmpty());
  EXPECT_EQ(Counters()["accepted"], 2);
}

TEST_F(EventGatewayTest, EveryConnectionIsSentTheSameBytes) {
  EventClient one = Joined();
  EventClient two = Joined();
  Happen(1);
  EXPECT_THAT(one.Take(), ElementsAre(R"(42["test",1])"));
  EXPECT_THAT(two.Take(), ElementsAre(R"(42["test",1])"));
  EXPECT_EQ(Counters()["sent"], 2);
}

TEST_F(EventGatewayTest, DisconnectsAClientThatDoesNotRead) {
  EventClient slow = Joined();
  EventClient other = Joined();
  slow.answer().backlog = options_.max_event_backlog;
  Happen(1);
  EXPECT_TRUE(slow.answer().aborted);
  EXPECT_THAT(other.Take(), ElementsAre(R"(42["test",1])"));
}

TEST_F(EventGatewayTest, DropsEvents) {
  EventClient client = Joined();
  Control(R"({"drop":2})");
  for (int i = 1; i <= 3; ++i) Happen(i);
  EXPECT_THAT(client.Take(), ElementsAre(R"(42["test",3])"));
  Control(R"({"drop":true})");
  Happen(4);
  Control(R"({"drop":false})");
  Happen(5);
  EXPECT_THAT(client.Take(), ElementsAre(R"(42["test",5])"));
  EXPECT_EQ(Counters()["dropped"], 3);
}

TEST_F(EventGatewayTest, DuplicatesDelaysAndReordersEvents) {
  EventClient client = Joined();
  Control(R"({"duplicate":true})");
  Happen(1);
  EXPECT_THAT(client.Take(), ElementsAre(R"(42["test",1])", R"(42["test",1])"));
  Control(R"({"duplicate":false,"delay_ms":100})");
  Happen(2);
  Control(R"({"delay_ms":0})");
  Happen(3);
  EXPECT_THAT(client.Take(), IsEmpty());
  time_.Advance(100ms);
  EXPECT_THAT(client.Take(), ElementsAre(R"(42["test",2])", R"(42["test",3])"));
  Control(R"({"reorder":true})");
  for (int i = 4; i <= 6; ++i) Happen(i);
  EXPECT_THAT(client.Take(), ElementsAre(R"(42["test",5])", R"(42["test",4])"));
  time_.Advance(50ms);
  EXPECT_THAT(client.Take(), ElementsAre(R"(42["test",6])"));
  EXPECT_EQ(Counters()["reorder"], true);
}

TEST_F(EventGatewayTest, FallsSilentWithoutClosing) {
  EventClient client = Joined();
  Control(R"({"silent":true})");
  Happen(1);
  time_.Advance(100s);
  EXPECT_THAT(client.Take(), IsEmpty());
  EXPECT_FALSE(client.answer().finished);
  Control(R"({"silent":false})");
  time_.Advance(25s);
  EXPECT_THAT(client.Take(), ElementsAre("2"));
}

TEST_F(EventGatewayTest, CutsDisconnectsAndSendsGarbage) {
  EventClient client = Joined();
  Control(R"({"garbage":"]["})");
  Control(R"({"disconnect":true})");
  EXPECT_THAT(client.Take(), ElementsAre("][", "41"));
  EXPECT_FALSE(client.answer().finished);
  Control(R"({"cut":true})");
  EXPECT_TRUE(client.answer().aborted);
  EXPECT_EQ(Counters()["connections"], 0);
}

TEST_F(EventGatewayTest, RefusesNewConnectionsWhenTold) {
  Control(R"({"refuse":"http-503"})");
  EXPECT_EQ(Dial().answer().Status(), 503);
  Control(R"({"refuse":"unauthorized"})");
  EventClient client = Dial();
  client.Send(kJoin);
  EXPECT_THAT(client.Take(), ElementsAre(StartsWith("0{"), R"(44{"message":"Unauthorized"})"));
  Control(R"({"refuse":null})");
  Joined();
}

TEST_F(EventGatewayTest, ExplainsInvalidControls) {
  for (const char* const changes : {R"({"cut":1})", R"({"drop":-1})", R"({"delay_ms":"x"})", R"({"refuse":"maybe"})",
                                    R"({"garbage":1})", R"({"unknown":1})"}) {
    EXPECT_FALSE(api_.gateway().Control(Json::parse(changes)).ok()) << changes;
  }
}

TEST_F(EventGatewayTest, ARevokedKeyEndsItsConnections) {
  EventClient client = Joined();
  world_.credentials.Accept("k2");
  world_.credentials.Revoke("emulator-key");
  api_.gateway().EndConnectionsOf("emulator-key");
  EXPECT_THAT(client.Take(), ElementsAre("41", "(close 1000)"));
  EXPECT_EQ(Get("/api/sandbox").Status(), 401);
  EventClient next = Dial();
  next.Send(R"(40{"token":"k2"})");
  EXPECT_THAT(next.Take(), ElementsAre(StartsWith("0{"), StartsWith("40{")));
}

}  // namespace
}  // namespace daytonad::emulator
