#include "daemon/upstream/v0/codecs/message_json.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "daemon/upstream/v0/codecs/build_json.h"
#include "daemon/upstream/v0/codecs/message_fields.h"

// Writing; message_json_read.cc has the other direction.
namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string TimestampText(const google::protobuf::Timestamp& timestamp) {
  const absl::Time time = absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

OrderedJson WriteFields(const Message& message, const Mapper& mapper,
                        const std::vector<const FieldDescriptor*>& omitted);

// One value of a field: of a list, the one at `index`.
OrderedJson WriteValue(const Message& message, const FieldDescriptor& field, int index, const FieldMapping& mapping,
                       const Mapper& mapper) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return repeated ? reflection.GetRepeatedInt32(message, &field, index) : reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return repeated ? reflection.GetRepeatedInt64(message, &field, index) : reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return repeated ? reflection.GetRepeatedUInt32(message, &field, index) : reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return repeated ? reflection.GetRepeatedUInt64(message, &field, index) : reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return WriteNumber(repeated ? reflection.GetRepeatedFloat(message, &field, index)
                                  : reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return WriteNumber(repeated ? reflection.GetRepeatedDouble(message, &field, index)
                                  : reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* const value =
          repeated ? reflection.GetRepeatedEnum(message, &field, index) : reflection.GetEnum(message, &field);
      return EnumText(*value, mapping.form);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text =
          repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
      if (field.type() == FieldDescriptor::TYPE_BYTES) text = absl::Base64Escape(text);
      return text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  const Message& value =
      repeated ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field);
  if (IsTimestamp(field)) return TimestampText(static_cast<const google::protobuf::Timestamp&>(value));
  if (IsDuration(field)) {
    const auto& duration = static_cast<const google::protobuf::Duration&>(value);
    const double seconds = static_cast<double>(duration.seconds()) + duration.nanos() / 1e9;
    return WriteNumber(mapping.form == JsonForm::kMinutes ? seconds / kSecondsPerMinute : seconds);
  }
  return WriteFields(value, mapper.Below(field), {});
}

std::string JoinedText(const Message& message, const FieldDescriptor& list) {
  const int count = message.GetReflection()->FieldSize(message, &list);
  std::vector<std::string> parts;
  parts.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    parts.push_back(message.GetReflection()->GetRepeatedString(message, &list, i));
  }
  return absl::StrJoin(parts, ",");
}

// Sorted by key, because the order of a map's entries is random.
OrderedJson WriteMap(const Message& message, const FieldDescriptor& field, const FieldMapping& mapping,
                     const Mapper& mapper) {
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  std::map<std::string, OrderedJson> sorted;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    sorted[FieldText(entry, key)] = WriteValue(entry, value, 0, mapping, mapper.Below(field));
  }
  OrderedJson json = OrderedJson::object();
  for (auto& [name, written] : sorted) json[name] = std::move(written);
  return json;
}

OrderedJson WriteField(const Message& message, const FieldDescriptor& field, const FieldMapping& mapping,
                       const Mapper& mapper) {
  const Reflection& reflection = *message.GetReflection();
  if (mapping.form == JsonForm::kCommaList) {
    if (field.is_repeated()) return JoinedText(message, field);
    return JoinedText(reflection.GetMessage(message, &field), *ListIn(*field.message_type()));
  }
  if (field.is_map()) return WriteMap(message, field, mapping, mapper);
  if (!field.is_repeated()) return WriteValue(message, field, 0, mapping, mapper);
  OrderedJson list = OrderedJson::array();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    list.push_back(WriteValue(message, field, i, mapping, mapper));
  }
  return list;
}

bool HasValue(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0 : reflection.HasField(message, &field);
}

OrderedJson WriteFields(const Message& message, const Mapper& mapper,
                        const std::vector<const FieldDescriptor*>& omitted) {
  const Descriptor& type = *message.GetDescriptor();
  OrderedJson json = OrderedJson::object();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (std::ranges::find(omitted, &field) != omitted.end()) continue;
    const FieldMapping mapping = mapper.Of(field);
    if (!HasValue(message, field) && !(mapping.always && !field.has_presence())) continue;
    // A text that is given stands for its enum.
    if (const FieldDescriptor* text = TextBeside(field); text != nullptr && HasValue(message, *text)) continue;
    const FieldDescriptor* const stands_for = EnumBeside(field);
    const std::string name(stands_for == nullptr ? mapping.json : mapper.Of(*stands_for).json);
    json[name] = WriteField(message, field, mapping, mapper);
  }
  return json;
}

}  // namespace

OrderedJson WriteMessage(const Message& message, const FieldMappings& mappings,
                         const std::vector<const FieldDescriptor*>& omitted) {
  return WriteFields(message, Mapper(mappings), omitted);
}

std::string FieldText(const Message& message, const FieldDescriptor& field, JsonForm form, int index) {
  FieldMapping mapping;
  mapping.form = form;
  const FieldMappings none;
  const OrderedJson json = WriteValue(message, field, index, mapping, Mapper(none));
  return json.is_string() ? json.get<std::string>() : json.dump();
}

}  // namespace daytonad
