#ifndef DAYTONAD_DAEMON_SERVICES_RPC_OBJECT_FIELD_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_OBJECT_FIELD_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace daytonad {

// The field of a request that names the object of the call. Resolved once, so that reading it costs almost nothing.
class ObjectField {
 public:
  // No object.
  ObjectField() = default;

  // `path` names a string, "sandbox" or "spec.name", or a oneof of strings, "target". Empty: no object.
  // INVALID_ARGUMENT if the type has no such field.
  static absl::StatusOr<ObjectField> Resolve(const google::protobuf::Descriptor& request, std::string_view path);

  // The object's id or name, as the request gives it; empty if it gives none. Valid as long as the request.
  std::string_view Get(const google::protobuf::Message& request) const;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> parents_;
  const google::protobuf::FieldDescriptor* field_ = nullptr;
  const google::protobuf::OneofDescriptor* oneof_ = nullptr;  // instead of a field
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_OBJECT_FIELD_H_
