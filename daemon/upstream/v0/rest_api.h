#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_REST_API_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_REST_API_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/api.h"
#include "daemon/upstream/v0/transport/rest_client.h"

namespace daytonad {

struct Binding;

struct RestApiOptions {
  explicit RestApiOptions(BaseUrl api_url) : client(std::move(api_url)) {}

  RestClientOptions client;
  // The region of new sandboxes and snapshots that name none; empty: the organization's default.
  std::string default_target;
};

// Daytona's REST API, version 0. The operations on each kind of object are in a file of their own.
class RestApi : public Api {
 public:
  // The referred objects must outlive this one.
  RestApi(RestApiOptions options, HttpClient& http, Clock& clock, CredentialSource& credentials,
          const TrustedOrigins& trusted_origins, RandomFraction random = SystemRandomFraction());

  // sandboxes.cc
  Task<absl::StatusOr<v1::Sandbox>> Run(CallContext context, CreateSandbox create) override;
  Task<absl::StatusOr<v1::Sandbox>> Run(CallContext context, GetSandbox get) override;
  Task<absl::StatusOr<SandboxPage>> Run(CallContext context, ListSandboxes list) override;
  Task<absl::StatusOr<NumberedSandboxPage>> Run(CallContext context, ListSandboxesByPage list) override;
  Task<absl::StatusOr<v1::Sandbox>> Run(CallContext context, StartSandbox start) override;
  Task<absl::StatusOr<v1::Sandbox>> Run(CallContext context, StopSandbox stop) override;
  Task<absl::StatusOr<v1::Sandbox>> Run(CallContext context, DeleteSandbox remove) override;

  // snapshots.cc
  Task<absl::StatusOr<v1::Snapshot>> Run(CallContext context, CreateSnapshot create) override;
  Task<absl::StatusOr<v1::Snapshot>> Run(CallContext context, GetSnapshot get) override;
  Task<absl::StatusOr<SnapshotPage>> Run(CallContext context, ListSnapshots list) override;
  Task<absl::StatusOr<v1::Snapshot>> Run(CallContext context, ActivateSnapshot activate) override;
  Task<absl::Status> Run(CallContext context, DeactivateSnapshot deactivate) override;
  Task<absl::Status> Run(CallContext context, DeleteSnapshot remove) override;

  // volumes.cc
  Task<absl::StatusOr<v1::Volume>> Run(CallContext context, CreateVolume create) override;
  Task<absl::StatusOr<v1::Volume>> Run(CallContext context, GetVolume get) override;
  Task<absl::StatusOr<std::vector<v1::Volume>>> Run(CallContext context, ListVolumes list) override;
  Task<absl::Status> Run(CallContext context, DeleteVolume remove) override;

  // forwarded_calls.cc
  Task<ForwardedCall::Result> Run(CallContext context, ForwardedCall call) override;
  // The same by a row that is not in the table.
  Task<ForwardedCall::Result> RunBound(CallContext context, const Binding& binding, ForwardedCall call);

  // build_logs.cc
  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner, std::string id,
                                                                 bool follow) override;

  // context_store.cc
  Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext context) override;

  Task<absl::Status> Ping(CallContext context) override;
  std::optional<ServerVersion> server_version() const override { return client_.server_version(); }

 private:
  // Reads upstream's configuration, which changes with its releases: at most once an hour, or again with the next ping
  // after a failure. A failure is harmless: answers carry the rate limits, too.
  Task<void> ReadConfig(CallContext context);

  // absence.cc Searches the complete list for an object with this id or name. Returns its id; nullopt if the list does
  // not show it.
  Task<absl::StatusOr<std::optional<std::string>>> FindListed(CallContext context, Subject subject, std::string object,
                                                              bool by_id);
  // Settles a 404 whose text is unknown by a list: it becomes IsAbsent() or UNAVAILABLE. Other errors are unchanged.
  Task<absl::Status> Confirmed(CallContext context, Subject subject, std::string object, absl::Status error);
  // The key for a GET of the sandbox: its id, if its name collides with a route of the API.
  Task<absl::StatusOr<std::string>> Reachable(CallContext context, std::string id_or_name);

  // The base URL of the daemon inside a sandbox.
  Task<absl::StatusOr<std::string>> ToolboxOf(CallContext context, std::string id_or_name);

  // Opens the log at the API itself, by a deprecated route.
  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLogOfApi(CallContext context, LogOwner owner,
                                                                      std::string id, bool follow);

  const std::string default_target_;
  // For the store of build contexts. It is not Daytona, so it does not use the client.
  HttpClient& http_;
  Clock& clock_;
  const RandomFraction random_;
  RestClient client_;
  Clock::TimePoint config_read_at_ = Clock::TimePoint::min();
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_REST_API_H_
