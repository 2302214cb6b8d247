#include "emulator/event_bus.h"

#include "emulator/json.h"
#include "emulator/text.h"

namespace daytonad::emulator {
namespace {

// States are forced by tests, and so may be any text.
std::string Quoted(std::string_view state) { return ToText(Json(state)); }

}  // namespace

void EventBus::Tell(std::string_view name, std::string_view object) const {
  if (heard_) listener_(StrCat("[\"", name, "\",", object, "]"));
}

void EventBus::TellState(std::string_view kind, std::string_view object, std::string_view old_state,
                         std::string_view new_state) const {
  if (!heard_) return;
  listener_(StrCat("[\"", kind, ".state.updated\",{\"", kind, "\":", object, ",\"oldState\":", Quoted(old_state),
                   ",\"newState\":", Quoted(new_state), "}]"));
}

void EventBus::TellDesiredState(std::string_view kind, std::string_view object, std::string_view old_state,
                                std::string_view new_state) const {
  if (!heard_) return;
  listener_(StrCat("[\"", kind, ".desired-state.updated\",{\"", kind, "\":", object,
                   ",\"oldDesiredState\":", Quoted(old_state), ",\"newDesiredState\":", Quoted(new_state), "}]"));
}

}  // namespace daytonad::emulator
