#ifndef DAYTONAD_DAEMON_API_VOLUMES_H_
#define DAYTONAD_DAEMON_API_VOLUMES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/operation.h"
#include "daytonad/v1/volume.pb.h"

// The operations on volumes.
namespace daytonad {

struct CreateVolume {
  using Result = absl::StatusOr<v1::Volume>;

  explicit CreateVolume(std::string name) : name(std::move(name)) {}
  OperationInfo info() const { return {"CreateVolume", ObjectKind::kVolume, OperationRole::kCreate, name}; }

  std::string name;
};

// Upstream has a route for each form of the key.
struct GetVolume {
  using Result = absl::StatusOr<v1::Volume>;

  static GetVolume ById(std::string id) { return GetVolume(std::move(id), KeyForm::kId); }
  static GetVolume ByName(std::string name) { return GetVolume(std::move(name), KeyForm::kName); }
  OperationInfo info() const {
    return {by_name() ? "GetVolumeByName" : "GetVolumeById",
            ObjectKind::kVolume,
            OperationRole::kGet,
            key,
            key_form,
            Caching::kWhileFresh};
  }
  std::string share_key() const { return by_name() ? "name" : "id"; }
  void set_id(std::string id) { *this = ById(std::move(id)); }
  bool by_name() const { return key_form == KeyForm::kName; }

  std::string key;
  KeyForm key_form;

 private:
  GetVolume(std::string key, KeyForm key_form) : key(std::move(key)), key_form(key_form) {}
};

struct ListVolumes {
  using Result = absl::StatusOr<std::vector<v1::Volume>>;

  explicit ListVolumes(bool include_deleted) : include_deleted(include_deleted) {}
  OperationInfo info() const { return {"ListVolumes", ObjectKind::kVolume, OperationRole::kList}; }
  std::string share_key() const { return include_deleted ? "all" : "present"; }
  bool Shows(const v1::Volume& item, bool exists) const {
    return exists || (include_deleted && item.state() == v1::VOLUME_STATE_DELETED);
  }

  bool include_deleted;
};

struct DeleteVolume : KeyedOperation {
  using Result = absl::Status;

  explicit DeleteVolume(std::string id) : KeyedOperation(std::move(id)) {}
  OperationInfo info() const { return {"DeleteVolume", ObjectKind::kVolume, OperationRole::kDelete, key}; }
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_VOLUMES_H_
