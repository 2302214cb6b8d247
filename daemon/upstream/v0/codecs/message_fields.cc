#include "daemon/upstream/v0/codecs/message_fields.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

bool IsA(const FieldDescriptor& field, const Descriptor* type) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field.message_type() == type;
}

// "SANDBOX_STATE_" of an enum whose first value is SANDBOX_STATE_UNSPECIFIED.
std::string_view PrefixOf(const EnumDescriptor& type) {
  std::string_view first = type.value(0)->name();
  first.remove_suffix(first.size() - (first.rfind('_') + 1));
  return first;
}

// "InProgress", "in-progress" and "IN_PROGRESS" are the same.
std::string Normalised(std::string_view text) {
  std::string normalised;
  for (const char c : text) {
    if (c != '-' && c != '_') normalised += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return normalised;
}

}  // namespace

bool IsTimestamp(const FieldDescriptor& field) { return IsA(field, google::protobuf::Timestamp::descriptor()); }
bool IsDuration(const FieldDescriptor& field) { return IsA(field, google::protobuf::Duration::descriptor()); }

const FieldDescriptor* ListIn(const Descriptor& type) {
  return type.field_count() == 1 && type.field(0)->is_repeated() ? type.field(0) : nullptr;
}

const FieldDescriptor* TextBeside(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM || field.is_repeated()) return nullptr;
  return field.containing_type()->FindFieldByName(field.name() + "_text");
}
const FieldDescriptor* EnumBeside(const FieldDescriptor& field) {
  constexpr std::string_view kSuffix = "_text";
  if (!field.name().ends_with(kSuffix)) return nullptr;
  const FieldDescriptor* beside =
      field.containing_type()->FindFieldByName(field.name().substr(0, field.name().size() - kSuffix.size()));
  return beside != nullptr && TextBeside(*beside) == &field ? beside : nullptr;
}

const EnumValueDescriptor* EnumFromText(const EnumDescriptor& type, std::string_view text) {
  const std::string wanted = Normalised(text);
  for (int i = 1; i < type.value_count(); ++i) {
    const std::string_view name = type.value(i)->name();
    if (Normalised(name.substr(PrefixOf(type).size())) == wanted) return type.value(i);
  }
  return nullptr;
}

std::string EnumText(const EnumValueDescriptor& value, JsonForm form) {
  if (value.index() == 0) return "";
  std::string text = value.name().substr(PrefixOf(*value.type()).size());
  if (form != JsonForm::kUpperEnum) absl::AsciiStrToLower(&text);
  if (form == JsonForm::kDashedEnum) std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

FieldMapping Mapper::Of(const FieldDescriptor& field) const {
  const std::string path = absl::StrCat(path_, field.name());
  const auto found = std::ranges::find(mappings_, std::string_view(path), &FieldMapping::field);
  FieldMapping mapping = found == mappings_.end() ? FieldMapping() : *found;
  if (mapping.json.empty()) mapping.json = field.json_name();
  return mapping;
}

}  // namespace daytonad
