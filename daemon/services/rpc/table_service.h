#ifndef DAYTONAD_DAEMON_SERVICES_RPC_TABLE_SERVICE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_TABLE_SERVICE_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/service_type.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "daemon/services/rpc/service_table.h"

namespace daytonad {

// A service, made of its table, at one listener.
template <typename Handlers>
class TableService final : public grpc_internals::RawService {
 public:
  // INVALID_ARGUMENT if the table contradicts the service's descriptor. The runtime outlives the service, and so do the
  // handlers of all backends.
  static absl::StatusOr<std::unique_ptr<grpc::Service>> Make(const ServiceTable<Handlers>& table,
                                                             const RpcRuntime& runtime, const Caller& listener,
                                                             const HandlersOfBackend<Handlers>& handlers) {
    const auto* const descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(table.service);
    if (descriptor == nullptr) return absl::InvalidArgumentError(absl::StrCat("there is no service ", table.service));
    absl::StatusOr<std::vector<Method>> methods = ResolveMethods(*descriptor, InfoOf(table).methods);
    if (!methods.ok()) return methods.status();
    std::unique_ptr<TableService> service(new TableService());
    service->endpoints_.reserve(methods->size());  // they are referred to
    for (size_t i = 0; i < methods->size(); ++i) {
      service->endpoints_.push_back({{runtime, listener, std::move((*methods)[i])}, handlers});
      table.rows[i].add(*service, service->endpoints_.back());
    }
    return service;
  }

 private:
  TableService() = default;

  std::vector<ServiceEndpoint<Handlers>> endpoints_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_TABLE_SERVICE_H_
