#ifndef DAYTONAD_DAEMON_SERVICES_RPC_SERVICE_TABLE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_SERVICE_TABLE_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/effect.h"
#include "daemon/services/rpc/bidi_stream.h"
#include "daemon/services/rpc/cached_unary.h"
#include "daemon/services/rpc/client_stream.h"
#include "daemon/services/rpc/endpoint.h"
#include "daemon/services/rpc/grpc_internals.h"
#include "daemon/services/rpc/method.h"
#include "daemon/services/rpc/server_stream.h"
#include "daemon/services/rpc/unary.h"

// A service is a table with a row for each method:
//
//   {.service = v1::VolumeService::service_full_name(),
//    .rows = {Unary("CreateVolume", Effect::kMutation, "name", &VolumeHandlers::CreateVolume),
//             ServerStream("WatchVolume", Effect::kRead, "volume", &VolumeHandlers::WatchVolume)}}
//
// Registration (table_service.h), health names, the access policy, call records and tests follow from it. A row that
// contradicts the service's descriptor is an error when the daemon starts (ResolveMethods).
namespace daytonad {

template <typename Handlers>
struct ServiceRow {
  MethodInfo info;
  // Registers the method with gRPC.
  std::function<void(grpc_internals::RawService&, const ServiceEndpoint<Handlers>&)> add;

  // The row of a read that this bool of the request makes a mutation.
  ServiceRow MutatesIf(std::string_view flag) && {
    info.mutation_flag = flag;
    return std::move(*this);
  }
};

template <typename Handlers>
struct ServiceTable {
  std::string service;  // its full name
  std::vector<ServiceRow<Handlers>> rows;
};

// A table without its handlers.
struct ServiceInfo {
  std::string name;
  std::vector<MethodInfo> methods;
};

template <typename Handlers>
ServiceInfo InfoOf(const ServiceTable<Handlers>& table) {
  ServiceInfo info;
  info.name = table.service;
  for (const ServiceRow<Handlers>& row : table.rows) info.methods.push_back(row.info);
  return info;
}

// A row of a handler for these messages.
template <typename Handlers, typename Request, typename Response>
ServiceRow<Handlers> RowOf(std::string_view name, MethodKind kind, Effect effect, std::string_view object,
                           std::function<void(grpc_internals::RawService&, const ServiceEndpoint<Handlers>&)> add) {
  const MethodInfo info{.name = name,
                        .kind = kind,
                        .effect = effect,
                        .object_field = object,
                        .request = Request::descriptor(),
                        .response = Response::descriptor()};
  return {info, std::move(add)};
}

// Rows. `object` is the request's field that names the object (ObjectField); empty if the method is not about one.

template <typename Handlers, typename Request, typename Response>
ServiceRow<Handlers> Unary(std::string_view name, Effect effect, std::string_view object,
                           UnaryHandler<Handlers, Request, Response> handler) {
  auto add = [handler](grpc_internals::RawService& service, const ServiceEndpoint<Handlers>& endpoint) {
    service.AddUnary(endpoint.method.path().c_str(),
                     [&endpoint, handler](auto* context, auto* request, auto* response) {
                       return StartUnary(endpoint, *context, request, response, handler);
                     });
  };
  return RowOf<Handlers, Request, Response>(name, MethodKind::kUnary, effect, object, std::move(add));
}

// A read that `find` answers from the cache if possible; the object is `field` of the response.
template <typename Handlers, typename Request, typename Response, typename T>
ServiceRow<Handlers> CachedUnary(std::string_view name, Effect effect, std::string_view object,
                                 UnaryHandler<Handlers, Request, Response> handler,
                                 CachedHandler<Handlers, Request, T> find, int field) {
  ServiceRow<Handlers> row = Unary(name, effect, object, handler);
  row.info.cached = true;
  row.add = [=](grpc_internals::RawService& service, const ServiceEndpoint<Handlers>& endpoint) {
    service.AddUnary(endpoint.method.path().c_str(), [=, &endpoint](auto* context, auto* request, auto* response) {
      return StartCachedUnary(endpoint, *context, request, response, handler, find, field);
    });
  };
  return row;
}

template <typename Handlers, typename Request, typename Response>
ServiceRow<Handlers> ServerStream(std::string_view name, Effect effect, std::string_view object,
                                  StreamHandler<Handlers, Request, Response> handler) {
  auto add = [handler](grpc_internals::RawService& service, const ServiceEndpoint<Handlers>& endpoint) {
    service.AddServerStream(endpoint.method.path().c_str(), [&endpoint, handler](auto* context, auto* request) {
      return StartServerStream(endpoint, *context, request, handler);
    });
  };
  return RowOf<Handlers, Request, Response>(name, MethodKind::kServerStream, effect, object, std::move(add));
}

// Streams of the client name no object: access is asked before their first message arrives.

template <typename Handlers, typename Request, typename Response>
ServiceRow<Handlers> ClientStream(std::string_view name, Effect effect,
                                  ClientStreamHandler<Handlers, Request, Response> handler) {
  auto add = [handler](grpc_internals::RawService& service, const ServiceEndpoint<Handlers>& endpoint) {
    service.AddClientStream(endpoint.method.path().c_str(), [&endpoint, handler](auto* context, auto* response) {
      return StartClientStream(endpoint, *context, response, handler);
    });
  };
  return RowOf<Handlers, Request, Response>(name, MethodKind::kClientStream, effect, "", std::move(add));
}

template <typename Handlers, typename Request, typename Response>
ServiceRow<Handlers> BidiStream(std::string_view name, Effect effect,
                                BidiHandler<Handlers, Request, Response> handler) {
  auto add = [handler](grpc_internals::RawService& service, const ServiceEndpoint<Handlers>& endpoint) {
    service.AddBidiStream(endpoint.method.path().c_str(),
                          [&endpoint, handler](auto* context) { return StartBidiStream(endpoint, *context, handler); });
  };
  return RowOf<Handlers, Request, Response>(name, MethodKind::kBidiStream, effect, "", std::move(add));
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_SERVICE_TABLE_H_
