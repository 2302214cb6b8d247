#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_MESSAGE_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_MESSAGE_JSON_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/upstream/v0/codecs/json_fields.h"

// Translates between contract messages and upstream's JSON by the messages' descriptors:
//
// - A field `auto_stop_minutes` is the member `autoStopMinutes`.
// - A field without a value is not written; an absent or null member, or one of another type, leaves its field unset.
// - An enum is its value's name in lower case, without the type's prefix. A field `state` has a field `state_text`
//   beside it in the contract: that text is written if it is given, and always read.
// - A Timestamp is an ISO 8601 string in UTC, a Duration a number of seconds, `bytes` are Base64.
// - A number may be read from a string. Integers that are too large are clamped.
//
// A FieldMapping says where upstream differs. Sandboxes, snapshots and volumes are read by their own codecs, which fill
// gaps that upstream's versions leave.
namespace daytonad {

enum class JsonForm {
  kUsual,
  kCommaList,   // strings in one string, separated by commas; also for a message whose only field is the list
  kDashedEnum,  // an enum as "linux-vm" instead of "linux_vm"
  kUpperEnum,   // an enum as "H100"
  kMinutes,     // a Duration as a number of minutes
};

// How one field differs from the rules above.
struct FieldMapping {
  // The field's path from the message: "labels", "spec.memory_gib".
  std::string_view field{};
  // The name of its member; empty: the usual one.
  std::string_view json{};
  JsonForm form = JsonForm::kUsual;
  // Write an empty list, map, text or zero, too.
  bool always = false;
};

using FieldMappings = std::vector<FieldMapping>;

// Writes the fields of a message. `omitted` are fields of the message itself that are not written.
OrderedJson WriteMessage(const google::protobuf::Message& message, const FieldMappings& mappings,
                         const std::vector<const google::protobuf::FieldDescriptor*>& omitted = {});

// A single value as text, for a path or a query: a string, a number, "true", an enum's text. Of a list, the value at
// `index`.
std::string FieldText(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                      JsonForm form = JsonForm::kUsual, int index = 0);

// Reads a message. UPSTREAM_FOREIGN_ANSWER if one of its own codecs misses a required field,
// UPSTREAM_RESPONSE_TOO_LARGE for a list of too many items.
absl::Status ReadMessage(const Json& json, const FieldMappings& mappings, google::protobuf::Message& message);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_MESSAGE_JSON_H_
