#include "client/cli/base/json.h"

#include <chrono>
#include <string>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "client/cli/base/text.h"

namespace daytonad::cli {
namespace {

std::string Print(const google::protobuf::Message& message, const google::protobuf::util::JsonPrintOptions& options) {
  std::string json;
  // Fails only for a message that cannot come from the wire.
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return "{}\n";
  if (json.empty() || json.back() != '\n') json += '\n';
  return PrintableJson(json);  // protobuf escapes some of these characters, but not all
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = pretty;
  return Print(message, options);
}

std::string ErrorToJson(const client::Error& error) {
  google::protobuf::Struct root;
  auto& fields = *(*root.mutable_fields())["error"].mutable_struct_value()->mutable_fields();
  fields["code"].set_string_value(client::CodeName(error.code));
  fields["message"].set_string_value(error.message);
  if (!error.reason.empty()) fields["reason"].set_string_value(error.reason);
  for (const auto& [key, value] : error.metadata) {
    (*fields["metadata"].mutable_struct_value()->mutable_fields())[key].set_string_value(value);
  }
  for (const auto& violation : error.violations) {
    auto& entry = *fields["field_violations"].mutable_list_value()->add_values()->mutable_struct_value();
    (*entry.mutable_fields())["field"].set_string_value(violation.field);
    (*entry.mutable_fields())["description"].set_string_value(violation.description);
  }
  if (error.retry_delay.has_value()) {
    fields["retry_delay_seconds"].set_number_value(std::chrono::duration<double>(*error.retry_delay).count());
  }
  return Print(root, {});
}

}  // namespace daytonad::cli
