#ifndef DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <optional>

#include "daemon/api/cached_reads.h"
#include "daemon/services/rpc/encoded.h"
#include "daemon/services/rpc/read_source.h"
#include "daemon/services/rpc/take_request.h"

namespace daytonad {

// Looks for the answer in memory; called on gRPC's threads. Nullopt: the handler on the loop decides, about errors,
// too.
template <typename Service, typename Request, typename T>
using CachedHandler = std::optional<CachedObject<T>> (Service::*)(const Caller&, const Request&) const;

// Answers a read from memory, without a hop to the loop and back. Null if that can't be done.
template <typename Service, typename Request, typename T>
grpc::ServerUnaryReactor* TryCachedUnary(grpc::CallbackServerContext* context, const Caller& caller,
                                         const grpc::ByteBuffer* bytes, grpc::ByteBuffer* response,
                                         const Service& service, CachedHandler<Service, Request, T> find, int field) {
  Request request;
  grpc::ByteBuffer readable(*bytes);  // parsing consumes; a copy shares the slices
  if (!ReadMessage(&readable, &request).ok()) return nullptr;
  const std::optional<CachedObject<T>> cached = (service.*find)(caller, request);
  if (!cached.has_value()) return nullptr;
  EncodeField(field, *cached->object).Swap(response);
  TellReadSource(*context, ReadTerms::Source::kHit, cached->age);
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_CACHED_UNARY_H_
