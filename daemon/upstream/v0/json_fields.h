#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_JSON_FIELDS_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_JSON_FIELDS_H_

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
// Keeps the order of keys: what is sent shall look like what the SDKs send.
using OrderedJson = nlohmann::ordered_json;

// INTERNAL, UPSTREAM_MALFORMED_RESPONSE: `what` says what is wrong with the answer, "it has no `id`".
absl::Status MalformedResponse(std::string_view what);

// UNAVAILABLE, UPSTREAM_FOREIGN_ANSWER: an answer that should be Daytona's and is something else, a proxy's login page,
// say. `what` as above.
absl::Status ForeignResponse(std::string_view what);

// INTERNAL, UPSTREAM_RESPONSE_TOO_LARGE: an answer holds more than `limit` of what `what` names, "values".
absl::Status TooManyInResponse(std::string_view what, size_t limit);

// JSON text from outside. One bad string or number does not spoil the rest (RepairJson); discarded if it is no JSON, or
// of a shape that would take too much to read (ShapeOfJson).
Json ParseLeniently(std::string_view text);

// The JSON text of an answer. ForeignResponse if it does not even begin like that, MalformedResponse if it is broken or
// too deep, TooManyInResponse if it is more than is read.
absl::StatusOr<Json> ParseJson(std::string_view text);

// Says in the log that a list had so many items that can't be read.
void NoteUnreadableItems(size_t count);

// A page has some hundred items; this is for lists that have no pages.
inline constexpr size_t kMaxListItems = 10'000;

// Reads each item of a list. One that can't be read is left out, and the rest stays.
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

// Is this text a web page, or other markup, rather than an API's answer?
bool LooksLikeHtml(std::string_view text);

// Reads the fields of a JSON object that upstream sent. Upstream's versions differ, so this is tolerant: a field that
// is absent, null or of another type is simply not there. What can't be done without is for the caller to check.
class JsonFields {
 public:
  // Refers to `object`, which need not be an object at all: then it has no fields.
  explicit JsonFields(const Json& object) : object_(object) {}

  // Null if the field is absent or null.
  const Json* Find(std::string_view name) const;

  std::string String(std::string_view name) const;
  bool Bool(std::string_view name) const;
  // A JSON number, or a string that is one.
  std::optional<double> Number(std::string_view name) const;
  // The same, cut to a whole number and to the range of int32.
  std::optional<int32_t> Int32(std::string_view name) const;
  // An array of strings, or one string of comma-separated parts.
  std::vector<std::string> StringList(std::string_view name) const;
  std::map<std::string, std::string> StringMap(std::string_view name) const;
  // ISO 8601.
  std::optional<google::protobuf::Timestamp> Timestamp(std::string_view name) const;

 private:
  const Json& object_;
};

// Sets a field of `message` if the JSON has that time; leaves it unset otherwise.
template <typename Message>
void ReadTimestamp(const JsonFields& fields, std::string_view name, Message& message,
                   google::protobuf::Timestamp* (Message::*mutable_field)()) {
  if (const auto timestamp = fields.Timestamp(name)) *(message.*mutable_field)() = *timestamp;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_JSON_FIELDS_H_
