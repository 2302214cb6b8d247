#include "tests/bench/channels.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace daytonad::bench {

std::vector<std::shared_ptr<grpc::Channel>> OpenChannels(const std::string& address, size_t callers,
                                                         size_t callers_each) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (size_t served = 0; served < callers; served += callers_each) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
    channels.push_back(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }
  // gRPC 1.51 sometimes aborts the process when its last channel with callbacks goes, so one stays.
  static const auto* const kept = new std::shared_ptr<grpc::Channel>(channels.front());
  static_cast<void>(kept);
  return channels;
}

}  // namespace daytonad::bench
