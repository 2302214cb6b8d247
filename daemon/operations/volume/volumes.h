#ifndef DAYTONAD_DAEMON_OPERATIONS_VOLUME_VOLUMES_H_
#define DAYTONAD_DAEMON_OPERATIONS_VOLUME_VOLUMES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/base/waiting.h"
#include "daemon/operations/base/watching.h"
#include "daytonad/v1/volume.pb.h"

// The operations on volumes. Requests are already validated. Errors are those of the contract (volume_service.proto).
namespace daytonad {

// A volume, and whether the call created it. IdempotencyStore keeps it, so it has the functions of a message.
struct FoundVolume {
  const std::string& id() const { return volume.id(); }
  const std::string& name() const { return volume.name(); }
  std::string SerializeAsString() const;
  bool ParseFromString(const std::string& bytes);

  v1::Volume volume;
  bool created = false;
};

// A page of the list of volumes, which is sorted by name and id.
struct VolumePage {
  std::vector<v1::Volume> items;
  // Empty on the last page.
  std::string next_cursor;
};

struct VolumeListQuery {
  bool include_deleted = false;
  // Of the page before; empty: the first page.
  std::string cursor;
  size_t page_size = 0;
  // Of all items of a page, encoded. A page has at least one item.
  size_t max_bytes = 0;
};

class VolumeOperations {
 public:
  explicit VolumeOperations(const Dependencies& dependencies)
      : api_(dependencies.api), clock_(dependencies.clock), dependencies_(dependencies) {}

  Task<absl::StatusOr<v1::Volume>> Create(CallContext context, std::string name, TimeLimit timeout, bool wait);

  // Reads the cache, with this maximum age; on any thread.
  std::optional<CachedObject<v1::Volume>> FindCached(const std::string& id_or_name,
                                                     std::optional<Clock::Duration> max_age) const {
    return dependencies_.cached.FindVolume(id_or_name, max_age);
  }
  Task<absl::StatusOr<v1::Volume>> Get(CallContext context, std::string id_or_name);
  // Streams the current state and each change, until the object is deleted.
  Task<absl::Status> StreamUpdates(CallContext context, std::string id_or_name, UpdateSink<v1::Volume>& sink);

  // Two concurrent callers for the same volume both get it.
  Task<absl::StatusOr<FoundVolume>> GetOrCreate(CallContext context, std::string id_or_name);

  // Upstream has no pages of volumes, so each page reads the whole list. A cursor says after which volume its page
  // begins, so that volumes that come and go between two pages shift nothing.
  Task<absl::StatusOr<VolumePage>> List(CallContext context, VolumeListQuery query);

  // Returns the id of the deleted volume.
  Task<absl::StatusOr<std::string>> Delete(CallContext context, std::string id_or_name, TimeLimit timeout, bool wait);

 private:
  using Decide = std::optional<absl::Status> (*)(const Observation<v1::Volume>& seen);
  Task<absl::StatusOr<v1::Volume>> WaitFor(WaitContext limits, v1::Volume known, Decide decide, std::string meanwhile);

  Task<absl::StatusOr<v1::Volume>> CreateNow(CallContext context, std::string name);
  Task<absl::StatusOr<std::optional<v1::Volume>>> FindByName(CallContext context, std::string name);
  Task<absl::StatusOr<FoundVolume>> GetOrCreateNow(CallContext context, std::string id_or_name);
  // Upstream deletes by id only. A key that looks like an id is tried as one first.
  Task<absl::StatusOr<v1::Volume>> DeleteNow(CallContext context, std::string id_or_name);
  Task<absl::StatusOr<v1::Volume>> SendDelete(CallContext context, std::string id_or_name);

  Api& api_;
  Clock& clock_;
  const Dependencies dependencies_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_VOLUME_VOLUMES_H_
