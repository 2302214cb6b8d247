#include "daemon/upstream/v0/codecs/message_json.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "daemon/base/absl_view.h"
#include "daemon/upstream/v0/codecs/build_json.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"
#include "daemon/upstream/v0/codecs/snapshot_json.h"
#include "daemon/upstream/v0/codecs/volume_json.h"

namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr double kSecondsPerMinute = 60;

bool IsA(const FieldDescriptor& field, const Descriptor* type) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field.message_type() == type;
}
bool IsTimestamp(const FieldDescriptor& field) { return IsA(field, google::protobuf::Timestamp::descriptor()); }
bool IsDuration(const FieldDescriptor& field) { return IsA(field, google::protobuf::Duration::descriptor()); }

// The only field of a message that stands for a list, so that "no entries" differs from "not given".
const FieldDescriptor* ListIn(const Descriptor& type) {
  return type.field_count() == 1 && type.field(0)->is_repeated() ? type.field(0) : nullptr;
}

// The field with the enum's text: `state_text` beside `state`. Lists have none.
const FieldDescriptor* TextBeside(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM || field.is_repeated()) return nullptr;
  return field.containing_type()->FindFieldByName(field.name() + "_text");
}
// The enum whose text this is.
const FieldDescriptor* EnumBeside(const FieldDescriptor& field) {
  constexpr std::string_view kSuffix = "_text";
  if (!field.name().ends_with(kSuffix)) return nullptr;
  const FieldDescriptor* beside =
      field.containing_type()->FindFieldByName(field.name().substr(0, field.name().size() - kSuffix.size()));
  return beside != nullptr && TextBeside(*beside) == &field ? beside : nullptr;
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

// Null if the enum has no such value.
const EnumValueDescriptor* EnumFromText(const EnumDescriptor& type, std::string_view text) {
  const std::string wanted = Normalised(text);
  for (int i = 1; i < type.value_count(); ++i) {
    const std::string_view name = type.value(i)->name();
    if (Normalised(name.substr(PrefixOf(type).size())) == wanted) return type.value(i);
  }
  return nullptr;
}

// Empty for the first value, which means "unspecified".
std::string EnumText(const EnumValueDescriptor& value, JsonForm form) {
  if (value.index() == 0) return "";
  std::string text = value.name().substr(PrefixOf(*value.type()).size());
  if (form != JsonForm::kUpperEnum) absl::AsciiStrToLower(&text);
  if (form == JsonForm::kDashedEnum) std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::string TimestampText(const google::protobuf::Timestamp& timestamp) {
  const absl::Time time = absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

// --- Mappings ---

// The mappings of the fields below a path.
class Mapper {
 public:
  explicit Mapper(const FieldMappings& mappings, std::string path = "") : mappings_(mappings), path_(std::move(path)) {}

  FieldMapping Of(const FieldDescriptor& field) const {
    const std::string path = absl::StrCat(path_, field.name());
    const auto found = std::ranges::find(mappings_, std::string_view(path), &FieldMapping::field);
    FieldMapping mapping = found == mappings_.end() ? FieldMapping() : *found;
    if (mapping.json.empty()) mapping.json = field.json_name();
    return mapping;
  }
  Mapper Below(const FieldDescriptor& field) const { return Mapper(mappings_, absl::StrCat(path_, field.name(), ".")); }

 private:
  const FieldMappings& mappings_;
  std::string path_;
};

// --- Writing ---

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

// --- Reading ---

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

absl::Status ReadMessage(const Json& json, const FieldMappings& mappings, Message& message) {
  return ReadFields(json, Mapper(mappings), message);
}

}  // namespace daytonad
