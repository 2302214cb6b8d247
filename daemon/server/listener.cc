#include "daemon/server/listener.h"

#include <grpc/grpc.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/server/socket_file.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {
namespace {

void SetLimits(grpc::ServerBuilder& builder, const ListenerOptions& options) {
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(kMaxAnswerBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams);
  // How much a client may send before it is read. By default gRPC adapts this to the connection's speed, so that each
  // upload of a fast client takes several MiB.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 256 * 1024);
  // Each of gRPC's filters costs memory per waiting call, and thousands of calls wait. These are not needed: answers
  // are not compressed, compressed requests are decompressed where they are read (rpc/take_request.h), and deadlines
  // are kept by the daemon's own clock (rpc/steps/deadline.h).
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0);
  // Clients may ping as often as they like, with or without a call, and connections have no age limit: idle streams are
  // normal here. The daemon's own pings detect dead peers, so that their calls end.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  // A client that connects and sends nothing is disconnected after this time.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
}

// Passes accepted connections to gRPC. It copies its parameters.
using Entrance = grpc::experimental::ExternalConnectionAcceptor;

OwnAddress AddressOf(const std::string& listener, int socket) {
  OwnAddress own;
  own.listener = listener;
  own.length = sizeof(own.address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&own.address), &own.length);
  return own;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const ListenerOptions& options,
                                                          std::vector<std::unique_ptr<grpc::Service>> services) {
  const ListenAddress& address = options.address;
  const auto fail = [&](absl::StatusCode code, absl::string_view problem) {
    return absl::Status(code, absl::StrCat("cannot listen on ", address.text, ": ", problem));
  };
  // Held until the socket listens.
  std::optional<absl::StatusOr<SocketPathClaim>> claim;
  if (address.is_unix()) {
    claim.emplace(PrepareSocketPath(address.path));
    if (!claim->ok()) return fail(claim->status().code(), claim->status().message());
  }

  absl::StatusOr<ListeningSockets> opened = OpenListeningSockets(address, options.socket_mode);
  if (!opened.ok()) return fail(opened.status().code(), opened.status().message());

  grpc::ServerBuilder builder;
  SetLimits(builder, options);
  std::shared_ptr<Entrance> entrance = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
  if (options.quota != nullptr) builder.SetResourceQuota(*options.quota);
  for (const auto& service : services) builder.RegisterService(service.get());

  std::unique_ptr<Listener> listener(new Listener());
  listener->services_ = std::move(services);
  listener->read_only_ = options.read_only;
  listener->bound_address_ = address.is_unix()
                                 ? address.text
                                 : absl::StrCat(address.text.substr(0, address.text.rfind(':') + 1), opened->port);
  listener->file_ = std::move(opened->file);
  for (const FileDescriptor& socket : opened->sockets) {
    listener->own_addresses_.push_back(AddressOf(listener->bound_address_, socket.get()));
  }
  listener->server_ = builder.BuildAndStart();
  if (listener->server_ == nullptr) return fail(absl::StatusCode::kInternal, "gRPC's server does not start");

  absl::StatusOr<std::unique_ptr<Acceptor>> acceptor =
      Acceptor::Start(listener->bound_address_, std::move(opened->sockets), options.connections,
                      [entrance = std::move(entrance)](int listening, int connection) {
                        Entrance::NewConnectionParameters parameters;
                        parameters.listener_fd = listening;
                        parameters.fd = connection;
                        entrance->HandleNewConnection(&parameters);
                      });
  if (!acceptor.ok()) return fail(acceptor.status().code(), acceptor.status().message());
  listener->acceptor_ = *std::move(acceptor);
  return listener;
}

Listener::~Listener() {
  if (server_ != nullptr) ShutDown(std::chrono::system_clock::now());
}

void Listener::StopAccepting() {
  const std::lock_guard lock(stop_mutex_);
  if (acceptor_ == nullptr) return;
  // In this order: a daemon that starts in its place must not find a file of a socket that does not answer.
  file_ = SocketFile();
  acceptor_->StopAccepting();
}

void Listener::SendGoAway() {
  gone_away_ = grpc_completion_queue_create_for_next(nullptr);
  // The first step of grpc::Server::Shutdown, which returns only when all calls have ended.
  grpc_server_shutdown_and_notify(server_->c_server(), gone_away_, nullptr);
}

void Listener::ShutDown(std::chrono::system_clock::time_point deadline) {
  // First: gRPC leaks connections that it gets after its shutdown.
  StopAccepting();
  server_->Shutdown(deadline);
  if (gone_away_ == nullptr) return;
  grpc_completion_queue_shutdown(gone_away_);
  const auto next = [this] {
    return grpc_completion_queue_next(gone_away_, gpr_inf_future(GPR_CLOCK_REALTIME), nullptr).type;
  };
  while (next() != GRPC_QUEUE_SHUTDOWN) {
  }
  grpc_completion_queue_destroy(std::exchange(gone_away_, nullptr));
}

}  // namespace daytonad
