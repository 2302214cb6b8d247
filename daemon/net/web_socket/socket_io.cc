#include "daemon/net/web_socket/socket_io.h"

#include <algorithm>

namespace daytonad {
namespace {

using Kind = SocketIoPacket::Kind;

Kind MessageKind(char digit) {
  switch (digit) {
    case '0':
      return Kind::kConnected;
    case '1':
      return Kind::kDisconnected;
    case '2':
      return Kind::kEvent;
    case '4':
      return Kind::kConnectError;
    case '5':
    case '6':
      return Kind::kBinary;
    default:
      return Kind::kOther;
  }
}

// A namespace, "/x,", and the number under which the server would like to have an acknowledgement.
std::string_view WithoutPrefix(std::string_view text) {
  if (!text.empty() && text.front() == '/') text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
  text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  return text;
}

}  // namespace

SocketIoPacket ParseSocketIo(std::string_view frame) {
  if (frame.empty()) return {};
  const std::string_view rest = frame.substr(1);
  switch (frame.front()) {
    case '0':
      return {Kind::kOpen, rest};
    case '1':
      return {Kind::kClose, rest};
    case '2':
      return {Kind::kPing, rest};
    case '4':
      if (rest.empty()) return {};
      return {MessageKind(rest.front()), WithoutPrefix(rest.substr(1))};
    default:
      return {};
  }
}

std::string SocketIoConnectFrame(std::string_view token) {
  constexpr std::string_view kHead = R"(40{"token":")";
  constexpr std::string_view kTail = R"("})";
  std::string frame;
  frame.reserve(kHead.size() + 2 * token.size() +
                kTail.size());  // allocated once: a reallocation would leave a copy behind
  frame.append(kHead);
  for (const char c : token) {
    if (c == '"' || c == '\\') frame.push_back('\\');
    frame.push_back(c);
  }
  frame.append(kTail);
  return frame;
}

}  // namespace daytonad
