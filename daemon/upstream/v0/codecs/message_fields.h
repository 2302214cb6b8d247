#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_MESSAGE_FIELDS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_MESSAGE_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <utility>

#include "daemon/upstream/v0/codecs/message_json.h"

// What both directions of the codec by descriptors (message_json.h) know of a message's fields.
namespace daytonad {

inline constexpr double kSecondsPerMinute = 60;

bool IsTimestamp(const google::protobuf::FieldDescriptor& field);
bool IsDuration(const google::protobuf::FieldDescriptor& field);

// The only field of a message that stands for a list, so that "no entries" differs from "not given"; else null.
const google::protobuf::FieldDescriptor* ListIn(const google::protobuf::Descriptor& type);

// The field with the enum's text: `state_text` beside `state`. Lists have none.
const google::protobuf::FieldDescriptor* TextBeside(const google::protobuf::FieldDescriptor& field);
// The enum whose text this is; else null.
const google::protobuf::FieldDescriptor* EnumBeside(const google::protobuf::FieldDescriptor& field);

// The value that upstream spells so, whatever the case and the separators; null if the enum has none.
const google::protobuf::EnumValueDescriptor* EnumFromText(const google::protobuf::EnumDescriptor& type,
                                                          std::string_view text);
// Empty for the first value, which means "unspecified".
std::string EnumText(const google::protobuf::EnumValueDescriptor& value, JsonForm form);

// The mappings of the fields below a path.
class Mapper {
 public:
  explicit Mapper(const FieldMappings& mappings, std::string path = "") : mappings_(mappings), path_(std::move(path)) {}

  FieldMapping Of(const google::protobuf::FieldDescriptor& field) const;
  Mapper Below(const google::protobuf::FieldDescriptor& field) const {
    return Mapper(mappings_, path_ + field.name() + ".");
  }

 private:
  const FieldMappings& mappings_;
  std::string path_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_MESSAGE_FIELDS_H_
