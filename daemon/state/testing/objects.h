#ifndef DAYTONAD_DAEMON_STATE_TESTING_OBJECTS_H_
#define DAYTONAD_DAEMON_STATE_TESTING_OBJECTS_H_

#include <string>

#include "daytonad/v1/sandbox.pb.h"

namespace daytonad {

inline v1::SandboxState StateOf(const std::string& text) {
  if (text == "creating") return v1::SANDBOX_STATE_CREATING;
  if (text == "started") return v1::SANDBOX_STATE_STARTED;
  if (text == "stopping") return v1::SANDBOX_STATE_STOPPING;
  if (text == "stopped") return v1::SANDBOX_STATE_STOPPED;
  if (text == "destroying") return v1::SANDBOX_STATE_DESTROYING;
  if (text == "destroyed") return v1::SANDBOX_STATE_DESTROYED;
  return v1::SANDBOX_STATE_STARTING;
}

// A full sandbox "id" with the name "name-of-id", updated at that second.
inline v1::Sandbox SandboxIn(const std::string& id, const std::string& state, int updated_at = 1) {
  v1::Sandbox sandbox;
  sandbox.set_id(id);
  sandbox.set_name("name-of-" + id);
  sandbox.set_state(StateOf(state));
  sandbox.set_state_text(state);
  sandbox.mutable_updated_at()->set_seconds(updated_at);
  sandbox.set_view(v1::VIEW_FULL);
  return sandbox;
}

// The same as a list item, without the fields that only the full object has.
inline v1::Sandbox ItemIn(const std::string& id, const std::string& state, int updated_at = 1) {
  v1::Sandbox item = SandboxIn(id, state, updated_at);
  item.set_view(v1::VIEW_BASIC);
  return item;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_TESTING_OBJECTS_H_
