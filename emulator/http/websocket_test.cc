#include "emulator/http/websocket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace daytonad::emulator {
namespace {

using Message = WebSocketReader::Message;

// A client's frame with a mask that changes every byte.
std::string Masked(unsigned first_byte, const std::string& payload) {
  std::string frame{static_cast<char>(first_byte), static_cast<char>(0x80U | payload.size()), 1, 2, 3, 4};
  for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ (1 + i % 4)));
  return frame;
}

TEST(WebSocketReader, FindsMessagesInPiecesOfAnySize) {
  const std::string bytes = Masked(0x81, "hello") + Masked(0x89, "ping") + Masked(0x81, "");
  WebSocketReader reader(100);
  std::vector<std::string> found;
  for (const char byte : bytes) {
    reader.Add({&byte, 1});
    while (const auto message = reader.Next()) found.push_back(message->payload);
  }
  EXPECT_THAT(found, testing::ElementsAre("hello", "ping", ""));
}

TEST(WebSocketReader, JoinsFragments) {
  WebSocketReader reader(100);
  reader.Add(Masked(0x01, "he") + Masked(0x8A, "") + Masked(0x00, "l") + Masked(0x80, "lo"));
  EXPECT_EQ(reader.Next()->opcode, Opcode::kPong);
  const auto message = reader.Next();
  EXPECT_EQ(message->opcode, Opcode::kText);
  EXPECT_EQ(message->payload, "hello");
}

TEST(WebSocketReader, RefusesProtocolViolations) {
  const auto error = [](const std::string& bytes) {
    WebSocketReader reader(10);
    reader.Add(bytes);
    while (reader.Next()) {
    }
    return reader.error();
  };
  EXPECT_EQ(error(std::string("\x81\x00", 2)), kProtocolError);  // not masked
  EXPECT_EQ(error(Masked(0xC1, "x")), kProtocolError);           // compressed, which was not negotiated
  EXPECT_EQ(error(Masked(0x83, "x")), kProtocolError);           // no such opcode
  EXPECT_EQ(error(Masked(0x09, "x")), kProtocolError);           // a control frame in fragments
  EXPECT_EQ(error(Masked(0x80, "x")), kProtocolError);           // a continuation of nothing
  EXPECT_EQ(error(Masked(0x01, "x") + Masked(0x81, "x")), kProtocolError);
  EXPECT_EQ(error(Masked(0x81, "12345678901")), kMessageTooBig);
  EXPECT_EQ(error(Masked(0x01, "123456") + Masked(0x80, "12345")), kMessageTooBig);
  EXPECT_EQ(error(Masked(0x81, "1234567890")), 0);
}

TEST(WebSocketFrame, HasTheShortestLength) {
  EXPECT_EQ(WebSocketFrame(Opcode::kText, "ab"),
            "\x81\x02"
            "ab");
  EXPECT_EQ(WebSocketFrame(Opcode::kText, std::string(126, 'x')).substr(0, 4), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(WebSocketFrame(Opcode::kText, std::string(65536, 'x')).substr(0, 10),
            std::string("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  EXPECT_EQ(WebSocketCloseFrame(kMessageTooBig), "\x88\x02\x03\xF1");
}

}  // namespace
}  // namespace daytonad::emulator
