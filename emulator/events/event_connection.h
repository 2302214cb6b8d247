#ifndef DAYTONAD_EMULATOR_EVENTS_EVENT_CONNECTION_H_
#define DAYTONAD_EMULATOR_EVENTS_EVENT_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/base/scheduler.h"
#include "emulator/http/http.h"
#include "emulator/http/websocket.h"

namespace daytonad::emulator {

// One event connection: Socket.IO over Engine.IO 4 over WebSocket, default namespace only.
class EventConnection : public std::enable_shared_from_this<EventConnection> {
 public:
  struct Settings {
    milliseconds ping_interval{0};
    milliseconds ping_timeout{0};
    std::size_t max_backlog = 0;  // bytes; exceeding it ends the connection
  };

  // What a connection needs from its owner. Called on the loop thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Whether the token is accepted.
    virtual bool Admits(std::string_view token) = 0;
    // The connection has joined, has left, or has ended.
    virtual void Changed(EventConnection& connection) = 0;
    // Whether nothing at all is sent to clients, not even pings.
    virtual bool silent() const = 0;
  };

  EventConnection(std::shared_ptr<Exchange> exchange, Scheduler& scheduler, const Settings& settings, Owner& owner);

  // Accepts the WebSocket and starts the protocol. The exchange is an upgrade request with its Sec-WebSocket-Key.
  void Start();
  // The organization that the client named; a JWT does not name one.
  void set_organization(std::string organization) { organization_ = std::move(organization); }
  const std::string& organization() const { return organization_; }

  bool joined() const { return joined_; }
  bool ended() const { return exchange_ == nullptr; }
  // The token that it joined with.
  const std::string& token() const { return token_; }

  // Sends a frame that connections may share. A client that does not read is disconnected.
  void Send(std::shared_ptr<const std::string> frame);
  // Sends a Socket.IO disconnect (41); closes the connection only if `close`.
  void Disconnect(bool close);
  // Resets the connection, as a crash does.
  void Abort();

 private:
  void Receive(std::string_view bytes);
  void TakeEnginePacket(std::string_view packet);
  void TakeSocketPacket(std::string_view packet);
  void Join(std::string_view auth);
  void SendText(std::string_view text);
  // Sends a close frame; hangs up when the client answers it or takes too long.
  void Close(std::uint16_t code);
  void Hangup();
  void Ended();
  void SchedulePing();
  void Ping();
  // Runs the step after `delay`, unless a heartbeat came or the connection ended meanwhile.
  void UnlessAlive(milliseconds delay, void (EventConnection::*step)());
  void CloseAsDead() { Close(kNormalClosure); }

  std::shared_ptr<Exchange> exchange_;  // null once it has ended
  Scheduler& scheduler_;
  Settings settings_;
  Owner& owner_;
  WebSocketReader reader_;
  std::string organization_;
  std::string token_;
  bool joined_ = false;
  bool closing_ = false;
  std::uint64_t heartbeat_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_EVENTS_EVENT_CONNECTION_H_
