#ifndef DAYTONAD_DAEMON_SERVER_LISTENER_H_
#define DAYTONAD_DAEMON_SERVER_LISTENER_H_

#include <grpc/grpc.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/server/acceptor.h"
#include "daemon/server/listen_address.h"
#include "daemon/server/listener_probe.h"
#include "daemon/server/listening_sockets.h"
#include "daemon/services/rpc/rpc_runtime.h"

namespace daytonad {

struct ListenerOptions {
  ListenAddress address;
  // Callers of this listener may only read (access/policy.h).
  bool read_only = false;
  // Permission bits of a UNIX socket: who may connect.
  mode_t socket_mode = 0660;
  // Concurrent connections.
  ConnectionTable::Limits connections = {};
  // The largest accepted message, before decompression.
  int max_message_bytes = kMaxRequestBytes;
  // Concurrent calls per connection. Clients queue further ones.
  int max_streams = 1000;
  // gRPC's own memory quota, shared by all listeners; null: no limit.
  const grpc::ResourceQuota* quota = nullptr;
};

// One address, one class of caller, one grpc::Server with its own services.
class Listener {
 public:
  // Binds and serves. FAILED_PRECONDITION or PERMISSION_DENIED say why the address cannot be bound. Not thread-safe: it
  // sets the process's umask while binding, so that a UNIX socket never has other permissions than requested.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(const ListenerOptions& options,
                                                         std::vector<std::unique_ptr<grpc::Service>> services);

  // Cancels calls in progress at once.
  ~Listener();

  // The address that clients dial: "unix:/run/daytonad/daytonad.sock", "127.0.0.1:41231" (the real port if 0 was
  // configured).
  const std::string& bound_address() const { return bound_address_; }
  bool read_only() const { return read_only_; }
  grpc::Server& server() { return *server_; }

  // Stops accepting connections, permanently, and removes the socket file; open connections stay. Thread-safe.
  void StopAccepting();
  // How the process itself can reach it.
  const std::vector<OwnAddress>& own_addresses() const { return own_addresses_; }
  ConnectionTable& connections() { return acceptor_->connections(); }

  // Sends HTTP/2's GOAWAY to all clients, so that they make new calls elsewhere. gRPC cancels a call that arrives
  // before its client has read that, without a reason; calls in progress continue. Call it once, before ShutDown.
  void SendGoAway();

  // Rejects new connections and calls, waits for those in progress until `deadline`, then ends them with UNAVAILABLE.
  // Blocks; do not call it on the loop, which the calls in progress need.
  void ShutDown(std::chrono::system_clock::time_point deadline);

 private:
  Listener() = default;

  std::string bound_address_;
  bool read_only_ = false;
  std::vector<OwnAddress> own_addresses_;
  std::vector<std::unique_ptr<grpc::Service>> services_;  // outlive the server
  std::unique_ptr<grpc::Server> server_;
  std::mutex stop_mutex_;
  SocketFile file_;
  std::unique_ptr<Acceptor> acceptor_;          // hands over to the server
  grpc_completion_queue* gone_away_ = nullptr;  // where gRPC reports that all calls have ended after SendGoAway
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LISTENER_H_
