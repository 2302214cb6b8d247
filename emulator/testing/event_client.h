#ifndef DAYTONAD_EMULATOR_TESTING_EVENT_CLIENT_H_
#define DAYTONAD_EMULATOR_TESTING_EVENT_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "emulator/testing/api_fixture.h"

namespace daytonad::emulator {

// A client's frame, with an all-zero mask.
inline std::string ClientFrame(std::string_view payload, unsigned first_byte = 0x81) {
  std::string frame(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(0x80U | payload.size()));
  } else {
    frame.push_back(static_cast<char>(0x80U | 127U));
    for (unsigned shift = 64; shift > 0; shift -= 8) frame.push_back(static_cast<char>(payload.size() >> (shift - 8)));
  }
  frame.append(4, '\0');
  frame += payload;
  return frame;
}

// The texts of a server's frames; "(close CODE)" stands for a close frame.
inline std::vector<std::string> ServerFrames(std::string_view bytes) {
  std::vector<std::string> texts;
  while (bytes.size() >= 2) {
    const auto byte = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(bytes[i])}; };
    const bool close = (byte(0) & 0x0FU) == 8;
    std::size_t length = byte(1);
    std::size_t header = 2;
    for (std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0, i = 0; i < extra; ++i, ++header) {
      length = (i == 0 ? 0 : length << 8U) | byte(header);
    }
    const std::string_view payload = bytes.substr(header, length);
    texts.push_back(
        close ? absl::StrCat("(close ",
                             static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]), ")")
              : std::string(payload));
    bytes.remove_prefix(header + length);
  }
  return texts;
}

// The client's end of an event connection without a socket.
class EventClient {
 public:
  explicit EventClient(std::shared_ptr<AnswerBytes> answer) : answer_(std::move(answer)) {}

  void Send(std::string_view text) { SendBytes(ClientFrame(text)); }
  void SendBytes(const std::string& bytes) {
    const auto receiver = answer_->receiver;
    if (receiver) receiver(bytes);
  }
  // What came since the last call.
  std::vector<std::string> Take() {
    const std::string body = answer_->Body();
    auto frames = ServerFrames(std::string_view(body).substr(taken_));
    taken_ = body.size();
    return frames;
  }
  // The events that came since the last call, each as [name, payload].
  std::vector<Json> TakeEvents() {
    std::vector<Json> events;
    for (const std::string& frame : Take()) {
      if (frame.starts_with("42")) events.push_back(Json::parse(frame.substr(2)));
    }
    return events;
  }
  // Answers the server's close frame; true if the server then hangs up.
  bool AnswersClose() {
    if (answer_->finished) return false;
    SendBytes(ClientFrame("\x03\xE8", 0x88));
    return answer_->finished;
  }
  AnswerBytes& answer() { return *answer_; }

 private:
  std::shared_ptr<AnswerBytes> answer_;
  std::size_t taken_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_TESTING_EVENT_CLIENT_H_
