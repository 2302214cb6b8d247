#ifndef DAYTONAD_DAEMON_SERVICES_RPC_GRPC_INTERNALS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_GRPC_INTERNALS_H_

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <utility>

// All that daytonad uses of gRPC 1.51 beyond its public API. A new version of gRPC is checked against this file.
namespace daytonad::grpc_internals {

// A reactor that belongs to its call, and whose reactions gRPC may run inline, because they are short and take no lock
// of gRPC. Otherwise each would wake another thread: a fifth of the CPU when thousands are answered at once.
template <typename Reactor>
class InlineReactor : public Reactor {
 public:
  void OnDone() final { delete this; }
  bool InternalInlineable() final { return true; }
};

// What generated code does to messages. False or an error: the bytes are no such message.
template <typename Message>
grpc::Status Serialize(const Message& message, grpc::ByteBuffer* bytes) {
  bool own_buffer = false;
  return grpc::SerializationTraits<Message>::Serialize(message, bytes, &own_buffer);
}
template <typename Message>
bool Deserialize(grpc::ByteBuffer* bytes, Message* message) {
  return grpc::SerializationTraits<Message>::Deserialize(bytes, message).ok();
}

// The bytes of a call's request, to be consumed. Handlers get them as const, but they belong to the call alone.
inline grpc::ByteBuffer* OwnedRequest(const grpc::ByteBuffer* request) {
  return const_cast<grpc::ByteBuffer*>(request);
}

// Whether a message's bytes are compressed. The C++ API does not tell, but lets this class see its own object.
inline bool IsCompressed(grpc::ByteBuffer* bytes) {
  class Reader : private grpc::ProtoBufferReader {
   public:
    explicit Reader(grpc::ByteBuffer* bytes) : ProtoBufferReader(bytes) {}
    bool compressed() { return status().ok() && reader()->buffer_in->data.raw.compression != GRPC_COMPRESS_NONE; }
  };
  return bytes->Valid() && Reader(bytes).compressed();
}

// A service whose methods are registered one by one, at run time, as generated code registers its own: in the raw
// callback form, in which a method gets the bytes of its messages. (The parsing callback form answers a request that
// does not parse with UNIMPLEMENTED and no text.)
class RawService : public grpc::Service {
 public:
  using Bytes = grpc::ByteBuffer;
  using Context = grpc::CallbackServerContext;
  // Each makes the reactor of a call.
  using StartUnary = std::function<grpc::ServerUnaryReactor*(Context*, const Bytes*, Bytes*)>;
  using StartServerStream = std::function<grpc::ServerWriteReactor<Bytes>*(Context*, const Bytes*)>;
  using StartClientStream = std::function<grpc::ServerReadReactor<Bytes>*(Context*, Bytes*)>;
  using StartBidiStream = std::function<grpc::ServerBidiReactor<Bytes, Bytes>*(Context*)>;

  // `path` is "/package.Service/Method" and outlives the service.
  void AddUnary(const char* path, StartUnary start) {
    Add(path, RpcMethod::NORMAL_RPC, new grpc::internal::CallbackUnaryHandler<Bytes, Bytes>(std::move(start)));
  }
  void AddServerStream(const char* path, StartServerStream start) {
    Add(path, RpcMethod::SERVER_STREAMING,
        new grpc::internal::CallbackServerStreamingHandler<Bytes, Bytes>(std::move(start)));
  }
  void AddClientStream(const char* path, StartClientStream start) {
    Add(path, RpcMethod::CLIENT_STREAMING,
        new grpc::internal::CallbackClientStreamingHandler<Bytes, Bytes>(std::move(start)));
  }
  void AddBidiStream(const char* path, StartBidiStream start) {
    Add(path, RpcMethod::BIDI_STREAMING, new grpc::internal::CallbackBidiHandler<Bytes, Bytes>(std::move(start)));
  }

 private:
  using RpcMethod = grpc::internal::RpcMethod;

  // Takes the handler.
  void Add(const char* path, RpcMethod::RpcType type, grpc::internal::MethodHandler* handler) {
    AddMethod(new grpc::internal::RpcServiceMethod(path, type, nullptr));
    MarkMethodRawCallback(count_++, handler);
  }

  int count_ = 0;
};

}  // namespace daytonad::grpc_internals

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_GRPC_INTERNALS_H_
