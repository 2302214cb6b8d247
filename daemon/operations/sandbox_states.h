#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOX_STATES_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOX_STATES_H_

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "daemon/api/watch.h"
#include "daytonad/v1/sandbox.pb.h"

// What a sandbox's state means for a wait: the `decide` of goals (waiting.h).
namespace daytonad {

// The sandbox was deleted; its other fields stay.
void MarkDestroyed(v1::Sandbox& sandbox);

bool IsBuilding(const v1::Sandbox& sandbox);

// A transient state, which leads to another one. Unknown states count as transient: a wait continues.
bool IsPassingState(v1::SandboxState state);

using SandboxDecision = std::function<std::optional<absl::Status>(const Observation<v1::Sandbox>&)>;

// Ends a wait when one of the wanted states is reached or unreachable. A deleted sandbox is DESTROYED.
SandboxDecision DecideByState(std::vector<v1::SandboxState> wanted);

// Ends a wait when the state is stable. With `gone_is_good`, deletion is a success with DESTROYED.
SandboxDecision DecideWhenStable(bool gone_is_good);

// The observed object; for a deleted sandbox its last known state with DESTROYED.
std::shared_ptr<const v1::Sandbox> ObjectOf(const Observation<v1::Sandbox>& seen);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOX_STATES_H_
