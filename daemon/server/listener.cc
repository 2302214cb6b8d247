#include "daemon/server/listener.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/server/socket_file.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {
namespace {

// Why `address` could not be bound; gRPC does not tell. Binds it again to learn it.
std::string BindProblem(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (error != 0) return ::gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  const int fd = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
  if (fd < 0) return std::strerror(errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = ::bind(fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd, 1) == 0;
  std::string problem = bound ? "reason unknown" : std::strerror(errno);
  ::close(fd);
  return problem;
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  // How much a client may send ahead of what is read. Left alone gRPC measures the connection, and lets a fast client
  // fill several MiB of memory for each upload.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 256 * 1024);
  // What gRPC has ready for a call costs memory for as long as the call waits, and thousands do. So it does without
  // what nobody needs. Nothing is compressed between programs of one machine; a request that is gets decompressed where
  // it is read (rpc/take_request.h). And calls end by the daemon's own clock: a context has the deadline (ServerCall),
  // and a client that gave up says so.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_DEADLINE_CHECKS, 0);
  // A second daemon on the same port shall fail, and not get every other connection.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients may ping as often as they like, with or without a call, and connections live for ever: an idle stream is
  // what this daemon is for. Our own pings find peers that vanished without a word, so that their calls end.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
}

// Sets the umask and restores it.
class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : before_(::umask(mask)) {}
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;
  ~ScopedUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const ListenerOptions& options,
                                                          std::vector<std::unique_ptr<grpc::Service>> services) {
  const ListenAddress& address = options.address;
  const auto fail = [&](absl::StatusCode code, absl::string_view problem) {
    return absl::Status(code, absl::StrCat("cannot listen on ", address.text, ": ", problem));
  };
  // Until the socket listens.
  std::optional<absl::StatusOr<SocketPathClaim>> claim;
  if (address.is_unix()) {
    claim.emplace(PrepareSocketPath(address.path));
    if (!claim->ok()) return fail(claim->status().code(), claim->status().message());
  }

  grpc::ServerBuilder builder;
  SetLimits(builder);
  int port = 0;
  builder.AddListeningPort(address.text, grpc::InsecureServerCredentials(), &port);
  for (const auto& service : services) builder.RegisterService(service.get());

  std::unique_ptr<Listener> listener(new Listener());
  {
    const ScopedUmask umask(address.is_unix() ? 0777 & ~options.socket_mode : 0077);
    listener->server_ = builder.BuildAndStart();
  }
  if (listener->server_ == nullptr || port <= 0) {
    return fail(absl::StatusCode::kFailedPrecondition, address.is_unix() ? "reason unknown" : BindProblem(address));
  }
  listener->services_ = std::move(services);
  listener->read_only_ = options.read_only;
  listener->bound_address_ =
      address.is_unix() ? address.text : absl::StrCat(address.text.substr(0, address.text.rfind(':') + 1), port);
  return listener;
}

Listener::~Listener() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

void Listener::ShutDown(std::chrono::system_clock::time_point deadline) { server_->Shutdown(deadline); }

}  // namespace daytonad
