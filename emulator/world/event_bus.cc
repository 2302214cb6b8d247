#include "emulator/world/event_bus.h"

#include "emulator/base/json_writer.h"
#include "emulator/base/text.h"

namespace daytonad::emulator {
void EventBus::Tell(std::string_view name, std::string_view object) const {
  if (heard_) listener_(StrCat("[\"", name, "\",", object, "]"));
}

void EventBus::TellState(std::string_view kind, std::string_view object, std::string_view old_state,
                         std::string_view new_state) const {
  if (!heard_) return;
  listener_(StrCat("[\"", kind, ".state.updated\",{\"", kind, "\":", object, ",\"oldState\":", QuotedJson(old_state),
                   ",\"newState\":", QuotedJson(new_state), "}]"));
}

void EventBus::TellDesiredState(std::string_view kind, std::string_view object, std::string_view old_state,
                                std::string_view new_state) const {
  if (!heard_) return;
  listener_(StrCat("[\"", kind, ".desired-state.updated\",{\"", kind, "\":", object, ",\"oldDesiredState\":",
                   QuotedJson(old_state), ",\"newDesiredState\":", QuotedJson(new_state), "}]"));
}

}  // namespace daytonad::emulator
