// The daemon from C++: generated stubs over one channel, and calls that return a value or an Error.
//
//   auto client = daytonad::client::Client::Connect(daytonad::client::DefaultAddress());
//   if (!client.ok()) ...;  // a malformed address; nothing is dialled yet
//   grpc::ClientContext context;
//   daytonad::v1::GetSandboxRequest request;
//   request.set_sandbox("demo");
//   auto got = daytonad::client::Call(client->sandboxes(), &daytonad::v1::DaytonaService::Stub::GetSandbox, request,
//   context); if (!got.ok()) std::cerr << got.error->reason << ": " << got.error->message << "\n";
//
// Everything here is thread-safe. Stubs may also be used directly (with the asynchronous or the callback API), with
// ErrorFrom() for their status.
#ifndef DAYTONAD_CLIENT_CPP_CLIENT_H_
#define DAYTONAD_CLIENT_CPP_CLIENT_H_

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include "absl/status/statusor.h"
#include "client/cpp/address.h"
#include "client/cpp/error.h"
#include "daytonad/v1/build_service.grpc.pb.h"
#include "daytonad/v1/daemon_service.grpc.pb.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"
#include "daytonad/v1/snapshot_service.grpc.pb.h"
#include "daytonad/v1/volume_service.grpc.pb.h"

namespace daytonad::client {

struct ConnectOptions {
  // Uses client/service_config.json: calls go round-robin to all daemons that report SERVING, and gRPC retries reads
  // that end in UNAVAILABLE because a daemon stops. Without it each call is made once, whatever health the daemon
  // reports.
  bool with_service_config = true;
};

// A channel to the daemon at `address` (see GrpcTarget), plain text: for a Unix socket or loopback. Takes messages of
// up to 64 MiB, pings an idle TCP peer every five minutes, reconnects within two seconds, and ignores the environment's
// HTTP proxies. INVALID_ARGUMENT for a malformed address. Dials only when the first call is made.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(std::string_view address, ConnectOptions options = {});

// The bytes of client/service_config.json.
std::string_view ServiceConfig();

// The services of one daemon, or of several equivalent ones.
class Client {
 public:
  explicit Client(std::shared_ptr<grpc::Channel> channel);
  static absl::StatusOr<Client> Connect(std::string_view address, ConnectOptions options = {});

  v1::DaytonaService::Stub& sandboxes() { return *sandboxes_; }
  v1::SnapshotService::Stub& snapshots() { return *snapshots_; }
  v1::VolumeService::Stub& volumes() { return *volumes_; }
  v1::BuildService::Stub& builds() { return *builds_; }
  v1::DaemonService::Stub& daemon() { return *daemon_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::DaytonaService::Stub> sandboxes_;
  std::unique_ptr<v1::SnapshotService::Stub> snapshots_;
  std::unique_ptr<v1::VolumeService::Stub> volumes_;
  std::unique_ptr<v1::BuildService::Stub> builds_;
  std::unique_ptr<v1::DaemonService::Stub> daemon_;
};

// The outcome of a call.
template <typename T>
struct Result {
  T value;                     // meaningful if ok()
  std::optional<Error> error;  // why it failed

  bool ok() const { return !error.has_value(); }
};

// Makes a unary call and waits for it. `context` carries its deadline; context.TryCancel() from another thread ends it.
template <typename Stub, typename Request, typename Response>
Result<Response> Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, grpc::ClientContext& context) {
  Result<Response> result;
  const grpc::Status status = (stub.*method)(&context, request, &result.value);
  if (!status.ok()) result.error = ErrorFrom(status);
  return result;
}

// Makes a server-streaming call, passes each message to `on_message` as it arrives, and returns the error if the stream
// failed.
template <typename Stub, typename Request, typename Response, typename OnMessage>
std::optional<Error> Stream(Stub& stub,
                            std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                                          const Request&),
                            const Request& request, grpc::ClientContext& context, OnMessage&& on_message) {
  const std::unique_ptr<grpc::ClientReader<Response>> reader = (stub.*method)(&context, request);
  Response message;
  while (reader->Read(&message)) on_message(std::as_const(message));
  const grpc::Status status = reader->Finish();
  if (status.ok()) return std::nullopt;
  return ErrorFrom(status);
}

}  // namespace daytonad::client

#endif  // DAYTONAD_CLIENT_CPP_CLIENT_H_
