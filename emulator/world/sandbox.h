#ifndef DAYTONAD_EMULATOR_WORLD_SANDBOX_H_
#define DAYTONAD_EMULATOR_WORLD_SANDBOX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/api_version.h"
#include "emulator/base/json.h"
#include "emulator/base/scheduler.h"
#include "emulator/world/builds.h"

namespace daytonad::emulator {

// Which members an answer has: the real server omits some in one place and sends them as null in another.
enum class SandboxView {
  kFull,      // GET: unset members are null
  kCreated,   // the answer to a create: unset members are absent
  kChanged,   // the answer to stop and delete: no lastActivityAt
  kListItem,  // no env, volumes, buildInfo
};

class JsonWriter;

struct Sandbox {
  ApiVersion api_version = ApiVersion::k0_226;  // the version whose shape it has
  std::string id;
  std::string name;
  std::string target;
  std::optional<std::string> snapshot;  // none if it was built from a Dockerfile
  std::string user = "daytona";
  Json env = Json::object();
  Json labels = Json::object();
  Json volumes = Json::array();
  std::int64_t cpu = 1;
  std::int64_t gpu = 0;
  std::int64_t memory_gib = 1;
  std::int64_t disk_gib = 3;
  std::optional<std::string> gpu_type;
  bool is_public = false;
  bool network_block_all = false;
  std::optional<std::string> network_allow_list;
  std::optional<std::string> domain_allow_list;
  std::optional<std::string> outbound_proxy_url;
  std::optional<std::string> otel_endpoint_override;
  bool spot = false;
  bool kvm = false;
  std::string state;
  std::string desired_state = "started";
  std::optional<std::string> error_reason;
  bool recoverable = false;
  std::int64_t auto_stop_minutes = 15;
  std::int64_t auto_pause_minutes = 0;
  std::int64_t auto_archive_minutes = 10080;
  std::int64_t auto_delete_minutes = -1;
  std::optional<WallTime> auto_destroy;
  std::optional<std::int64_t> queue_timeout_minutes;
  // Why it ended, if not by a delete.
  std::optional<WallTime> queue_timed_out;
  std::optional<WallTime> spot_evicted;
  std::string sandbox_class = "container";
  WallTime created = 0;
  WallTime updated = 0;
  std::optional<WallTime> last_activity;
  std::optional<std::string> daemon_version;
  std::string runner_id;  // empty: none yet
  std::optional<BuildInfo> build_info;
  std::optional<std::string> linked_sandbox_id;
  std::string toolbox_proxy_url;
  std::string preview_token;
  WallTime busy_until = 0;  // while its network settings change

  // Steps that were scheduled in an older epoch are dropped.
  std::uint64_t epoch = 0;
  // Run once, when the sandbox has left its transition.
  std::vector<std::function<void()>> waiters;

  bool ephemeral() const { return auto_delete_minutes == 0; }
  bool errored() const { return state == "error" || state == "build_failed"; }
  // In error and deleted: not found any more, but listed on request.
  bool errored_deleted() const { return errored() && desired_state == "destroyed"; }
  bool in_transition() const;

  // JSON.
  std::string ToText(SandboxView view) const;
  // The answer to a GET, cached until Changed().
  std::shared_ptr<const std::string> FullText() const;
  void Changed() { full_text_ = nullptr; }

 private:
  void WriteNewerMembers(JsonWriter& json, SandboxView view) const;

  mutable std::shared_ptr<const std::string> full_text_;
};
using SandboxPtr = std::shared_ptr<Sandbox>;

// The states that a list can filter by: all but "destroyed".
const std::vector<std::string>& ListableSandboxStates();

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_SANDBOX_H_
