#ifndef DAYTONAD_DAEMON_NET_SOCKET_IO_H_
#define DAYTONAD_DAEMON_NET_SOCKET_IO_H_

#include <string>
#include <string_view>

namespace daytonad {

// One packet of Socket.IO 5 over Engine.IO 4 over WebSocket, as a client sees it: `42["name",{...}]`. The first digit
// is Engine.IO's (0 open, 1 close, 2 ping, 3 pong, 4 message), and behind a 4 comes Socket.IO's.
struct SocketIoPacket {
  enum class Kind {
    kOpen,          // 0: the connection's terms, a JSON object
    kClose,         // 1: the server ends the connection
    kPing,          // 2: to be answered with kSocketIoPong
    kConnected,     // 40: we are in
    kDisconnected,  // 41: we are out
    kEvent,         // 42: a JSON array, name first
    kConnectError,  // 44: we are not let in; a JSON object or string says why
    kBinary,        // 45, 46: attachments follow as binary messages, which nobody here understands
    kOther,         // to be ignored
  };

  Kind kind = Kind::kOther;
  // The JSON that follows, without namespace and acknowledgement id. Part of the frame. Not checked.
  std::string_view payload;
};

SocketIoPacket ParseSocketIo(std::string_view frame);

inline constexpr std::string_view kSocketIoPong = "3";

// The frame that asks to be let in, `40{"token":"..."}`. It holds the token, so wipe it once it is sent (WipeString);
// this function leaves no copy behind. The token is printable ASCII.
std::string SocketIoConnectFrame(std::string_view token);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_SOCKET_IO_H_
