#ifndef DAYTONAD_EMULATOR_VOLUMES_H_
#define DAYTONAD_EMULATOR_VOLUMES_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/api_error.h"
#include "emulator/json.h"
#include "emulator/options.h"
#include "emulator/scheduler.h"

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
  Volumes(const Delays& delays, Scheduler& scheduler) : delays_(delays), scheduler_(scheduler) {}

  Outcome<VolumePtr> Create(const Json& request);
  Outcome<VolumePtr> Get(const std::string& id) const;
  Outcome<VolumePtr> GetByName(const std::string& name) const;
  std::vector<VolumePtr> List(bool include_deleted) const;
  // `user` is the name of a sandbox that mounts it; empty if none does.
  Outcome<Done> Delete(const std::string& id, const std::string& user);

  // What a sandbox's request names, by id or name, checked: it must be ready and its mount path allowed.
  Outcome<Json> ResolveMounts(const Json& mounts);

 private:
  VolumePtr FindByName(const std::string& name) const;
  void Later(const VolumePtr& volume, std::function<void(Volume&)> step);

  const Delays& delays_;
  Scheduler& scheduler_;
  std::map<std::string, VolumePtr> volumes_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_VOLUMES_H_
