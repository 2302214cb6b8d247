#include "daemon/net/web_socket/socket_io.h"

#include <gtest/gtest.h>

#include <string>

namespace daytonad {
namespace {

using Kind = SocketIoPacket::Kind;

void ExpectPacket(std::string_view frame, Kind kind, std::string_view payload) {
  const SocketIoPacket packet = ParseSocketIo(frame);
  EXPECT_EQ(packet.kind, kind) << frame;
  if (kind == Kind::kOther) return;
  EXPECT_EQ(packet.payload, payload) << frame;
}

TEST(SocketIoTest, EachPacketIsTold) {
  ExpectPacket(R"(0{"sid":"x","pingInterval":25000})", Kind::kOpen, R"({"sid":"x","pingInterval":25000})");
  ExpectPacket("1", Kind::kClose, "");
  ExpectPacket("2", Kind::kPing, "");
  ExpectPacket(R"(40{"sid":"y"})", Kind::kConnected, R"({"sid":"y"})");
  ExpectPacket("40", Kind::kConnected, "");
  ExpectPacket("41", Kind::kDisconnected, "");
  ExpectPacket(R"(42["a",{"b":1}])", Kind::kEvent, R"(["a",{"b":1}])");
  ExpectPacket(R"(44{"message":"Unauthorized"})", Kind::kConnectError, R"({"message":"Unauthorized"})");
}

TEST(SocketIoTest, NamespacesAndAcknowledgementIdsAreSkipped) {
  ExpectPacket(R"(42/x,["a"])", Kind::kEvent, R"(["a"])");
  ExpectPacket(R"(42/x,17["a"])", Kind::kEvent, R"(["a"])");
  ExpectPacket(R"(4217["a"])", Kind::kEvent, R"(["a"])");
  ExpectPacket(R"(44/x,{"message":"m"})", Kind::kConnectError, R"({"message":"m"})");
  ExpectPacket("41/x,", Kind::kDisconnected, "");
}

TEST(SocketIoTest, BinaryPacketsAreTold) {
  ExpectPacket(R"(451-["a",{"_placeholder":true,"num":0}])", Kind::kBinary, R"(-["a",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(ParseSocketIo("461-[]").kind, Kind::kBinary);
}

TEST(SocketIoTest, WhatIsUnknownIsToBeIgnored) {
  for (const std::string_view frame : {"", "3", "4", "43[]", "47", "4x", "5", "6", "x", "[]", "\xff\xfe"}) {
    ExpectPacket(frame, Kind::kOther, "");
  }
}

TEST(SocketIoTest, AFrameThatEndsEarlyHasNoPayload) {
  ExpectPacket("42/namespace-without-end", Kind::kEvent, "");
  ExpectPacket("42/", Kind::kEvent, "");
  ExpectPacket("4212", Kind::kEvent, "");
}

TEST(SocketIoTest, TheConnectFrameHoldsTheTokenAsAJsonString) {
  EXPECT_EQ(SocketIoConnectFrame("dtn_abc"), R"(40{"token":"dtn_abc"})");
  EXPECT_EQ(SocketIoConnectFrame(R"(a"b\c)"), R"(40{"token":"a\"b\\c"})");
}

}  // namespace
}  // namespace daytonad
