#ifndef DAYTONAD_DAEMON_NET_WEB_SOCKET_SOCKET_IO_H_
#define DAYTONAD_DAEMON_NET_WEB_SOCKET_SOCKET_IO_H_

#include <string>
#include <string_view>

namespace daytonad {

// One packet of Socket.IO 5 over Engine.IO 4 over WebSocket, as a client sees it: `42["name",{...}]`. The first digit
// is Engine.IO's (0 open, 1 close, 2 ping, 3 pong, 4 message); after a 4 follows Socket.IO's.
struct SocketIoPacket {
  enum class Kind {
    kOpen,          // 0: the connection's parameters, a JSON object
    kClose,         // 1: the server ends the connection
    kPing,          // 2: to be answered with kSocketIoPong
    kConnected,     // 40: connected to the namespace
    kDisconnected,  // 41: disconnected from the namespace
    kEvent,         // 42: a JSON array, name first
    kConnectError,  // 44: connection rejected; a JSON object or string says why
    kBinary,        // 45, 46: attachments follow as binary messages; not supported
    kOther,         // ignored
  };

  Kind kind = Kind::kOther;
  // The JSON that follows, without namespace and acknowledgement id. Part of the frame. Not checked.
  std::string_view payload;
};

SocketIoPacket ParseSocketIo(std::string_view frame);

inline constexpr std::string_view kSocketIoPong = "3";

// The connect frame, `40{"token":"..."}`. It contains the token, so wipe it after sending (WipeString); this function
// leaves no copy behind. The token is printable ASCII.
std::string SocketIoConnectFrame(std::string_view token);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_WEB_SOCKET_SOCKET_IO_H_
