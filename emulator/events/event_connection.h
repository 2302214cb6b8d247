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

// One event connection: Engine.IO 4 in WebSocket frames, and Socket.IO in that, with the default namespace only.
class EventConnection : public std::enable_shared_from_this<EventConnection> {
 public:
  struct Settings {
    milliseconds ping_interval{0};
    milliseconds ping_timeout{0};
    std::size_t max_backlog = 0;  // bytes; more make it end
  };

  // What a connection asks of who owns it. Called on the loop thread, and not once `closed` was.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Whether the token lets this connection in.
    virtual bool Admits(std::string_view token) = 0;
    // It is in, or out again, or has ended.
    virtual void Changed(EventConnection& connection) = 0;
    // Whether clients shall hear nothing at all, pings included.
    virtual bool silent() const = 0;
  };

  EventConnection(std::shared_ptr<Exchange> exchange, Scheduler& scheduler, const Settings& settings, Owner& owner);

  // Accepts the WebSocket and begins to talk. `exchange` is an upgrade request with its Sec-WebSocket-Key.
  void Start();
  // The organization that the client named; a JWT itself names none.
  void set_organization(std::string organization) { organization_ = std::move(organization); }
  const std::string& organization() const { return organization_; }

  bool joined() const { return joined_; }
  bool ended() const { return exchange_ == nullptr; }
  // What it came in with.
  const std::string& token() const { return token_; }

  // Sends a frame that others may be sent, too. A client that does not read what it was sent is cut off.
  void Send(std::shared_ptr<const std::string> frame);
  // Tells the client that it is out (41); it stays connected unless `close`.
  void Disconnect(bool close);
  // Ends the connection as a crash does.
  void Abort();

 private:
  void Receive(std::string_view bytes);
  void TakeEnginePacket(std::string_view packet);
  void TakeSocketPacket(std::string_view packet);
  void Join(std::string_view auth);
  void SendText(std::string_view text);
  // Tells the client that this is the end; hangs up once it agrees, or takes too long.
  void Close(std::uint16_t code);
  void Hangup();
  void Ended();
  void SchedulePing();
  void Ping();
  // Runs the step unless a sign of life came, or the connection ended, meanwhile.
  void UnlessAlive(milliseconds delay, void (EventConnection::*step)());
  void CloseAsDead() { Close(kNormalClosure); }

  std::shared_ptr<Exchange> exchange_;  // null once it ended
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
