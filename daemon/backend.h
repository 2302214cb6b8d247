#ifndef DAYTONAD_DAEMON_BACKEND_H_
#define DAYTONAD_DAEMON_BACKEND_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/auth/credential_source.h"
#include "daemon/auth/trusted_origins.h"
#include "daemon/backend_config.h"
#include "daemon/net/event_loop.h"
#include "daemon/net/http/curl_http_client.h"
#include "daemon/net/http/revalidating_http_client.h"
#include "daemon/net/url.h"
#include "daemon/net/web_socket/curl_web_socket.h"
#include "daemon/net/work_pool.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/build/build_logs.h"
#include "daemon/operations/build/image_builder.h"
#include "daemon/operations/build/log_follower.h"
#include "daemon/operations/build_context/context_roots.h"
#include "daemon/operations/build_context/context_uploader.h"
#include "daemon/operations/build_context/spool.h"
#include "daemon/operations/build_context/store_uploads.h"
#include "daemon/operations/build_context/streamed_uploads.h"
#include "daemon/operations/daemon/daemon_info.h"
#include "daemon/operations/journal/request_journal.h"
#include "daemon/operations/requests/forwarding.h"
#include "daemon/operations/requests/idempotency_store.h"
#include "daemon/operations/sandbox/sandboxes.h"
#include "daemon/operations/snapshot/snapshots.h"
#include "daemon/operations/volume/volumes.h"
#include "daemon/services/all_services.h"
#include "daemon/state/shared_state.h"
#include "daemon/upstream/v0/events/event_stream.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {

// What the backends of a process share. It outlives them.
struct SharedResources {
  EventLoop& loop;
  Clock& clock;
  WorkPool& pool;
  const ContextRoots& context_roots;
  Spool* spool = nullptr;  // null: there is none
  // How long a call may wait in queues.
  Clock::Duration max_queue_wait;
};

// Connections to Daytona, per kind of request.
struct ConnectionLimits {
  size_t calls = 0;
  size_t creates = 0;
  size_t streams = 0;
};

// What a backend's configuration names, once it was found to be valid.
struct BackendParts {
  BaseUrl api_url;
  TrustedOrigins trusted_origins;
  std::unique_ptr<CredentialSource> credential;
};

// All that belongs to one upstream and one credential: connections, rate limits, caches, events, request ids, uploads,
// operations, handlers. Nothing of it is shared with another backend, so that no caller gets what another credential
// reads or did.
//
// Made and destroyed on the main thread, while the loop does not run its work; used on the loop.
class Backend {
 public:
  // Checks the configuration and opens the credential; nothing is sent, and nothing is left behind.
  static absl::StatusOr<BackendParts> Open(const BackendConfig& config, Clock& clock);

  // An error names the setting that is wrong.
  static absl::StatusOr<std::unique_ptr<Backend>> Make(const BackendConfig& config, BackendParts parts,
                                                       const ConnectionLimits& limits, const SharedResources& shared);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  const std::string& name() const { return config_.name; }
  // Its RPCs.
  const BackendHandlers& handlers() const { return handlers_; }

  // OK if Daytona answers and accepts the credential.
  Task<absl::Status> Ping(CallContext context);
  // Waits for mutations whose callers have left.
  Task<absl::Status> WaitForMutations(CallContext context);

  // Starts to receive events, if they are wanted.
  void Start();
  // Ends all connections. The last thing that the loop does for it.
  void Stop();

 private:
  Backend(const BackendConfig& config, BackendParts parts, std::unique_ptr<RequestJournal> journal,
          const ConnectionLimits& limits, const SharedResources& shared);

  // From the lower layers to the upper ones, each of which uses those above it here.
  const BackendConfig config_;
  const BackendParts parts_;
  const std::unique_ptr<RequestJournal> journal_;  // null: request ids are kept in memory only
  CurlHttpClient http_;
  RevalidatingHttpClient revalidating_;
  RestApi upstream_;
  SharedState state_;
  CurlWebSocketConnector connector_;
  EventStream events_;
  StoreUploads uploads_;
  StreamedUploads streamed_uploads_;
  LogFollower follower_;
  IdempotencyStore requests_;
  ContextUploader context_uploader_;
  ImageBuilder images_;
  const DaemonInfoOperations info_;
  const Dependencies dependencies_;
  SandboxOperations sandboxes_;
  SnapshotOperations snapshots_;
  BuildLogOperations build_logs_;
  VolumeOperations volumes_;
  ForwardingOperations forwarding_;
  DaytonaHandlers daytona_handlers_;
  SnapshotHandlers snapshot_handlers_;
  VolumeHandlers volume_handlers_;
  BuildHandlers build_handlers_;
  DaemonHandlers daemon_handlers_;
  const BackendHandlers handlers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BACKEND_H_
