#ifndef DAYTONAD_DAEMON_SERVER_REFLECTION_H_
#define DAYTONAD_DAEMON_SERVER_REFLECTION_H_

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace daytonad {

// Server reflection, v1 and v1alpha, for one server, for tools such as grpcurl. gRPC's own plugin is a synchronous
// service that needs a thread per idle stream; these need none.
//
// `service_names` are listed (plus the health service and reflection itself); files come from the linked descriptors.
std::vector<std::unique_ptr<grpc::Service>> MakeReflectionServices(const std::vector<std::string>& service_names);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_REFLECTION_H_
