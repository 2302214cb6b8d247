#ifndef DAYTONAD_EMULATOR_WORLD_SNAPSHOTS_H_
#define DAYTONAD_EMULATOR_WORLD_SNAPSHOTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/base/options.h"
#include "emulator/base/scheduler.h"
#include "emulator/http/api_error.h"
#include "emulator/http/url.h"
#include "emulator/world/builds.h"
#include "emulator/world/event_bus.h"

namespace daytonad::emulator {

struct Snapshot {
  ApiVersion api_version = ApiVersion::k0_226;  // the version whose shape it has
  std::string id;
  bool general = false;  // the platform's own; belongs to no organization
  std::string name;
  std::string image_name;
  std::string state = "pending";
  std::optional<double> size_gb;
  Json entrypoint;
  std::int64_t cpu = 1;
  std::int64_t gpu = 0;
  std::int64_t memory_gib = 1;
  std::int64_t disk_gib = 3;
  std::optional<std::string> gpu_type;
  std::optional<std::string> error_reason;
  WallTime created = 0;
  WallTime updated = 0;
  std::optional<WallTime> last_used;
  std::optional<WallTime> deactivated;
  std::optional<BuildInfo> build_info;
  std::vector<std::string> regions;
  std::string runner_id;  // empty: none yet
  std::string ref;        // empty: none yet
  std::string sandbox_class = "container";
  std::optional<std::string> source_sandbox_id;
  // Steps that were scheduled in an older epoch are dropped.
  std::uint64_t epoch = 0;

  Json ToJson() const;
};
using SnapshotPtr = std::shared_ptr<Snapshot>;

class Snapshots {
 public:
  Snapshots(const EmulatorOptions& options, Scheduler& scheduler, Builds& builds, const EventBus& events);

  Outcome<SnapshotPtr> Create(const Json& request);
  SnapshotPtr Find(const std::string& id_or_name) const;
  SnapshotPtr FindById(const std::string& id) const;
  // One page: {items, total, page, totalPages}.
  Outcome<Json> List(const QueryParams& query) const;
  Outcome<Done> Remove(const std::string& id);
  Outcome<SnapshotPtr> Activate(const std::string& id);
  Outcome<Done> Deactivate(const std::string& id);
  // Overwrites state and errorReason, whatever goes on. For tests.
  void Force(Snapshot& snapshot, const Json& changes);

 private:
  // All state changes end here: publishes them on the event bus.
  void Enter(Snapshot& snapshot, std::string_view state);
  void TellRemoved(const Snapshot& snapshot) const;
  void Later(const SnapshotPtr& snapshot, milliseconds delay, std::function<void(Snapshot&)> step);
  void StartPull(const SnapshotPtr& snapshot);
  void StartBuild(const SnapshotPtr& snapshot);
  void BecomeActive(Snapshot& snapshot);
  bool ImageIsBusy(const Snapshot& snapshot) const;

  const EmulatorOptions& options_;
  Scheduler& scheduler_;
  Builds& builds_;
  const EventBus& events_;
  std::map<std::string, SnapshotPtr> by_id_;
  std::map<std::string, SnapshotPtr> by_name_;
};

// What is wrong with an image's name: a tag other than "latest", or a digest, is needed. Empty if nothing is.
std::string ImageNameFault(const std::string& name);

// Which requested resource exceeds the limits per sandbox. Empty if none does.
std::string ResourceFault(std::int64_t cpu, std::int64_t memory_gib, std::int64_t disk_gib);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_SNAPSHOTS_H_
