#include "emulator/base/json_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json.h"

namespace daytonad::emulator {
namespace {

// Most answers about one object are smaller than this.
constexpr std::size_t kUsualSize = 1536;

// Whether a text needs no escapes.
bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace

JsonWriter::JsonWriter() {
  text_.reserve(kUsualSize);
  text_ = '{';
}

void JsonWriter::Text(std::string_view name, std::string_view value) {
  if (IsPlain(value)) {
    absl::StrAppend(&text_, "\"", AbslView(name), "\":\"", AbslView(value), "\",");
  } else {
    Raw(name, QuotedJson(value));
  }
}

void JsonWriter::Number(std::string_view name, std::int64_t value) {
  absl::StrAppend(&text_, "\"", AbslView(name), "\":", value, ",");
}

void JsonWriter::Boolean(std::string_view name, bool value) { Raw(name, value ? "true" : "false"); }

void JsonWriter::Null(std::string_view name) { Raw(name, "null"); }

void JsonWriter::Raw(std::string_view name, std::string_view json) {
  absl::StrAppend(&text_, "\"", AbslView(name), "\":", AbslView(json), ",");
}

std::string JsonWriter::Finish() {
  if (text_.size() > 1) text_.pop_back();
  text_ += '}';
  return std::move(text_);
}

std::string QuotedJson(std::string_view text) {
  return IsPlain(text) ? absl::StrCat("\"", AbslView(text), "\"") : ToText(Json(text));
}

}  // namespace daytonad::emulator
