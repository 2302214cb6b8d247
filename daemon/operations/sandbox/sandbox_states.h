#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOX_STATES_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOX_STATES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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

// The states that a caller waits for: values of the enum, and upstream's texts for states that it does not know.
class WantedStates {
 public:
  explicit WantedStates(std::vector<v1::SandboxState> states, std::vector<std::string> texts = {})
      : states_(std::move(states)), texts_(std::move(texts)) {}

  bool Has(const v1::Sandbox& sandbox) const;
  bool HasDestroyed() const;

 private:
  std::vector<v1::SandboxState> states_;
  std::vector<std::string> texts_;
};

// Ends a wait when one of the wanted states is reached or unreachable. A deleted sandbox is DESTROYED.
SandboxDecision DecideByState(WantedStates wanted);

// Ends a wait when the state is stable. With `gone_is_good`, deletion is a success with DESTROYED.
SandboxDecision DecideWhenStable(bool gone_is_good);

// The observed object; for a deleted sandbox its last known state with DESTROYED.
std::shared_ptr<const v1::Sandbox> ObjectOf(const Observation<v1::Sandbox>& seen);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOX_STATES_H_
