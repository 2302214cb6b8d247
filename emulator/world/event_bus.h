#ifndef DAYTONAD_EMULATOR_WORLD_EVENT_BUS_H_
#define DAYTONAD_EMULATOR_WORLD_EVENT_BUS_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace daytonad::emulator {

// Stores publish their changes here, in the form that the real server sends: a Socket.IO event,
// ["sandbox.created",{...}]. Objects are passed as JSON text, which need not be made while nobody listens.
class EventBus {
 public:
  using Listener = std::function<void(std::string event)>;

  void SetListener(Listener listener) { listener_ = std::move(listener); }
  // Whether the listener wants events. Initially it does not.
  void set_heard(bool heard) { heard_ = heard; }
  bool heard() const { return heard_; }

  // ["NAME",object]
  void Tell(std::string_view name, std::string_view object) const;
  // ["KIND.state.updated",{"KIND":object,"oldState":...,"newState":...}]
  void TellState(std::string_view kind, std::string_view object, std::string_view old_state,
                 std::string_view new_state) const;
  // ["KIND.desired-state.updated",{"KIND":object,"oldDesiredState":...,"newDesiredState":...}]
  void TellDesiredState(std::string_view kind, std::string_view object, std::string_view old_state,
                        std::string_view new_state) const;

 private:
  Listener listener_;
  bool heard_ = false;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_EVENT_BUS_H_
