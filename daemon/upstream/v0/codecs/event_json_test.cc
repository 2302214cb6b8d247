// Events as a real server sent them (tests/replay/events-v0.190.jsonl), and as none should.
#include "daemon/upstream/v0/codecs/event_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/web_socket/socket_io.h"
#include "daemon/upstream/testing/recording_sink.h"
#include "daemon/upstream/v0/codecs/json_fields.h"

namespace daytonad {
namespace {

using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventJsonTest : public ::testing::Test {
 protected:
  // The reason of the error, or "OK".
  std::string Deliver(std::string_view event) {
    const absl::Status status = DeliverEvent(event, sink_);
    return status.ok() ? "OK" : ErrorReason(status);
  }

  RecordingSink sink_;
};

TEST_F(EventJsonTest, EveryRecordedFrameIsUnderstood) {
  std::ifstream file(DAYTONAD_GOLDEN_FILE);
  int pings = 0;
  for (std::string line; std::getline(file, line);) {
    const Json entry = Json::parse(line);
    if (entry.at("dir") != "server") continue;
    const std::string frame = entry.at("frame");
    const SocketIoPacket packet = ParseSocketIo(frame);
    EXPECT_NE(packet.kind, SocketIoPacket::Kind::kOther) << frame;
    if (packet.kind == SocketIoPacket::Kind::kPing) ++pings;
    if (packet.kind != SocketIoPacket::Kind::kEvent) continue;
    EXPECT_EQ(Deliver(packet.payload), "OK") << frame;
  }
  EXPECT_EQ(pings, 1);
  EXPECT_THAT(
      sink_.lines,
      ElementsAre("sandbox ev1 creating/started", "sandbox ev1 creating/started", "sandbox ev1 started/started",
                  "sandbox ev1 stopping/stopped", "sandbox ev1 stopping/stopped", "sandbox ev1 stopped/stopped",
                  "sandbox DESTROYED_ev1_1795293455428 destroying/destroyed",
                  "sandbox DESTROYED_ev1_1795293455428 destroying/destroyed",
                  "sandbox DESTROYED_ev1_1795293455428 destroyed/destroyed", "volume ev2 pending_create",
                  "volume ev2 creating", "volume ev2 ready", "volume ev2 pending_delete", "snapshot ev3 pending",
                  "snapshot ev3 pulling", "volume ev2 deleting", "volume ev2-deleted deleted", "snapshot ev3 active",
                  "snapshot ev3 removing", "snapshot removed: ev3", "snapshot removed: ev3"));
  EXPECT_EQ(sink_.sandboxes.at(2).view(), v1::VIEW_FULL);
  EXPECT_EQ(sink_.sandboxes.at(2).id(), "81f3eb83-c4cc-4291-9f22-191c8d25122c");
  EXPECT_EQ(sink_.sandboxes.at(2).auto_stop_minutes(), 15);
}

TEST_F(EventJsonTest, TheObjectsOwnStateWinsOverTheOneBesideIt) {
  EXPECT_EQ(
      Deliver(R"(["sandbox.state.updated",{"sandbox":{"id":"i","name":"n","state":"started"},"newState":"stopped"}])"),
      "OK");
  EXPECT_EQ(Deliver(R"(["sandbox.state.updated",{"sandbox":{"id":"i","name":"n"},"newState":"stopped"}])"), "OK");
  EXPECT_EQ(Deliver(R"(["sandbox.desired-state.updated",
                        {"sandbox":{"id":"i","name":"n","state":null},"newDesiredState":"stopped"}])"),
            "OK");
  EXPECT_EQ(Deliver(R"(["volume.state.updated",{"volume":{"id":"i","name":"n"},"newState":"ready"}])"), "OK");
  EXPECT_THAT(sink_.lines,
              ElementsAre("sandbox n started/", "sandbox n stopped/", "sandbox n /stopped", "volume n ready"));
}

TEST_F(EventJsonTest, AnObjectMayStandAloneOrInItsPayload) {
  EXPECT_EQ(Deliver(R"(["volume.lastUsedAt.updated",{"id":"i","name":"alone","state":"ready"}])"), "OK");
  EXPECT_EQ(Deliver(R"(["volume.lastUsedAt.updated",{"volume":{"id":"i","name":"inside","state":"ready"}}])"), "OK");
  EXPECT_EQ(Deliver(R"(["snapshot.removed",{"snapshot":{"id":"i","name":"inside"}}])"), "OK");
  EXPECT_THAT(sink_.lines, ElementsAre("volume alone ready", "volume inside ready", "snapshot removed:i inside"));
}

TEST_F(EventJsonTest, WhatNobodyWantsIsNotEvenParsed) {
  EXPECT_EQ(Deliver(R"(["runner.state.updated",{this is no JSON)"), "OK");
  EXPECT_EQ(Deliver(R"(["sandbox.invented",17])"), "OK");
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventJsonTest, WhatCannotBeReadIsAnErrorWithoutItsContent) {
  const std::vector<std::string> broken = {
      "",
      "[",
      "[]",
      "{}",
      "17",
      "\xff",
      R"([17,{}])",
      R"(["sandbox.cre)",
      R"(["sandbox.created"])",
      R"(["sandbox.created",null])",
      R"(["sandbox.created",{}])",
      R"(["sandbox.created",{"id":17}])",
      R"(["sandbox.created",{"id":"secret-content"])",
      R"(["sandbox.state.updated",{"sandbox":"secret-content"}])",
      R"(["snapshot.created",{"name":"secret-content"}])",
      R"(["snapshot.removed",{"id":"i"}])",
      R"(["volume.created",[]])",
      std::string("[\"sandbox.created\",") + std::string(100'000, '['),
  };
  for (const std::string& event : broken) {
    const absl::Status status = DeliverEvent(event, sink_);
    EXPECT_THAT(ErrorReason(status), AnyOf("UPSTREAM_MALFORMED_RESPONSE", "UPSTREAM_FOREIGN_ANSWER")) << event;
    EXPECT_EQ(std::string(status.message()).find("secret-content"), std::string::npos);
  }
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(EventJsonTest, OneBadStringDoesNotSpoilAnEvent) {
  const std::string event = "[\"sandbox.created\",{\"id\":\"i\",\"errorReason\":\"\\ud83d \xff\",\"cpu\":NaN}]";
  EXPECT_TRUE(DeliverEvent(event, sink_).ok());
  EXPECT_EQ(sink_.lines.size(), 1U);
}

TEST_F(EventJsonTest, PingTermsHaveDefaultsAndBounds) {
  const auto terms = ReadPingTerms(R"({"sid":"x","pingInterval":10000,"pingTimeout":5000})");
  ASSERT_TRUE(terms.ok());
  EXPECT_EQ(terms->interval, seconds(10));
  EXPECT_EQ(terms->timeout, seconds(5));
  EXPECT_EQ(ReadPingTerms("{}")->interval, seconds(25));
  EXPECT_EQ(ReadPingTerms("{}")->timeout, seconds(20));
  EXPECT_EQ(ReadPingTerms(R"({"pingInterval":-1})")->interval, seconds(1));
  EXPECT_EQ(ReadPingTerms(R"({"pingTimeout":1e300})")->timeout, seconds(600));
  for (const char* broken : {"", "[]", "{", "\"x\""}) {
    EXPECT_EQ(ErrorReason(ReadPingTerms(broken).status()), "UPSTREAM_MALFORMED_RESPONSE") << broken;
  }
}

}  // namespace
}  // namespace daytonad
