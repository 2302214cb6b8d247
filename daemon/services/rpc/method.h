#ifndef DAYTONAD_DAEMON_SERVICES_RPC_METHOD_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_METHOD_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/effect.h"
#include "daemon/services/rpc/object_field.h"

namespace daytonad {

enum class MethodKind { kUnary, kServerStream, kClientStream, kBidiStream };

// A row of a service's table (service_table.h) without its handler.
struct MethodInfo {
  std::string_view name;  // "StartSandbox"
  MethodKind kind = MethodKind::kUnary;
  Effect effect = Effect::kRead;
  // The request's field that names the object (ObjectField); empty: the calls are not about one object.
  std::string_view object_field{};
  // A bool of the request that makes a mutation of a read; empty: none.
  std::string_view mutation_flag{};
  // Whether the cache may answer it without a hop to the loop.
  bool cached = false;
  // The messages of the handler.
  const google::protobuf::Descriptor* request = nullptr;
  const google::protobuf::Descriptor* response = nullptr;
};

// A row that was checked against the service's descriptor: what the steps of a call know of its method. Immutable.
class Method {
 public:
  // INVALID_ARGUMENT if the row contradicts the descriptor: another kind or other messages, fields that the request
  // does not have, or a read of which the descriptor does not say that it is without side effects.
  static absl::StatusOr<Method> Resolve(const google::protobuf::MethodDescriptor& descriptor, const MethodInfo& info);

  const MethodInfo& info() const { return info_; }
  // "/daytonad.v1.DaytonaService/StartSandbox", gRPC's name for it.
  const std::string& path() const { return path_; }
  // The same without the first slash: the name in logs.
  std::string_view name() const { return std::string_view(path_).substr(1); }

  Effect EffectOf(const google::protobuf::Message& request) const;
  // The object's id or name; valid as long as the request.
  std::string_view ObjectOf(const google::protobuf::Message& request) const { return object_.Get(request); }

 private:
  Method() = default;

  MethodInfo info_;
  std::string path_;
  ObjectField object_;
  const google::protobuf::FieldDescriptor* mutation_flag_ = nullptr;
};

// A service's rows, checked: in the order of the rows. INVALID_ARGUMENT if one contradicts the service's descriptor, if
// two have the same name, or if a method of the service has none.
absl::StatusOr<std::vector<Method>> ResolveMethods(const google::protobuf::ServiceDescriptor& service,
                                                   const std::vector<MethodInfo>& rows);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_METHOD_H_
