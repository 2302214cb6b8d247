#include "emulator/control/force_sandboxes.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

// Sandboxes changed in one turn of the loop. Events are sent between turns, so that clients process the first ones
// before the last is made.
constexpr std::size_t kPerTurn = 256;

// CLOCK_MONOTONIC, which all processes of this machine share.
std::int64_t MonotonicNs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// A running change of many sandboxes. Keeps itself alive until it is done.
class MassChange : public std::enable_shared_from_this<MassChange> {
 public:
  MassChange(World& world, Call call, std::vector<SandboxPtr> sandboxes)
      : world_(world), call_(std::move(call)), sandboxes_(std::move(sandboxes)) {}

  void Begin() {
    began_ns_ = MonotonicNs();
    Step();
  }

 private:
  void Step() {
    const std::size_t end = std::min(next_ + kPerTurn, sandboxes_.size());
    for (; next_ < end; ++next_) world_.sandboxes.Force(*sandboxes_[next_], call_.body);
    if (next_ < sandboxes_.size()) {
      return world_.scheduler.After(milliseconds::zero(), [self = shared_from_this()] { self->Step(); });
    }
    call_.Reply(200, {{"changed", sandboxes_.size()}, {"beganNs", began_ns_}, {"endedNs", MonotonicNs()}});
  }

  World& world_;
  Call call_;
  std::vector<SandboxPtr> sandboxes_;
  std::size_t next_ = 0;
  std::int64_t began_ns_ = 0;
};

}  // namespace

void ForceSandboxes(World& world, const Call& call) {
  const Json ids = MemberOr(call.body, "ids", Json());
  const bool all = BooleanOr(call.body, "all", false);
  if (!OptionalString(call.body, "state").has_value()) return call.ReplyError(BadRequest(R"("state" must be a text)"));
  if (all == ids.is_array()) {
    return call.ReplyError(BadRequest(R"(name the sandboxes: either "ids", a list, or "all": true)"));
  }
  std::vector<SandboxPtr> sandboxes;
  if (all) {
    world.sandboxes.ForEach([&](const SandboxPtr& sandbox) { sandboxes.push_back(sandbox); });
  } else {
    for (const Json& id : ids) {
      auto found = world.sandboxes.Get(id.is_string() ? id.get<std::string>() : ToText(id));
      if (!found.ok()) return call.ReplyError(found.error());
      sandboxes.push_back(*found);
    }
  }
  const auto change = std::make_shared<MassChange>(world, call, std::move(sandboxes));
  world.scheduler.After(milliseconds(IntegerOr(call.body, "delay_ms", 0)), [change] { change->Begin(); });
}

}  // namespace daytonad::emulator
