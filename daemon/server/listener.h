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
#include "daemon/services/rpc/server_call.h"

namespace daytonad {

struct ListenerOptions {
  ListenAddress address;
  // Callers that come in here may change nothing (access/policy.h).
  bool read_only = false;
  // Permission bits of a UNIX socket: who may connect.
  mode_t socket_mode = 0660;
  // Connections at a time.
  ConnectionTable::Limits connections = {};
  // The largest message that is taken, before it is decompressed.
  int max_message_bytes = kMaxRequestBytes;
  // Calls at a time on one connection. A client waits with what is above.
  int max_streams = 1000;
  // What all listeners may have in gRPC's own account of its memory; null for no limit.
  const grpc::ResourceQuota* quota = nullptr;
};

// One place where calls come in: one address, one class of caller, one grpc::Server with services of its own.
class Listener {
 public:
  // Binds, and serves from then on. FAILED_PRECONDITION or PERMISSION_DENIED say why the address cannot be had. Not to
  // be called on two threads at once: for the moment of binding it sets the process's umask, so that a UNIX socket
  // never has other permissions than those asked for.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(const ListenerOptions& options,
                                                         std::vector<std::unique_ptr<grpc::Service>> services);

  // Ends what is still in progress, at once.
  ~Listener();

  // What a client dials: "unix:/run/daytonad/daytonad.sock", "127.0.0.1:41231" (the real port if 0 was asked for).
  const std::string& bound_address() const { return bound_address_; }
  bool read_only() const { return read_only_; }
  grpc::Server& server() { return *server_; }

  // Takes no more connections, and removes the socket file; those that are open stay. Once for all; any thread.
  void StopAccepting();
  // Where the process itself can reach it.
  const std::vector<OwnAddress>& own_addresses() const { return own_addresses_; }
  ConnectionTable& connections() { return acceptor_->connections(); }

  // Tells all clients to make their next calls elsewhere (HTTP/2's GOAWAY). A call that arrives before its client has
  // read that is cancelled by gRPC, with nothing that says why; calls in progress go on. Before ShutDown, once.
  void SendGoAway();

  // Takes no more connections and calls, waits for those in progress until `deadline`, then ends them with UNAVAILABLE.
  // Blocks; not on the loop, which the calls in progress need.
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
  grpc_completion_queue* gone_away_ = nullptr;  // where gRPC says that all calls have ended since SendGoAway
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_LISTENER_H_
