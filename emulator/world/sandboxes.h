#ifndef DAYTONAD_EMULATOR_WORLD_SANDBOXES_H_
#define DAYTONAD_EMULATOR_WORLD_SANDBOXES_H_

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "emulator/base/options.h"
#include "emulator/base/scheduler.h"
#include "emulator/http/api_error.h"
#include "emulator/world/builds.h"
#include "emulator/world/event_bus.h"
#include "emulator/world/sandbox.h"
#include "emulator/world/snapshots.h"
#include "emulator/world/volumes.h"

namespace daytonad::emulator {

// All sandboxes and their state machines.
class Sandboxes {
 public:
  Sandboxes(const EmulatorOptions& options, Scheduler& scheduler, Builds& builds, Snapshots& snapshots,
            Volumes& volumes, const EventBus& events);
  ~Sandboxes();
  Sandboxes(const Sandboxes&) = delete;
  Sandboxes& operator=(const Sandboxes&) = delete;

  // The toolbox URL that sandboxes report.
  void set_toolbox_proxy_url(std::string url) { toolbox_proxy_url_ = std::move(url); }

  Outcome<SandboxPtr> Create(const Json& request);
  // Finds by id, else by name. After a delete by name, that name is not found for a while, even if another sandbox has
  // it by then: the real server caches it.
  Outcome<SandboxPtr> Get(const std::string& id_or_name) const;
  // The same, but also finds by id what timed out in the queue or was evicted within the last day.
  Outcome<SandboxPtr> Read(const std::string& id_or_name) const;
  Outcome<Done> Start(const SandboxPtr& sandbox);
  Outcome<Done> Stop(const SandboxPtr& sandbox);
  // `id_or_name` is the key that the request used.
  Outcome<Done> Delete(const SandboxPtr& sandbox, const std::string& id_or_name);
  Outcome<Done> Archive(const SandboxPtr& sandbox);
  Outcome<Done> Recover(const SandboxPtr& sandbox);
  // End it as a server does that finds no runner in time, or that needs its GPU for somebody else.
  void TimeOutInQueue(const SandboxPtr& sandbox);
  void EvictSpot(const SandboxPtr& sandbox);
  // Keeps the sandbox busy with its new network settings for a while.
  void ApplyNetworkSettings(Sandbox& sandbox) const;
  // Whether an operation keeps it busy that its state does not show.
  bool Busy(const Sandbox& sandbox) const { return scheduler_.Now() < sandbox.busy_until; }
  // Overwrites state, desiredState, errorReason and recoverable, whatever goes on, and publishes the change. For tests.
  void Force(Sandbox& sandbox, const Json& changes);
  // Must be called after a member was changed.
  void Touch(Sandbox& sandbox);

  // Runs `action` as soon as the create of the sandbox, which is built from a Dockerfile, can be answered.
  void WhenAccepted(const Sandbox& sandbox, std::function<void()> action);
  // Runs `action` as soon as the sandbox is in no transition, or after `limit`.
  void WhenSettled(const SandboxPtr& sandbox, milliseconds limit, std::function<void()> action);

  void ForEach(const std::function<void(const SandboxPtr&)>& visit) const;
  // The name of a sandbox that mounts the volume; empty if none does.
  std::string UserOfVolume(const std::string& volume_id) const;

 private:
  // All state changes end here: publishes them on the event bus. `desired` is the new desired state; empty: unchanged.
  void Enter(Sandbox& sandbox, std::string_view state, std::string_view desired = {});
  void TellCreated(const Sandbox& sandbox) const;
  void Fail(Sandbox& sandbox, std::string_view state, std::string reason);
  void Later(const SandboxPtr& sandbox, milliseconds delay, std::function<void(Sandbox&)> step);
  void Run(const SandboxPtr& sandbox, std::string_view transition, milliseconds delay);
  // Waits for a runner that never comes, until the sandbox's queue timeout.
  void Queue(const SandboxPtr& sandbox);
  void StartBuild(const SandboxPtr& sandbox);
  void Destroy(const SandboxPtr& sandbox);
  SandboxPtr FindLive(const std::string& id_or_name) const;
  // Whether a create may use this build. While the first one is being accepted, others may not.
  bool BeginAccepting(const std::string& build_ref);
  Outcome<Done> Link(const Json& request, Sandbox& sandbox) const;

  const EmulatorOptions& options_;
  Scheduler& scheduler_;
  Builds& builds_;
  Snapshots& snapshots_;
  Volumes& volumes_;
  const EventBus& events_;
  std::string toolbox_proxy_url_;
  std::unordered_map<std::string, SandboxPtr> by_id_;
  std::unordered_map<std::string, SandboxPtr> by_name_;
  std::unordered_map<std::string, SandboxPtr> ended_;  // by id; for a day
  std::unordered_map<std::string, WallTime> name_lags_until_;
  // New builds whose first create is not answered yet, and how to answer it.
  std::unordered_map<std::string, std::function<void()>> being_accepted_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_SANDBOXES_H_
