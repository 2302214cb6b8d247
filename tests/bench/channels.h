#ifndef DAYTONAD_TESTS_BENCH_CHANNELS_H_
#define DAYTONAD_TESTS_BENCH_CHANNELS_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

namespace daytonad::bench {

// Enough connections for `callers`, of which `callers_each` share one.
std::vector<std::shared_ptr<grpc::Channel>> OpenChannels(const std::string& address, size_t callers,
                                                         size_t callers_each);

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_CHANNELS_H_
