#include "emulator/world/event_bus.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json_writer.h"

namespace daytonad::emulator {
void EventBus::Tell(std::string_view name, std::string_view object) const {
  if (heard_) listener_(absl::StrCat("[\"", AbslView(name), "\",", AbslView(object), "]"));
}

void EventBus::TellState(std::string_view kind, std::string_view object, std::string_view old_state,
                         std::string_view new_state) const {
  if (!heard_) return;
  listener_(absl::StrCat("[\"", AbslView(kind), ".state.updated\",{\"", AbslView(kind), "\":", AbslView(object),
                         ",\"oldState\":", QuotedJson(old_state), ",\"newState\":", QuotedJson(new_state), "}]"));
}

void EventBus::TellDesiredState(std::string_view kind, std::string_view object, std::string_view old_state,
                                std::string_view new_state) const {
  if (!heard_) return;
  listener_(absl::StrCat("[\"", AbslView(kind), ".desired-state.updated\",{\"", AbslView(kind), "\":", AbslView(object),
                         ",\"oldDesiredState\":", QuotedJson(old_state), ",\"newDesiredState\":", QuotedJson(new_state),
                         "}]"));
}

}  // namespace daytonad::emulator
