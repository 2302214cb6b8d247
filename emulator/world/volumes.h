#ifndef DAYTONAD_EMULATOR_WORLD_VOLUMES_H_
#define DAYTONAD_EMULATOR_WORLD_VOLUMES_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/base/options.h"
#include "emulator/base/scheduler.h"
#include "emulator/http/api_error.h"
#include "emulator/world/event_bus.h"

namespace daytonad::emulator {

struct Volume {
  std::string id;
  std::string name;
  std::string state = "pending_create";
  WallTime created = 0;
  WallTime updated = 0;
  std::optional<WallTime> last_used;
  std::optional<std::string> error_reason;

  Json ToJson() const;
};
using VolumePtr = std::shared_ptr<Volume>;

class Volumes {
 public:
  Volumes(const Delays& delays, Scheduler& scheduler, const EventBus& events)
      : delays_(delays), scheduler_(scheduler), events_(events) {}

  Outcome<VolumePtr> Create(const Json& request);
  Outcome<VolumePtr> Get(const std::string& id) const;
  Outcome<VolumePtr> GetByName(const std::string& name) const;
  std::vector<VolumePtr> List(bool include_deleted) const;
  // `user` is the name of a sandbox that mounts it; empty if none does.
  Outcome<Done> Delete(const std::string& id, const std::string& user);

  // Resolves the volumes that a sandbox's request mounts, by id or name. They must be ready and their mount paths
  // allowed.
  Outcome<Json> ResolveMounts(const Json& mounts);

 private:
  VolumePtr FindByName(const std::string& name) const;
  // All state changes end here: publishes them on the event bus.
  void Enter(Volume& volume, std::string_view state) const;
  // Enters the state after a delay, then runs `then`.
  void Later(const VolumePtr& volume, std::string_view state, std::function<void()> then = nullptr);

  const Delays& delays_;
  Scheduler& scheduler_;
  const EventBus& events_;
  std::map<std::string, VolumePtr> volumes_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_VOLUMES_H_
