#include "daemon/upstream/v0/codecs/json_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/upstream/v0/codecs/json_shape.h"
#include "daemon/upstream/v0/codecs/repair_json.h"

namespace daytonad {
namespace {

// Text whose shape was looked at.
Json ParseTolerable(std::string_view text) {
  Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded()) return json;
  return Json::parse(RepairJson(text), /*cb=*/nullptr, /*allow_exceptions=*/false);
}

}  // namespace

absl::Status MalformedResponse(std::string_view what) {
  return MakeError(absl::StatusCode::kInternal, "UPSTREAM_MALFORMED_RESPONSE",
                   absl::StrCat("Daytona's answer violates its API: ", AbslView(what), "."));
}

absl::Status ForeignResponse(std::string_view what) {
  return MakeError(
      absl::StatusCode::kUnavailable, "UPSTREAM_FOREIGN_ANSWER",
      absl::StrCat("The answer is not Daytona's but comes from a proxy or another server: ", AbslView(what),
                   ". Try again later; if it persists, check proxies, and the API URL, which usually ends in "
                   "/api."));
}

bool LooksLikeHtml(std::string_view text) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(AbslView(text)), "<");
}

absl::Status TooManyInResponse(std::string_view what, size_t limit) {
  return MakeError(absl::StatusCode::kInternal, "UPSTREAM_RESPONSE_TOO_LARGE",
                   absl::StrCat("Daytona's answer has more than ", limit, " ", AbslView(what), "."),
                   {{"limit", std::to_string(limit)}});
}

Json ParseLeniently(std::string_view text) {
  if (ShapeOfJson(text) != JsonShape::kTolerable) return {Json::value_t::discarded};
  return ParseTolerable(text);
}

absl::StatusOr<Json> ParseJson(std::string_view text) {
  constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(absl::StripPrefix(AbslView(text), kByteOrderMark));
  if (begin.empty()) return ForeignResponse("it is empty");
  if (LooksLikeHtml(StdView(begin))) return ForeignResponse("it is a web page");
  if (begin.front() != '{' && begin.front() != '[') return ForeignResponse("it is not JSON");
  const JsonShape shape = ShapeOfJson(text);
  if (shape == JsonShape::kTooManyValues) return TooManyInResponse("values", kMaxJsonValues);
  if (shape == JsonShape::kTooDeep) {
    return MalformedResponse(absl::StrCat("it is nested deeper than ", kMaxJsonDepth, " levels"));
  }
  Json json = ParseTolerable(text);
  if (json.is_discarded()) return MalformedResponse("it is not JSON");
  return json;
}

void NoteUnreadableItems(size_t count) {
  Log(LogLevel::kDebug, "items of a list from Daytona are skipped: they cannot be parsed",
      {{"items", std::to_string(count)}});
}

std::optional<double> NumberIn(const Json& json) {
  double number = 0;
  if (json.is_number()) {
    number = json.get<double>();
  } else if (!json.is_string() || !absl::SimpleAtod(json.get_ref<const std::string&>(), &number)) {
    return std::nullopt;
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::vector<std::string> StringListIn(const Json& json) {
  std::vector<std::string> list;
  if (json.is_string()) {
    for (const absl::string_view part :
         absl::StrSplit(json.get_ref<const std::string&>(), ',', absl::SkipWhitespace())) {
      list.emplace_back(absl::StripAsciiWhitespace(part));
    }
  } else if (json.is_array()) {
    for (const Json& item : json) {
      if (item.is_string()) list.push_back(item.get<std::string>());
    }
  }
  return list;
}

std::optional<google::protobuf::Timestamp> TimestampIn(const Json& json) {
  absl::Time time;
  std::string error;
  if (!json.is_string() || !absl::ParseTime(absl::RFC3339_full, json.get_ref<const std::string&>(), &time, &error)) {
    return std::nullopt;
  }
  const int64_t seconds = absl::ToUnixSeconds(time);
  // The range of a protobuf timestamp: the years 1 to 9999.
  if (seconds < -62135596800 || seconds > 253402300799) return std::nullopt;
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

const Json* JsonFields::Find(std::string_view name) const {
  if (!object_.is_object()) return nullptr;
  const auto field = object_.find(name);
  return field == object_.end() || field->is_null() ? nullptr : &*field;
}

std::string JsonFields::String(std::string_view name) const {
  const Json* field = Find(name);
  return field != nullptr && field->is_string() ? field->get<std::string>() : "";
}

bool JsonFields::Bool(std::string_view name) const {
  const Json* field = Find(name);
  return field != nullptr && field->is_boolean() && field->get<bool>();
}

std::optional<double> JsonFields::Number(std::string_view name) const {
  const Json* field = Find(name);
  return field == nullptr ? std::nullopt : NumberIn(*field);
}

std::optional<int32_t> JsonFields::Int32(std::string_view name) const {
  const std::optional<double> number = Number(name);
  if (!number.has_value()) return std::nullopt;
  return static_cast<int32_t>(
      std::clamp<double>(*number, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

std::vector<std::string> JsonFields::StringList(std::string_view name) const {
  const Json* field = Find(name);
  return field == nullptr ? std::vector<std::string>() : StringListIn(*field);
}

std::map<std::string, std::string> JsonFields::StringMap(std::string_view name) const {
  std::map<std::string, std::string> map;
  const Json* field = Find(name);
  if (field == nullptr || !field->is_object()) return map;
  for (const auto& [key, value] : field->items()) {
    if (value.is_string()) map.emplace(key, value.get<std::string>());
  }
  return map;
}

std::optional<google::protobuf::Timestamp> JsonFields::Timestamp(std::string_view name) const {
  const Json* field = Find(name);
  return field == nullptr ? std::nullopt : TimestampIn(*field);
}

}  // namespace daytonad
