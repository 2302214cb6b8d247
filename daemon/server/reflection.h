#ifndef DAYTONAD_DAEMON_SERVER_REFLECTION_H_
#define DAYTONAD_DAEMON_SERVER_REFLECTION_H_

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace daytonad {

// Server reflection, v1 and v1alpha, for one server: tools such as grpcurl ask it what there is to call. gRPC's own
// plugin is a synchronous service that needs a thread for each idle stream; these take none.
//
// `service_names` are what is listed (the health service and reflection itself are added); files come from the
// descriptors that are linked into the program.
std::vector<std::unique_ptr<grpc::Service>> MakeReflectionServices(const std::vector<std::string>& service_names);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_REFLECTION_H_
