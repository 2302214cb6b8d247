#ifndef DAYTONAD_EMULATOR_HTTP_WEBSOCKET_H_
#define DAYTONAD_EMULATOR_HTTP_WEBSOCKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The server's half of the WebSocket protocol (RFC 6455), as bytes. Not Beast's: its frames belong to one stream and
// one write. Here a few writes send thousands of frames that all connections share.
namespace daytonad::emulator {

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

inline constexpr std::uint16_t kNormalClosure = 1000;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kMessageTooBig = 1009;

// The Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
std::string WebSocketAccept(std::string_view key);

// A whole message in one frame.
std::string WebSocketFrame(Opcode opcode, std::string_view payload);
std::string WebSocketCloseFrame(std::uint16_t code);

// Extracts messages from what a client sends.
class WebSocketReader {
 public:
  struct Message {
    Opcode opcode = Opcode::kText;  // never kContinuation: fragments are joined
    std::string payload;
  };

  explicit WebSocketReader(std::size_t max_message) : max_message_(max_message) {}

  void Add(std::string_view bytes) { bytes_ += bytes; }
  // The next message; none if it is incomplete, or if the client violated the protocol.
  std::optional<Message> Next();
  // The close code once the client violated the protocol; else 0.
  std::uint16_t error() const { return error_; }

 private:
  std::optional<Message> Fail(std::uint16_t code);

  std::size_t max_message_;
  std::string bytes_;
  std::optional<Message> fragments_;
  std::uint16_t error_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_WEBSOCKET_H_
