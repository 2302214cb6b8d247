#include "emulator/http/websocket.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/digest.h"

namespace daytonad::emulator {
namespace {

constexpr unsigned kFinal = 0x80;
constexpr unsigned kReserved = 0x70;
constexpr unsigned kOpcode = 0x0F;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLength = 0x7F;
constexpr std::size_t kMaxControlPayload = 125;

bool IsControl(Opcode opcode) { return opcode >= Opcode::kClose; }

bool IsKnown(Opcode opcode) { return opcode <= Opcode::kBinary || (IsControl(opcode) && opcode <= Opcode::kPong); }

void AppendBigEndian(std::string& text, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
}

std::uint64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

// The parts of a client's frame.
struct Frame {
  bool final = false;
  Opcode opcode = Opcode::kText;
  std::uint64_t length = 0;
  std::size_t mask_at = 0;  // offset of the four mask bytes; the payload follows them
};

// None if the header is incomplete.
std::optional<Frame> ReadHeader(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  Frame frame;
  frame.final = (static_cast<unsigned char>(bytes[0]) & kFinal) != 0;
  frame.opcode = static_cast<Opcode>(static_cast<unsigned char>(bytes[0]) & kOpcode);
  frame.length = static_cast<unsigned char>(bytes[1]) & kLength;
  const std::size_t extension = frame.length == 126 ? 2 : frame.length == 127 ? 8 : 0;
  frame.mask_at = 2 + extension;
  if (bytes.size() < frame.mask_at + 4) return std::nullopt;
  if (extension > 0) frame.length = BigEndian(bytes.substr(2, extension));
  return frame;
}

// Whether a client's frame may begin with these two bytes.
bool MayBegin(std::string_view bytes) {
  const unsigned first = static_cast<unsigned char>(bytes[0]);
  const unsigned second = static_cast<unsigned char>(bytes[1]);
  const auto opcode = static_cast<Opcode>(first & kOpcode);
  if ((first & kReserved) != 0 || (second & kMasked) == 0 || !IsKnown(opcode)) return false;
  return !IsControl(opcode) || ((first & kFinal) != 0 && (second & kLength) <= kMaxControlPayload);
}

}  // namespace

std::string WebSocketAccept(std::string_view key) {
  std::string encoded;
  absl::Base64Escape(Sha1(absl::StrCat(AbslView(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")), &encoded);
  return encoded;
}

std::string WebSocketFrame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame.push_back(static_cast<char>(kFinal | static_cast<unsigned>(opcode)));
  if (payload.size() < 126) {
    AppendBigEndian(frame, payload.size(), 1);
  } else if (payload.size() <= 0xFFFF) {
    AppendBigEndian(frame, 126, 1);
    AppendBigEndian(frame, payload.size(), 2);
  } else {
    AppendBigEndian(frame, 127, 1);
    AppendBigEndian(frame, payload.size(), 8);
  }
  frame += payload;
  return frame;
}

std::string WebSocketCloseFrame(std::uint16_t code) {
  std::string payload;
  AppendBigEndian(payload, code, 2);
  return WebSocketFrame(Opcode::kClose, payload);
}

std::optional<WebSocketReader::Message> WebSocketReader::Fail(std::uint16_t code) {
  error_ = code;
  return std::nullopt;
}

std::optional<WebSocketReader::Message> WebSocketReader::Next() {
  while (error_ == 0) {
    if (bytes_.size() >= 2 && !MayBegin(bytes_)) return Fail(kProtocolError);
    const std::optional<Frame> frame = ReadHeader(bytes_);
    if (!frame.has_value()) return std::nullopt;
    const std::size_t before = fragments_.has_value() ? fragments_->payload.size() : 0;
    if (frame->length > max_message_ || before + frame->length > max_message_) return Fail(kMessageTooBig);
    const std::size_t payload_at = frame->mask_at + 4;
    if (bytes_.size() < payload_at + frame->length) return std::nullopt;
    Message message{frame->opcode, bytes_.substr(payload_at, frame->length)};
    for (std::size_t i = 0; i < message.payload.size(); ++i) {
      message.payload[i] = static_cast<char>(message.payload[i] ^ bytes_[frame->mask_at + i % 4]);
    }
    bytes_.erase(0, payload_at + frame->length);

    if (IsControl(frame->opcode)) return message;
    // The first fragment has the message's opcode, the others are continuations.
    if ((frame->opcode == Opcode::kContinuation) != fragments_.has_value()) return Fail(kProtocolError);
    if (fragments_.has_value()) {
      fragments_->payload += message.payload;
    } else {
      fragments_ = std::move(message);
    }
    if (frame->final) return std::exchange(fragments_, std::nullopt);
  }
  return std::nullopt;
}

}  // namespace daytonad::emulator
