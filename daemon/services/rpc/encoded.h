#ifndef DAYTONAD_DAEMON_SERVICES_RPC_ENCODED_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_ENCODED_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include <cstdint>

#include "daemon/services/rpc/grpc_internals.h"

namespace daytonad {

// A message with only this one field.
template <typename T>
grpc::ByteBuffer EncodeField(int field, const T& object) {
  using google::protobuf::internal::WireFormatLite;
  using google::protobuf::io::CodedOutputStream;
  const auto size = static_cast<std::uint32_t>(object.ByteSizeLong());
  const std::uint32_t tag = WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  const grpc::Slice slice(CodedOutputStream::VarintSize32(tag) + CodedOutputStream::VarintSize32(size) + size);
  auto* bytes = const_cast<std::uint8_t*>(slice.begin());  // ours alone until it is sent
  bytes = CodedOutputStream::WriteVarint32ToArray(tag, bytes);
  bytes = CodedOutputStream::WriteVarint32ToArray(size, bytes);
  object.SerializeWithCachedSizesToArray(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// An encoded response. Shared objects are encoded directly; putting them into a message would copy them.
template <typename Response>
struct Encoded {
  static const google::protobuf::Descriptor* descriptor() { return Response::descriptor(); }

  grpc::ByteBuffer bytes;
};

// A handler's answer as gRPC needs it.
template <typename Response>
grpc::Status PutAnswer(const Response& answer, grpc::ByteBuffer* bytes) {
  return grpc_internals::Serialize(answer, bytes);
}
template <typename Response>
grpc::Status PutAnswer(const Encoded<Response>& answer, grpc::ByteBuffer* bytes) {
  *bytes = answer.bytes;  // shares the slices
  return grpc::Status::OK;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_ENCODED_H_
