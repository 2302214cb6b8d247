#ifndef DAYTONAD_EMULATOR_HTTP_WEBSOCKET_H_
#define DAYTONAD_EMULATOR_HTTP_WEBSOCKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The server's half of the WebSocket protocol (RFC 6455), as bytes. Not Beast's: there a frame belongs to one stream
// and one write, while here thousands of frames, shared by all connections, leave in a few writes.
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

// Finds messages in what a client sends.
class WebSocketReader {
 public:
  struct Message {
    Opcode opcode = Opcode::kText;  // never kContinuation: fragments are put together
    std::string payload;
  };

  explicit WebSocketReader(std::size_t max_message) : max_message_(max_message) {}

  void Add(std::string_view bytes) { bytes_ += bytes; }
  // The next message; none if its bytes are not all there, or if the client broke the rules.
  std::optional<Message> Next();
  // The code to close the connection with, once the client broke the rules; else 0.
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
