#include "emulator/world/sandboxes.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/identity.h"
#include "emulator/world/sandbox_spec.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

// How long a sandbox that timed out in the queue or was evicted can still be read.
constexpr milliseconds kReadableAfterEnd = std::chrono::hours(24);

// The environment variable FAKE_FAIL asks for a failure: "queue", "create" or "start".
bool FailureAskedFor(const Sandbox& sandbox, std::string_view step) {
  return StringOr(sandbox.env, "FAKE_FAIL") == step;
}

}  // namespace

Sandboxes::Sandboxes(const EmulatorOptions& options, Scheduler& scheduler, Builds& builds, Snapshots& snapshots,
                     Volumes& volumes, const EventBus& events)
    : options_(options),
      scheduler_(scheduler),
      builds_(builds),
      snapshots_(snapshots),
      volumes_(volumes),
      events_(events) {}

Sandboxes::~Sandboxes() {
  // Breaks reference cycles: waiters hold their sandbox.
  for (const auto& [id, sandbox] : by_id_) sandbox->waiters.clear();
}

Outcome<SandboxPtr> Sandboxes::Create(const Json& request) {
  auto made = SandboxFromRequest(request, options_.api_version, snapshots_, volumes_, scheduler_.Now());
  if (!made.ok()) return made;
  const SandboxPtr sandbox = *made;
  if (auto linked = Link(request, *sandbox); !linked.ok()) return linked.error();
  sandbox->id = NewUuid();
  if (sandbox->name.empty()) sandbox->name = sandbox->id;
  if (by_name_.contains(sandbox->name)) {
    return Conflict(absl::StrCat("Sandbox with name ", sandbox->name, " already exists"));
  }
  if (sandbox->build_info.has_value() && !BeginAccepting(sandbox->build_info->ref)) {
    // Only the build's record exists already, but the real server mistakes it for the sandbox's.
    return Conflict(absl::StrCat("Sandbox with name ", StringOr(request, "name", "undefined"), " already exists"));
  }
  sandbox->toolbox_proxy_url = toolbox_proxy_url_;
  by_id_[sandbox->id] = by_name_[sandbox->name] = sandbox;
  TellCreated(*sandbox);
  if (FailureAskedFor(*sandbox, "queue")) {
    Queue(sandbox);
  } else if (sandbox->build_info.has_value()) {
    StartBuild(sandbox);
  } else {
    // Until a runner has it, its state is unknown, whatever the create's answer showed.
    sandbox->state = "unknown";
    if (const SnapshotPtr snapshot = snapshots_.Find(*sandbox->snapshot)) snapshot->last_used = sandbox->created;
    Run(sandbox, "creating", options_.delays.create);
  }
  return sandbox;
}

bool Sandboxes::BeginAccepting(const std::string& build_ref) {
  if (being_accepted_.contains(build_ref)) return false;
  if (builds_.Find(build_ref) != nullptr || options_.delays.accept == milliseconds::zero()) return true;
  being_accepted_.emplace(build_ref, nullptr);
  scheduler_.After(options_.delays.accept, [this, build_ref] {
    auto accepted = being_accepted_.extract(build_ref);
    if (accepted.mapped()) accepted.mapped()();
  });
  return true;
}

void Sandboxes::WhenAccepted(const Sandbox& sandbox, std::function<void()> action) {
  const auto first = being_accepted_.find(sandbox.build_info->ref);
  if (first == being_accepted_.end()) return action();
  first->second = std::move(action);
}

Outcome<Done> Sandboxes::Link(const Json& request, Sandbox& sandbox) const {
  const std::string parent_name = StringOr(request, "linkedSandbox");
  if (parent_name.empty()) return Done{};
  if (!sandbox.ephemeral()) {
    return BadRequest("Linked sandboxes must be ephemeral (set autoDeleteInterval to 0)");
  }
  const SandboxPtr parent = FindLive(parent_name);
  if (parent == nullptr) return NotFound(absl::StrCat("Sandbox with ID or name ", parent_name, " not found"));
  if (parent->linked_sandbox_id.has_value()) {
    return BadRequest(absl::StrCat("Linked sandbox ", parent->id,
                                   " is itself linked to another sandbox; chained links are not allowed"));
  }
  if (parent->state != "started" && parent->state != "stopped") {
    return BadRequest(absl::StrCat(
        "Linked sandbox must be in STARTED or STOPPED state with an assigned runner (current: ", parent->state, ")"));
  }
  sandbox.linked_sandbox_id = parent->id;
  return Done{};
}

void Sandboxes::Touch(Sandbox& sandbox) {
  sandbox.updated = scheduler_.Now();
  sandbox.Changed();
}

void Sandboxes::TellCreated(const Sandbox& sandbox) const {
  if (events_.heard()) events_.Tell("sandbox.created", sandbox.ToText(SandboxView::kCreated));
}

void Sandboxes::Enter(Sandbox& sandbox, std::string_view state, std::string_view desired) {
  const std::string old_state = std::exchange(sandbox.state, state);
  const std::string old_desired = sandbox.desired_state;
  if (!desired.empty()) sandbox.desired_state = desired;
  Touch(sandbox);
  if (sandbox.state != old_state) sandbox.last_activity = sandbox.updated;
  if (events_.heard()) {
    if (sandbox.desired_state != old_desired) {
      const std::string text = sandbox.ToText(SandboxView::kChanged);
      events_.TellDesiredState("sandbox", text, old_desired, sandbox.desired_state);
    }
    if (sandbox.state != old_state) events_.TellState("sandbox", *sandbox.FullText(), old_state, sandbox.state);
  }
  if (sandbox.in_transition()) return;
  for (auto& waiter : std::exchange(sandbox.waiters, {})) scheduler_.After(milliseconds::zero(), std::move(waiter));
}

void Sandboxes::Fail(Sandbox& sandbox, std::string_view state, std::string reason) {
  sandbox.error_reason = std::move(reason);
  Enter(sandbox, state);
}

void Sandboxes::Later(const SandboxPtr& sandbox, milliseconds delay, std::function<void(Sandbox&)> step) {
  const std::uint64_t epoch = ++sandbox->epoch;
  scheduler_.After(delay, [sandbox, epoch, step = std::move(step)] {
    if (sandbox->epoch == epoch) step(*sandbox);
  });
}

// Goes through a transition to started, or to error if FAKE_FAIL asks for that.
void Sandboxes::Run(const SandboxPtr& sandbox, std::string_view transition, milliseconds delay) {
  const bool again = transition == "starting" || transition == "restoring";
  Enter(*sandbox, transition, "started");
  // A new sandbox was last updated when it was created.
  if (transition == "creating") {
    sandbox->updated = sandbox->created;
    sandbox->Changed();
  }
  Later(sandbox, delay, [this, again](Sandbox& done) {
    const std::string_view step = again ? "start" : "create";
    if (FailureAskedFor(done, step)) {
      return Fail(done, "error",
                  absl::StrCat("failed to ", AbslView(step), " sandbox: fake failure asked for by FAKE_FAIL"));
    }
    done.daemon_version = kDaemonVersion;
    done.runner_id = kRunnerId;
    done.last_activity = scheduler_.Now();
    done.preview_token = NewToken(24);
    Enter(done, "started");
  });
}

void Sandboxes::Queue(const SandboxPtr& sandbox) {
  sandbox->runner_id.clear();
  if (!sandbox->build_info.has_value()) Enter(*sandbox, "pulling_snapshot");
  if (!sandbox->queue_timeout_minutes.has_value()) return;
  const milliseconds limit = options_.delays.queue_minute * *sandbox->queue_timeout_minutes;
  Later(sandbox, limit, [this, sandbox](Sandbox&) { TimeOutInQueue(sandbox); });
}

void Sandboxes::TimeOutInQueue(const SandboxPtr& sandbox) {
  sandbox->queue_timed_out = scheduler_.Now();
  Destroy(sandbox);
}

void Sandboxes::EvictSpot(const SandboxPtr& sandbox) {
  sandbox->spot_evicted = scheduler_.Now();
  Destroy(sandbox);
}

void Sandboxes::ApplyNetworkSettings(Sandbox& sandbox) const {
  sandbox.busy_until = scheduler_.Now() + options_.delays.network.count();
}

void Sandboxes::StartBuild(const SandboxPtr& sandbox) {
  const auto earlier = builds_.Find(sandbox->build_info->ref);
  if (earlier != nullptr && earlier->state() == Build::State::kSucceeded) {
    Run(sandbox, "creating", options_.delays.create);
    return;
  }
  const std::uint64_t epoch = ++sandbox->epoch;
  const auto build = builds_.Start(*sandbox->build_info);
  const auto observe = [this, sandbox, epoch](const Build& build) {
    if (sandbox->epoch != epoch) return;
    sandbox->runner_id = kRunnerId;
    switch (build.state()) {
      case Build::State::kQueued:
        break;
      case Build::State::kRunning:
        Enter(*sandbox, "building_snapshot");
        break;
      case Build::State::kSucceeded:
        Run(sandbox, "building_snapshot", milliseconds::zero());
        break;
      case Build::State::kFailed:
        Fail(*sandbox, "build_failed", absl::StrCat("failed to build image: ", build.error()));
        break;
    }
  };
  build->Observe(observe);
  // Another object's build may be running already.
  if (build->state() == Build::State::kRunning) {
    scheduler_.After(milliseconds::zero(), [observe, build] { observe(*build); });
  }
}

SandboxPtr Sandboxes::FindLive(const std::string& id_or_name) const {
  auto found = by_id_.find(id_or_name);
  if (found == by_id_.end()) {
    found = by_name_.find(id_or_name);
    if (found == by_name_.end()) return nullptr;
  }
  return found->second->errored_deleted() ? nullptr : found->second;
}

Outcome<SandboxPtr> Sandboxes::Get(const std::string& id_or_name) const {
  const auto lag = name_lags_until_.find(id_or_name);
  const bool lags = lag != name_lags_until_.end() && scheduler_.Now() < lag->second && !by_id_.contains(id_or_name);
  SandboxPtr sandbox = lags ? nullptr : FindLive(id_or_name);
  if (sandbox == nullptr) return NotFound(absl::StrCat("Sandbox with ID or name ", id_or_name, " not found"));
  return sandbox;
}

Outcome<SandboxPtr> Sandboxes::Read(const std::string& id_or_name) const {
  const auto ended = ended_.find(id_or_name);
  if (ended != ended_.end()) return ended->second;
  return Get(id_or_name);
}

Outcome<Done> Sandboxes::Start(const SandboxPtr& sandbox) {
  if (sandbox->state == "started") return Done{};
  if (sandbox->errored()) return BadRequest("Sandbox is in an errored state");
  if (sandbox->in_transition() && sandbox->state != "archiving") return StateChangeInProgress();
  if (sandbox->state == "stopped" || sandbox->state == "paused") {
    Run(sandbox, "starting", options_.delays.start);
  } else if (sandbox->state == "archived" || sandbox->state == "archiving") {
    Run(sandbox, "restoring", options_.delays.start);
  } else {
    return BadRequest("Sandbox is not in valid state");
  }
  return Done{};
}

Outcome<Done> Sandboxes::Stop(const SandboxPtr& sandbox) {
  if (sandbox->errored()) return BadRequest("Sandbox is in an errored state");
  if (sandbox->in_transition()) return StateChangeInProgress();
  if (sandbox->state != "started" && sandbox->state != "paused") {
    return BadRequest("Sandbox is not in a stoppable state");
  }
  if (sandbox->ephemeral()) {
    Destroy(sandbox);
    return Done{};
  }
  Enter(*sandbox, "stopping", "stopped");
  Later(sandbox, options_.delays.stop, [this](Sandbox& stopped) { Enter(stopped, "stopped"); });
  return Done{};
}

Outcome<Done> Sandboxes::Delete(const SandboxPtr& sandbox, const std::string& id_or_name) {
  if (sandbox->in_transition() && sandbox->state != "pending_build") return StateChangeInProgress();
  if (id_or_name != sandbox->id && options_.name_lag > milliseconds::zero()) {
    // Bounds the map: names that are never reused would stay for ever.
    if (name_lags_until_.size() > 10'000) name_lags_until_.clear();
    name_lags_until_[id_or_name] = scheduler_.Now() + options_.name_lag.count();
  }
  Destroy(sandbox);
  return Done{};
}

void Sandboxes::Destroy(const SandboxPtr& sandbox) {
  by_name_.erase(sandbox->name);
  sandbox->name = absl::StrCat("DESTROYED_", sandbox->name, "_", scheduler_.Now());
  // A sandbox in error, or whose build has not begun, keeps its state until it is gone.
  const bool keeps_state = sandbox->errored() || sandbox->state == "pending_build";
  Enter(*sandbox, keeps_state ? std::string(sandbox->state) : "destroying", "destroyed");
  Later(sandbox, options_.delays.destroy, [this](Sandbox& gone) {
    gone.runner_id.clear();
    Enter(gone, "destroyed");
    auto node = by_id_.extract(gone.id);
    const bool by_delete = !gone.queue_timed_out.has_value() && !gone.spot_evicted.has_value();
    if (by_delete || options_.api_version < ApiVersion::k0_226) return;
    scheduler_.After(kReadableAfterEnd, [this, id = gone.id] { ended_.erase(id); });
    ended_.insert(std::move(node));
  });
  std::vector<SandboxPtr> children;
  for (const auto& [id, other] : by_id_) {
    if (other->linked_sandbox_id == sandbox->id && other->desired_state != "destroyed") children.push_back(other);
  }
  for (const SandboxPtr& child : children) Destroy(child);
}

Outcome<Done> Sandboxes::Archive(const SandboxPtr& sandbox) {
  if (sandbox->in_transition()) return StateChangeInProgress();
  if (sandbox->state != "stopped") return BadRequest("Sandbox is not stopped");
  if (sandbox->ephemeral()) return BadRequest("Ephemeral sandboxes cannot be archived");
  Enter(*sandbox, "archiving", "archived");
  Later(sandbox, options_.delays.archive, [this](Sandbox& archived) { Enter(archived, "archived"); });
  return Done{};
}

Outcome<Done> Sandboxes::Recover(const SandboxPtr& sandbox) {
  if (!sandbox->recoverable) return BadRequest("Sandbox is not in a recoverable state");
  if (sandbox->in_transition()) return StateChangeInProgress();
  if (sandbox->state != "error") return BadRequest("Sandbox must be in error state to recover");
  sandbox->error_reason = std::nullopt;
  sandbox->recoverable = false;
  Run(sandbox, "starting", options_.delays.start);
  return Done{};
}

void Sandboxes::Force(Sandbox& sandbox, const Json& changes) {
  ++sandbox.epoch;
  if (changes.contains("errorReason")) sandbox.error_reason = OptionalString(changes, "errorReason");
  if (changes.contains("daemonVersion")) sandbox.daemon_version = OptionalString(changes, "daemonVersion");
  sandbox.recoverable = BooleanOr(changes, "recoverable", sandbox.recoverable);
  Enter(sandbox, StringOr(changes, "state", sandbox.state), StringOr(changes, "desiredState"));
}

void Sandboxes::WhenSettled(const SandboxPtr& sandbox, milliseconds limit, std::function<void()> action) {
  if (!sandbox->in_transition()) {
    scheduler_.After(milliseconds::zero(), std::move(action));
    return;
  }
  // Whichever comes first runs the action, and clears it for the other.
  auto once = std::make_shared<std::function<void()>>(std::move(action));
  const auto run = [once] {
    if (const auto taken = std::exchange(*once, nullptr)) taken();
  };
  sandbox->waiters.emplace_back(run);
  scheduler_.After(limit, run);
}

void Sandboxes::ForEach(const std::function<void(const SandboxPtr&)>& visit) const {
  for (const auto& [id, sandbox] : by_id_) visit(sandbox);
}

std::string Sandboxes::UserOfVolume(const std::string& volume_id) const {
  for (const auto& [id, sandbox] : by_id_) {
    if (sandbox->desired_state == "destroyed") continue;
    for (const Json& mount : sandbox->volumes) {
      if (StringOr(mount, "volumeId") == volume_id) return sandbox->name;
    }
  }
  return "";
}

}  // namespace daytonad::emulator
