#include "client/cpp/client.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace daytonad::client {
namespace {

constexpr int kMaxMessageBytes = 64 * 1024 * 1024;
// gRPC servers refuse pings that come more often than every five minutes while nothing is sent.
constexpr int kKeepaliveMs = 310'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// How long connecting may take. On a busy machine the daemon's first bytes come late.
constexpr int kConnectTimeoutMs = 10'000;

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(std::string_view address, ConnectOptions options) {
  const absl::StatusOr<std::string> target = GrpcTarget(address);
  if (!target.ok()) return target.status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);  // gRPC's name for it
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  if (!target->starts_with("unix:")) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  }
  if (options.with_service_config) arguments.SetServiceConfigJSON(std::string(ServiceConfig()));
  return grpc::CreateCustomChannel(*target, grpc::InsecureChannelCredentials(), arguments);
}

Client::Client(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)),
      sandboxes_(v1::DaytonaService::NewStub(channel_)),
      snapshots_(v1::SnapshotService::NewStub(channel_)),
      volumes_(v1::VolumeService::NewStub(channel_)),
      builds_(v1::BuildService::NewStub(channel_)),
      daemon_(v1::DaemonService::NewStub(channel_)) {}

absl::StatusOr<Client> Client::Connect(std::string_view address, ConnectOptions options) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = client::Connect(address, options);
  if (!channel.ok()) return channel.status();
  return Client(*std::move(channel));
}

}  // namespace daytonad::client
