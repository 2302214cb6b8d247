#ifndef DAYTONAD_EMULATOR_EVENTS_EVENT_GATEWAY_H_
#define DAYTONAD_EMULATOR_EVENTS_EVENT_GATEWAY_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "emulator/base/json.h"
#include "emulator/events/event_connection.h"
#include "emulator/events/event_faults.h"
#include "emulator/http/api_error.h"
#include "emulator/http/http.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// {base path}/socket.io/: sends connected clients what the stores publish on the event bus.
class EventGateway : private EventConnection::Owner {
 public:
  explicit EventGateway(World& world);
  ~EventGateway() override;
  EventGateway(const EventGateway&) = delete;
  EventGateway& operator=(const EventGateway&) = delete;

  // Whether a request for this path is for the gateway.
  bool Owns(std::string_view path) const;
  void Serve(const std::shared_ptr<Exchange>& exchange);

  // Handles POST /_emulator/events; the README lists the members.
  Outcome<Done> Control(const Json& changes);
  // Ends the connections that joined with this token.
  void EndConnectionsOf(std::string_view token);
  // Counters and the current faults.
  Json ToJson() const;

 private:
  using Frame = EventFaults::Frame;

  bool Admits(std::string_view token) override;
  void Changed(EventConnection& connection) override;
  bool silent() const override { return faults_.silent(); }
  bool Hears(const EventConnection& connection) const;
  // Iterates over a copy: an action may end connections.
  template <typename Action>
  void ForEach(Action action);

  World& world_;
  EventFaults faults_;
  std::string refuse_;  // how new connections are refused: "unauthorized", "http-503"; empty: not at all
  std::set<std::shared_ptr<EventConnection>> connections_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_EVENTS_EVENT_GATEWAY_H_
