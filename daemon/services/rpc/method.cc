#include "daemon/services/rpc/method.h"

#include <google/protobuf/descriptor.pb.h>

#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::MethodOptions;
using google::protobuf::ServiceDescriptor;

MethodKind KindOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? MethodKind::kBidiStream : MethodKind::kClientStream;
  return method.server_streaming() ? MethodKind::kServerStream : MethodKind::kUnary;
}

absl::Status Contradiction(const MethodDescriptor& method, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the row of ", method.full_name(), " ", AbslView(what)));
}

bool HasMessages(const MethodInfo& row, const MethodDescriptor& method) {
  return row.request->full_name() == method.input_type()->full_name() &&
         row.response->full_name() == method.output_type()->full_name();
}

// A read that a flag makes a mutation is none to the descriptor, which has one value for all requests.
bool IsReadByDescriptor(const MethodDescriptor& method) {
  return method.options().idempotency_level() == MethodOptions::NO_SIDE_EFFECTS;
}

}  // namespace

absl::StatusOr<Method> Method::Resolve(const MethodDescriptor& descriptor, const MethodInfo& info) {
  if (info.kind != KindOf(descriptor)) return Contradiction(descriptor, "has another kind");
  if (!HasMessages(info, descriptor)) return Contradiction(descriptor, "has a handler for other messages");
  const bool always_read = info.effect == Effect::kRead && info.mutation_flag.empty();
  if (always_read != IsReadByDescriptor(descriptor)) return Contradiction(descriptor, "has another effect");

  Method method;
  method.info_ = info;
  method.path_ = absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name());
  absl::StatusOr<ObjectField> object = ObjectField::Resolve(*descriptor.input_type(), info.object_field);
  if (!object.ok()) return Contradiction(descriptor, StdView(object.status().message()));
  method.object_ = *std::move(object);
  if (!info.mutation_flag.empty()) {
    method.mutation_flag_ = descriptor.input_type()->FindFieldByName(std::string(info.mutation_flag));
    if (method.mutation_flag_ == nullptr || method.mutation_flag_->type() != FieldDescriptor::TYPE_BOOL) {
      return Contradiction(descriptor, "has a flag that the request does not have");
    }
  }
  return method;
}

Effect Method::EffectOf(const google::protobuf::Message& request) const {
  if (mutation_flag_ == nullptr) return info_.effect;
  return request.GetReflection()->GetBool(request, mutation_flag_) ? Effect::kMutation : info_.effect;
}

absl::StatusOr<std::vector<Method>> ResolveMethods(const ServiceDescriptor& service,
                                                   const std::vector<MethodInfo>& rows) {
  std::vector<Method> methods;
  std::set<std::string_view> names;
  for (const MethodInfo& row : rows) {
    const MethodDescriptor* const descriptor = service.FindMethodByName(std::string(row.name));
    if (descriptor == nullptr || !names.insert(row.name).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          service.full_name(), descriptor == nullptr ? " has no method " : " has two rows for ", AbslView(row.name)));
    }
    absl::StatusOr<Method> method = Method::Resolve(*descriptor, row);
    if (!method.ok()) return method.status();
    methods.push_back(*std::move(method));
  }
  for (int i = 0; i < service.method_count(); ++i) {
    const std::string& name = service.method(i)->name();
    if (!names.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat(service.full_name(), " has no row for its method ", name));
    }
  }
  return methods;
}

}  // namespace daytonad
