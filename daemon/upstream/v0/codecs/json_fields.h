#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_JSON_FIELDS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_JSON_FIELDS_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/timestamp.pb.h"

namespace daytonad {

using Json = nlohmann::json;
// Keeps the order of keys, so that requests look like those of the SDKs.
using OrderedJson = nlohmann::ordered_json;

// INTERNAL (UPSTREAM_MALFORMED_RESPONSE). `what` describes the error: "it has no `id`".
absl::Status MalformedResponse(std::string_view what);

// UNAVAILABLE (UPSTREAM_FOREIGN_ANSWER): the answer is not Daytona's but, for example, a proxy's login page. `what` as
// above.
absl::Status ForeignResponse(std::string_view what);

// INTERNAL (UPSTREAM_RESPONSE_TOO_LARGE): the answer has more than `limit` of `what`, such as "values".
absl::Status TooManyInResponse(std::string_view what, size_t limit);

// Parses untrusted JSON text. Bad strings and numbers are repaired (RepairJson). Returns a discarded value if it is no
// JSON, or if parsing it would take too much memory (ShapeOfJson).
Json ParseLeniently(std::string_view text);

// Parses the JSON text of an answer. ForeignResponse if it does not begin like JSON, MalformedResponse if it is broken
// or nested too deeply, TooManyInResponse if it has too many values.
absl::StatusOr<Json> ParseJson(std::string_view text);

// Logs the number of items of a list that could not be parsed.
void NoteUnreadableItems(size_t count);

// Pages have a few hundred items; this bounds lists without pages.
inline constexpr size_t kMaxListItems = 10'000;

// Parses the items of a list. Items that cannot be parsed are skipped.
template <typename T, typename ReadItem>
absl::StatusOr<std::vector<T>> ReadItems(const Json& list, ReadItem read) {
  if (list.size() > kMaxListItems) return TooManyInResponse("items", kMaxListItems);
  std::vector<T> items;
  items.reserve(list.size());
  for (const Json& item : list) {
    if (absl::StatusOr<T> read_item = read(item); read_item.ok()) items.push_back(*std::move(read_item));
  }
  if (items.size() < list.size()) NoteUnreadableItems(list.size() - items.size());
  return items;
}

// Whether the text is a web page or other markup instead of an API's answer.
bool LooksLikeHtml(std::string_view text);

// Values of upstream's JSON. Unset, or empty, if the value is of another type.
//
// A number, or a string with one; never infinite.
std::optional<double> NumberIn(const Json& json);
// An array of strings, or a comma-separated string.
std::vector<std::string> StringListIn(const Json& json);
// ISO 8601.
std::optional<google::protobuf::Timestamp> TimestampIn(const Json& json);

// Reads the fields of a JSON object from upstream. Upstream's versions differ, so this is tolerant: a field that is
// absent, null or of another type counts as missing. The caller checks required fields.
class JsonFields {
 public:
  // Refers to `object`. If that is no JSON object, it has no fields.
  explicit JsonFields(const Json& object) : object_(object) {}

  // Null if the field is absent or null.
  const Json* Find(std::string_view name) const;

  std::string String(std::string_view name) const;
  bool Bool(std::string_view name) const;
  // As NumberIn.
  std::optional<double> Number(std::string_view name) const;
  // The same, truncated to an integer and clamped to int32.
  std::optional<int32_t> Int32(std::string_view name) const;
  // As StringListIn.
  std::vector<std::string> StringList(std::string_view name) const;
  std::map<std::string, std::string> StringMap(std::string_view name) const;
  // As TimestampIn.
  std::optional<google::protobuf::Timestamp> Timestamp(std::string_view name) const;

 private:
  const Json& object_;
};

// Sets a field of `message` if the JSON has that time.
template <typename Message>
void ReadTimestamp(const JsonFields& fields, std::string_view name, Message& message,
                   google::protobuf::Timestamp* (Message::*mutable_field)()) {
  if (const auto timestamp = fields.Timestamp(name)) *(message.*mutable_field)() = *timestamp;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_JSON_FIELDS_H_
