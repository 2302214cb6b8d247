#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOX_STATES_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOX_STATES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/api/watch.h"
#include "daytonad/v1/sandbox.pb.h"

// What a sandbox's state means to who waits for it: the `decide` of goals (waiting.h).
namespace daytonad {

// It is gone: what is known of it stays.
void MarkDestroyed(v1::Sandbox& sandbox);

bool IsBuilding(const v1::Sandbox& sandbox);

// Leads to another state by itself. States that we don't know count as such: a wait goes on.
bool IsPassingState(v1::SandboxState state);

using SandboxDecision = std::function<std::optional<absl::Status>(const Sighting<v1::Sandbox>&)>;

// The states that somebody waits for: values of the enum, and upstream's texts for states that it does not know.
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

// Ends a wait when one of the wanted states is reached or can't be any more. A sandbox that is gone is DESTROYED.
SandboxDecision DecideByState(WantedStates wanted);

// Ends a wait when the state lasts. With `gone_is_good`, a sandbox that is gone is DESTROYED, too.
SandboxDecision DecideWhenStable(bool gone_is_good);

// What was seen; of a sandbox that is gone, what was known of it, and that it is DESTROYED.
std::shared_ptr<const v1::Sandbox> ObjectOf(const Sighting<v1::Sandbox>& seen);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOX_STATES_H_
