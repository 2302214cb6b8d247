#ifndef DAYTONAD_DAEMON_API_FORWARDING_API_H_
#define DAYTONAD_DAEMON_API_FORWARDING_API_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/api.h"

namespace daytonad {

// Forwards every call. A decorator overrides the methods that it changes.
class ForwardingApi : public Api {
 public:
  // `inner` outlives this object.
  explicit ForwardingApi(Api& inner) : inner_(inner) {}

  Task<absl::StatusOr<v1::Sandbox>> CreateSandbox(CallContext context, NewSandbox sandbox) override {
    return inner_.CreateSandbox(std::move(context), std::move(sandbox));
  }
  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) override {
    return inner_.GetSandbox(std::move(context), std::move(id_or_name));
  }
  Task<absl::StatusOr<SandboxPage>> ListSandboxes(CallContext context, SandboxListQuery query,
                                                  std::string cursor) override {
    return inner_.ListSandboxes(std::move(context), std::move(query), std::move(cursor));
  }
  Task<absl::StatusOr<NumberedSandboxPage>> ListSandboxesByPage(CallContext context, SandboxListQuery query,
                                                                int page) override {
    return inner_.ListSandboxesByPage(std::move(context), std::move(query), page);
  }
  Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext context, std::string id_or_name) override {
    return inner_.StartSandbox(std::move(context), std::move(id_or_name));
  }
  Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext context, std::string id_or_name, bool force) override {
    return inner_.StopSandbox(std::move(context), std::move(id_or_name), force);
  }
  Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext context, std::string id_or_name) override {
    return inner_.DeleteSandbox(std::move(context), std::move(id_or_name));
  }

  Task<absl::StatusOr<v1::Snapshot>> CreateSnapshot(CallContext context, NewSnapshot snapshot) override {
    return inner_.CreateSnapshot(std::move(context), std::move(snapshot));
  }
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) override {
    return inner_.GetSnapshot(std::move(context), std::move(id_or_name));
  }
  Task<absl::StatusOr<SnapshotPage>> ListSnapshots(CallContext context, SnapshotListQuery query, int page) override {
    return inner_.ListSnapshots(std::move(context), std::move(query), page);
  }
  Task<absl::StatusOr<v1::Snapshot>> ActivateSnapshot(CallContext context, std::string id) override {
    return inner_.ActivateSnapshot(std::move(context), std::move(id));
  }
  Task<absl::Status> DeactivateSnapshot(CallContext context, std::string id) override {
    return inner_.DeactivateSnapshot(std::move(context), std::move(id));
  }
  Task<absl::Status> DeleteSnapshot(CallContext context, std::string id) override {
    return inner_.DeleteSnapshot(std::move(context), std::move(id));
  }

  Task<absl::StatusOr<v1::Volume>> CreateVolume(CallContext context, std::string name) override {
    return inner_.CreateVolume(std::move(context), std::move(name));
  }
  Task<absl::StatusOr<v1::Volume>> GetVolumeById(CallContext context, std::string id) override {
    return inner_.GetVolumeById(std::move(context), std::move(id));
  }
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) override {
    return inner_.GetVolumeByName(std::move(context), std::move(name));
  }
  Task<absl::StatusOr<std::vector<v1::Volume>>> ListVolumes(CallContext context, bool include_deleted) override {
    return inner_.ListVolumes(std::move(context), include_deleted);
  }
  Task<absl::Status> DeleteVolume(CallContext context, std::string id) override {
    return inner_.DeleteVolume(std::move(context), std::move(id));
  }

  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner, std::string id,
                                                                 bool follow) override {
    return inner_.OpenBuildLog(std::move(context), owner, std::move(id), follow);
  }
  Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext context) override {
    return inner_.OpenContextStore(std::move(context));
  }
  Task<absl::Status> Ping(CallContext context) override { return inner_.Ping(std::move(context)); }
  std::optional<ServerVersion> server_version() const override { return inner_.server_version(); }

 protected:
  Api& inner_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_FORWARDING_API_H_
