#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_REST_API_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_REST_API_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/api.h"
#include "daemon/upstream/v0/rest_client.h"

namespace daytonad {

struct RestApiOptions {
  explicit RestApiOptions(BaseUrl api_url) : client(std::move(api_url)) {}

  RestClientOptions client;
  // Region for new sandboxes and snapshots that name none; empty leaves it to the organization's default.
  std::string default_target;
};

// Daytona's REST API, version 0. One file per resource has its methods.
class RestApi : public Api {
 public:
  // The referred objects must outlive this one.
  RestApi(RestApiOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
          const TrustedOrigins& trusted_origins, RandomFraction random = SystemRandomFraction());

  // sandboxes.cc
  Task<absl::StatusOr<v1::Sandbox>> CreateSandbox(CallContext context, NewSandbox sandbox) override;
  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<SandboxPage>> ListSandboxes(CallContext context, SandboxListQuery query,
                                                  std::string cursor) override;
  Task<absl::StatusOr<NumberedSandboxPage>> ListSandboxesByPage(CallContext context, SandboxListQuery query,
                                                                int page) override;
  Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext context, std::string id_or_name, bool force) override;
  Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext context, std::string id_or_name) override;

  // snapshots.cc
  Task<absl::StatusOr<v1::Snapshot>> CreateSnapshot(CallContext context, NewSnapshot snapshot) override;
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<SnapshotPage>> ListSnapshots(CallContext context, SnapshotListQuery query, int page) override;
  Task<absl::StatusOr<v1::Snapshot>> ActivateSnapshot(CallContext context, std::string id) override;
  Task<absl::Status> DeactivateSnapshot(CallContext context, std::string id) override;
  Task<absl::Status> DeleteSnapshot(CallContext context, std::string id) override;

  // volumes.cc
  Task<absl::StatusOr<v1::Volume>> CreateVolume(CallContext context, std::string name) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeById(CallContext context, std::string id) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) override;
  Task<absl::StatusOr<std::vector<v1::Volume>>> ListVolumes(CallContext context, bool include_deleted) override;
  Task<absl::Status> DeleteVolume(CallContext context, std::string id) override;

  // build_logs.cc
  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner, std::string id,
                                                                 bool follow) override;

  // context_store.cc
  Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext context) override;

  Task<absl::Status> Ping(CallContext context) override;
  std::optional<ServerVersion> server_version() const override { return client_.server_version(); }

 private:
  // Upstream's configuration, which changes with its releases: read again after an hour at the earliest, or with the
  // next ping if that failed. A failure is no harm, since answers tell what matters.
  Task<void> ReadConfig(CallContext context);

  // absence.cc
  // The id of the object that the list of its kind, read to its end, shows under this id or name; nullopt if it shows
  // none.
  Task<absl::StatusOr<std::optional<std::string>>> FindListed(CallContext context, Subject subject, std::string object,
                                                              bool by_id);
  // What an error about an object means once a list was asked: a 404 in words that are not known is either
  // IsAbsent() or UNAVAILABLE afterwards. Other errors stay as they are.
  Task<absl::Status> Confirmed(CallContext context, Subject subject, std::string object, absl::Status error);
  // What a GET reaches the sandbox by: its id, if a route of the API hides its name.
  Task<absl::StatusOr<std::string>> Reachable(CallContext context, std::string id_or_name);

  // The log from the API itself, by a route that upstream calls deprecated.
  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLogOfApi(CallContext context, LogOwner owner,
                                                                      std::string id, bool follow);

  const std::string default_target_;
  // For the store of build contexts, which is reached past the client: it is not Daytona.
  HttpClient& http_;
  Clock& clock_;
  const RandomFraction random_;
  RestClient client_;
  Clock::TimePoint config_read_at_ = Clock::TimePoint::min();
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_REST_API_H_
