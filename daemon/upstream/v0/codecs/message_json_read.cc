#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "daemon/upstream/v0/codecs/message_fields.h"
#include "daemon/upstream/v0/codecs/message_json.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"
#include "daemon/upstream/v0/codecs/snapshot_json.h"
#include "daemon/upstream/v0/codecs/volume_json.h"

// Reading; message_json.cc has the other direction.
namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename Integer>
std::optional<Integer> IntegerIn(const Json& json) {
  // Exactly, where a double would round.
  if (json.is_number_unsigned() && json.get<uint64_t>() <= uint64_t{std::numeric_limits<Integer>::max()}) {
    return static_cast<Integer>(json.get<uint64_t>());
  }
  const std::optional<double> number = NumberIn(json);
  if (!number.has_value()) return std::nullopt;
  constexpr auto kLeast = static_cast<double>(std::numeric_limits<Integer>::min());
  constexpr auto kMost = static_cast<double>(std::numeric_limits<Integer>::max());
  if (*number <= kLeast) return std::numeric_limits<Integer>::min();
  if (*number >= kMost) return std::numeric_limits<Integer>::max();
  return static_cast<Integer>(*number);
}

// Sets the field, or adds to it, if there is a value.
template <typename T>
void Put(Message& message, const FieldDescriptor& field, const std::optional<T>& value,
         void (Reflection::*set)(Message*, const FieldDescriptor*, T) const,
         void (Reflection::*add)(Message*, const FieldDescriptor*, T) const) {
  if (!value.has_value()) return;
  (message.GetReflection()->*(field.is_repeated() ? add : set))(&message, &field, *value);
}

void PutText(Message& message, const FieldDescriptor& field, const Json& json) {
  if (!json.is_string()) return;
  std::string text = json.get<std::string>();
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    std::string bytes;
    if (!absl::Base64Unescape(text, &bytes)) return;
    text = std::move(bytes);
  }
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(&message, &field, std::move(text));
  } else {
    reflection.SetString(&message, &field, std::move(text));
  }
}

void PutEnum(Message& message, const FieldDescriptor& field, const Json& json) {
  if (!json.is_string()) return;
  if (const FieldDescriptor* text = TextBeside(field)) PutText(message, *text, json);
  const EnumValueDescriptor* const value = EnumFromText(*field.enum_type(), json.get_ref<const std::string&>());
  if (value == nullptr) return;
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    reflection.AddEnum(&message, &field, value);
  } else {
    reflection.SetEnum(&message, &field, value);
  }
}

// The messages that have a codec of their own.
template <typename T>
absl::Status Assign(absl::StatusOr<T> read, Message& message) {
  if (!read.ok()) return read.status();
  static_cast<T&>(message) = *std::move(read);
  return absl::OkStatus();
}
std::optional<absl::Status> ReadByOwnCodec(const Json& json, Message& message) {
  const Descriptor* const type = message.GetDescriptor();
  if (type == v1::Sandbox::descriptor()) return Assign(ReadSandbox(json), message);
  if (type == v1::Snapshot::descriptor()) return Assign(ReadSnapshot(json), message);
  if (type == v1::Volume::descriptor()) return Assign(ReadVolume(json), message);
  return std::nullopt;
}

absl::Status ReadFields(const Json& json, const Mapper& mapper, Message& message);

Message& NewValue(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field);
}

absl::Status PutMessage(Message& message, const FieldDescriptor& field, const FieldMapping& mapping,
                        const Mapper& mapper, const Json& json) {
  if (IsTimestamp(field)) {
    if (const auto time = TimestampIn(json)) NewValue(message, field).CopyFrom(*time);
    return absl::OkStatus();
  }
  if (IsDuration(field)) {
    constexpr double kLongest = 315'576'000'000;  // what protobuf allows
    const std::optional<double> number = NumberIn(json);
    if (!number.has_value()) return absl::OkStatus();
    const double seconds = mapping.form == JsonForm::kMinutes ? *number * kSecondsPerMinute : *number;
    const double clamped = std::clamp(seconds, -kLongest, kLongest);
    google::protobuf::Duration duration;
    duration.set_seconds(static_cast<int64_t>(clamped));
    duration.set_nanos(static_cast<int32_t>((clamped - std::trunc(clamped)) * 1e9));
    NewValue(message, field).CopyFrom(duration);
    return absl::OkStatus();
  }
  return ReadFields(json, mapper.Below(field), NewValue(message, field));
}

absl::Status PutValue(Message& message, const FieldDescriptor& field, const FieldMapping& mapping, const Mapper& mapper,
                      const Json& json) {
  if (json.is_null()) return absl::OkStatus();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      Put<bool>(message, field, json.is_boolean() ? std::optional(json.get<bool>()) : std::nullopt,
                &Reflection::SetBool, &Reflection::AddBool);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      Put(message, field, IntegerIn<int32_t>(json), &Reflection::SetInt32, &Reflection::AddInt32);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      Put(message, field, IntegerIn<int64_t>(json), &Reflection::SetInt64, &Reflection::AddInt64);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      Put(message, field, IntegerIn<uint32_t>(json), &Reflection::SetUInt32, &Reflection::AddUInt32);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      Put(message, field, IntegerIn<uint64_t>(json), &Reflection::SetUInt64, &Reflection::AddUInt64);
      break;
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const std::optional<double> number = NumberIn(json);
      Put(message, field, number.has_value() ? std::optional(static_cast<float>(*number)) : std::nullopt,
          &Reflection::SetFloat, &Reflection::AddFloat);
      break;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      Put(message, field, NumberIn(json), &Reflection::SetDouble, &Reflection::AddDouble);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      PutEnum(message, field, json);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      PutText(message, field, json);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PutMessage(message, field, mapping, mapper, json);
  }
  return absl::OkStatus();
}

absl::Status ReadMap(Message& message, const FieldDescriptor& field, const FieldMapping& mapping, const Mapper& mapper,
                     const Json& json) {
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  for (const auto& [name, member] : json.items()) {
    if (member.is_null()) continue;
    Message& entry = *message.GetReflection()->AddMessage(&message, &field);
    absl::Status status = PutValue(entry, key, mapping, mapper, Json(name));
    if (status.ok()) status = PutValue(entry, value, mapping, mapper.Below(field), member);
    if (!status.ok()) return status;
    // A value of another type counts as missing, and so does its entry.
    if (!entry.GetReflection()->HasField(entry, &value) && value.cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        !member.is_string()) {
      message.GetReflection()->RemoveLast(&message, &field);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadList(Message& message, const FieldDescriptor& list, const FieldMapping& mapping, const Mapper& mapper,
                      const Json& json) {
  if (mapping.form == JsonForm::kCommaList) {
    for (const std::string& part : StringListIn(json)) {
      message.GetReflection()->AddString(&message, &list, part);
    }
    return absl::OkStatus();
  }
  if (!json.is_array()) return absl::OkStatus();
  if (json.size() > kMaxListItems) return TooManyInResponse("items", kMaxListItems);
  for (const Json& item : json) {
    if (absl::Status status = PutValue(message, list, mapping, mapper, item); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReadField(Message& message, const FieldDescriptor& field, const FieldMapping& mapping,
                       const Mapper& mapper, const Json& json) {
  if (field.is_map()) return json.is_object() ? ReadMap(message, field, mapping, mapper, json) : absl::OkStatus();
  if (field.is_repeated()) return ReadList(message, field, mapping, mapper, json);
  if (mapping.form == JsonForm::kCommaList) {
    Message& holder = *message.GetReflection()->MutableMessage(&message, &field);
    return ReadList(holder, *ListIn(*field.message_type()), mapping, mapper, json);
  }
  return PutValue(message, field, mapping, mapper, json);
}

absl::Status ReadFields(const Json& json, const Mapper& mapper, Message& message) {
  if (std::optional<absl::Status> read = ReadByOwnCodec(json, message)) return *std::move(read);
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (EnumBeside(field) != nullptr) continue;  // read with its enum
    const FieldMapping mapping = mapper.Of(field);
    const Json* const member = JsonFields(json).Find(mapping.json);
    if (member == nullptr) continue;
    if (absl::Status status = ReadField(message, field, mapping, mapper, *member); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadMessage(const Json& json, const FieldMappings& mappings, Message& message) {
  return ReadFields(json, Mapper(mappings), message);
}

}  // namespace daytonad
