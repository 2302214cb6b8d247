#include "daemon/services/rpc/object_field.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

bool IsText(const FieldDescriptor* field) {
  return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
}

bool IsTextOneof(const OneofDescriptor* oneof) {
  if (oneof == nullptr) return false;
  for (int i = 0; i < oneof->field_count(); ++i) {
    if (!IsText(oneof->field(i))) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<ObjectField> ObjectField::Resolve(const Descriptor& request, std::string_view path) {
  ObjectField resolved;
  if (path.empty()) return resolved;
  const auto unknown = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat(request.full_name(), " has no field or oneof of strings at ", AbslView(path)));
  };
  std::vector<std::string> names = absl::StrSplit(AbslView(path), '.');
  const std::string last = std::move(names.back());
  names.pop_back();
  const Descriptor* type = &request;
  for (const std::string& name : names) {
    const FieldDescriptor* const parent = type->FindFieldByName(name);
    if (parent == nullptr || parent->message_type() == nullptr || parent->is_repeated()) return unknown();
    resolved.parents_.push_back(parent);
    type = parent->message_type();
  }
  const FieldDescriptor* const field = type->FindFieldByName(last);
  const OneofDescriptor* const oneof = type->FindOneofByName(last);
  if (IsText(field)) {
    resolved.field_ = field;
  } else if (IsTextOneof(oneof)) {
    resolved.oneof_ = oneof;
  } else {
    return unknown();
  }
  return resolved;
}

std::string_view ObjectField::Get(const Message& request) const {
  const Message* message = &request;
  for (const FieldDescriptor* parent : parents_) message = &message->GetReflection()->GetMessage(*message, parent);
  const FieldDescriptor* const field =
      oneof_ == nullptr ? field_ : message->GetReflection()->GetOneofFieldDescriptor(*message, oneof_);
  if (field == nullptr) return {};
  std::string unused;  // for messages that do not keep their strings as std::string; generated ones do
  return message->GetReflection()->GetStringReference(*message, field, &unused);
}

}  // namespace daytonad
