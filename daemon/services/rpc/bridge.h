#ifndef DAYTONAD_DAEMON_SERVICES_RPC_BRIDGE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_BRIDGE_H_

#include <optional>
#include <string>
#include <utility>

#include "daemon/services/rpc/cached_unary.h"
#include "daemon/services/rpc/call_gate.h"
#include "daemon/services/rpc/client_stream.h"
#include "daemon/services/rpc/refusing.h"
#include "daemon/services/rpc/server_stream.h"
#include "daemon/services/rpc/unary.h"

namespace daytonad {

// The gRPC side of a service: the handlers, the class of caller (each listener has its own services), and the bridge
// between them.
template <typename Handlers>
class Bridge {
 public:
  Bridge(std::string service, const RpcRuntime& runtime, Caller caller, Handlers handlers)
      : service_(std::move(service)), runtime_(runtime), caller_(std::move(caller)), handlers_(std::move(handlers)) {}

  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Unary(const char* method, grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                  UnaryHandler<Handlers, Request, Response> handler) {
    std::optional<CallGate::Place> place = runtime_.gate.Enter(*context, request->Length());
    if (!place.has_value()) return new Refusing<grpc::ServerUnaryReactor>(runtime_.gate.refusal());
    return StartUnary(runtime_, *std::move(place), caller_, service_ + "/" + method, context, request, response,
                      &handlers_, handler);
  }

  // A read that is answered from the cache if possible, by a message whose field `field` is the object.
  template <typename Request, typename Response, typename T>
  grpc::ServerUnaryReactor* CachedUnary(const char* method, grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                        UnaryHandler<Handlers, Request, Response> handler,
                                        CachedHandler<Handlers, Request, T> find, int field) {
    std::optional<CallGate::Place> place = runtime_.gate.Enter(*context, request->Length());
    if (!place.has_value()) return new Refusing<grpc::ServerUnaryReactor>(runtime_.gate.refusal());
    if (!runtime_.calls.draining()) {
      grpc::ServerUnaryReactor* const answered =
          TryCachedUnary(runtime_, *place, context, caller_, request, response, handlers_, find, field);
      if (answered != nullptr) return answered;
    }
    return StartUnary(runtime_, *std::move(place), caller_, service_ + "/" + method, context, request, response,
                      &handlers_, handler);
  }

  template <typename Request, typename Response>
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Stream(const char* method, grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     StreamHandler<Handlers, Request, Response> handler) {
    std::optional<CallGate::Place> place = runtime_.gate.Enter(*context, request->Length());
    if (!place.has_value()) return new Refusing<grpc::ServerWriteReactor<grpc::ByteBuffer>>(runtime_.gate.refusal());
    return StartServerStream(runtime_, *std::move(place), caller_, service_ + "/" + method, context, request,
                             &handlers_, handler);
  }

  template <typename Request, typename Response>
  grpc::ServerReadReactor<grpc::ByteBuffer>* ClientStream(const char* method, grpc::CallbackServerContext* context,
                                                          grpc::ByteBuffer* response,
                                                          ClientStreamHandler<Handlers, Request, Response> handler) {
    std::optional<CallGate::Place> place = runtime_.gate.Enter(*context, 0);
    if (!place.has_value()) return new Refusing<grpc::ServerReadReactor<grpc::ByteBuffer>>(runtime_.gate.refusal());
    return StartClientStream(runtime_, *std::move(place), caller_, service_ + "/" + method, context, response,
                             &handlers_, handler);
  }

 private:
  const std::string service_;
  const RpcRuntime& runtime_;
  const Caller caller_;
  Handlers handlers_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_BRIDGE_H_
