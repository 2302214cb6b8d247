#include "daemon/operations/sandbox/sandbox_states.h"

#include <algorithm>
#include <utility>

#include "daemon/base/absent.h"
#include "daemon/operations/base/outcome.h"

namespace daytonad {
namespace {

constexpr char kDestroyedText[] = "destroyed";

template <typename T>
bool Contains(const std::vector<T>& values, const T& value) {
  return std::ranges::find(values, value) != values.end();
}

bool HasFailed(const v1::Sandbox& sandbox) {
  // A sandbox in an error state with desired state DESTROYED is being deleted, not stuck.
  return (sandbox.state() == v1::SANDBOX_STATE_ERROR || sandbox.state() == v1::SANDBOX_STATE_BUILD_FAILED) &&
         sandbox.desired_state() != v1::SANDBOX_DESIRED_STATE_DESTROYED;
}

}  // namespace

void MarkDestroyed(v1::Sandbox& sandbox) {
  sandbox.set_state(v1::SANDBOX_STATE_DESTROYED);
  sandbox.set_state_text(kDestroyedText);
}

bool IsBuilding(const v1::Sandbox& sandbox) {
  return sandbox.state() == v1::SANDBOX_STATE_PENDING_BUILD || sandbox.state() == v1::SANDBOX_STATE_BUILDING_SNAPSHOT;
}

bool IsPassingState(v1::SandboxState state) {
  switch (state) {
    case v1::SANDBOX_STATE_STARTED:
    case v1::SANDBOX_STATE_STOPPED:
    case v1::SANDBOX_STATE_PAUSED:
    case v1::SANDBOX_STATE_ARCHIVED:
    case v1::SANDBOX_STATE_DESTROYED:
    case v1::SANDBOX_STATE_ERROR:
    case v1::SANDBOX_STATE_BUILD_FAILED:
      return false;
    default:
      return true;
  }
}

bool WantedStates::Has(const v1::Sandbox& sandbox) const {
  return Contains(states_, sandbox.state()) || Contains(texts_, sandbox.state_text());
}

bool WantedStates::HasDestroyed() const {
  return Contains(states_, v1::SANDBOX_STATE_DESTROYED) || Contains(texts_, std::string(kDestroyedText));
}

SandboxDecision DecideByState(WantedStates wanted) {
  return [wanted = std::move(wanted)](const Observation<v1::Sandbox>& seen) -> std::optional<absl::Status> {
    if (seen.status.ok()) {
      if (wanted.Has(*seen.object)) return absl::OkStatus();
      if (HasFailed(*seen.object)) return FailedError(*seen.object);
      if (seen.object->state() == v1::SANDBOX_STATE_DESTROYED) return DeletedError(*seen.object);
      return std::nullopt;
    }
    if (!IsAbsent(seen.status) || !wanted.HasDestroyed()) return seen.status;
    return absl::OkStatus();
  };
}

SandboxDecision DecideWhenStable(bool gone_is_good) {
  return [gone_is_good](const Observation<v1::Sandbox>& seen) -> std::optional<absl::Status> {
    if (seen.status.ok())
      return IsPassingState(seen.object->state()) ? std::nullopt : std::make_optional(absl::OkStatus());
    if (!IsAbsent(seen.status) || !gone_is_good) return seen.status;
    return absl::OkStatus();
  };
}

std::shared_ptr<const v1::Sandbox> ObjectOf(const Observation<v1::Sandbox>& seen) {
  if (!IsAbsent(seen.status)) return seen.object;
  auto sandbox = std::make_shared<v1::Sandbox>(*seen.object);
  MarkDestroyed(*sandbox);
  return sandbox;
}

}  // namespace daytonad
