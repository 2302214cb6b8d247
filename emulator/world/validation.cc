#include "emulator/world/validation.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absl_view.h"

namespace daytonad::emulator {
namespace {

bool SafeToDisplay(const Json& value) {
  if (!value.is_string()) return false;
  const auto text = value.get<std::string>();
  const auto tag = text.find('<');
  if (tag != std::string::npos && text.find('>', tag) != std::string::npos) return false;
  if (absl::StrContains(text, "://")) return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

const Json* Validator::Find(std::string_view name) const {
  if (!body_.is_object()) return nullptr;
  const auto found = body_.find(std::string(name));
  return found == body_.end() || found->is_null() ? nullptr : &*found;
}

Validator& Validator::String(std::string_view name, bool display) {
  const Json* value = Find(name);
  if (value == nullptr) return *this;
  if (display && !SafeToDisplay(*value)) {
    Complain(absl::StrCat(AbslView(name), " must not contain HTML tags, URLs, or control characters"));
  }
  if (!value->is_string()) Complain(absl::StrCat(AbslView(name), " must be a string"));
  return *this;
}

Validator& Validator::RequiredString(std::string_view name, bool display) {
  if (Find(name) != nullptr) return String(name, display);
  Complain(absl::StrCat(AbslView(name), " must be a string"));
  return *this;
}

Validator& Validator::Boolean(std::string_view name) {
  const Json* value = Find(name);
  if (value != nullptr && !value->is_boolean()) Complain(absl::StrCat(AbslView(name), " must be a boolean value"));
  return *this;
}

Validator& Validator::Number(std::string_view name, std::optional<int> minimum, std::optional<int> maximum) {
  const Json* value = Find(name);
  if (value == nullptr) return *this;
  const bool number = value->is_number();
  if (maximum.has_value() && !(number && value->get<double>() <= *maximum)) {
    Complain(absl::StrCat(AbslView(name), " must not be greater than ", *maximum));
  }
  if (minimum.has_value() && !(number && value->get<double>() >= *minimum)) {
    Complain(absl::StrCat(AbslView(name), " must not be less than ", *minimum));
  }
  if (!number) {
    Complain(absl::StrCat(AbslView(name), " must be a number conforming to the specified constraints"));
  } else if (whole_numbers_ && !value->is_number_integer()) {
    Complain(absl::StrCat(AbslView(name), " must be an integer number"));
  }
  return *this;
}

Validator& Validator::Object(std::string_view name) {
  const Json* value = Find(name);
  if (value != nullptr && !value->is_object()) Complain(absl::StrCat(AbslView(name), " must be an object"));
  return *this;
}

Validator& Validator::Array(std::string_view name) {
  const Json* value = Find(name);
  if (value != nullptr && !value->is_array()) Complain(absl::StrCat(AbslView(name), " must be an array"));
  return *this;
}

Validator& Validator::OneOf(std::string_view name, const std::vector<std::string>& allowed) {
  const Json* value = Find(name);
  if (value == nullptr) return *this;
  const auto known = [&](const Json& text) {
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) { return text == one; });
  };
  if (value->is_array() ? !std::all_of(value->begin(), value->end(), known) : !known(*value)) {
    Complain(absl::StrCat(value->is_array() ? "each value in " : "", AbslView(name),
                          " must be one of the following values: ", absl::StrJoin(allowed, ", ")));
  }
  return *this;
}

std::optional<ApiError> Validator::Error() const {
  if (complaints_.empty()) return std::nullopt;
  return BadRequest(absl::StrJoin(complaints_, ", "));
}

std::string StringOr(const Json& body, std::string_view name, std::string_view fallback) {
  return OptionalString(body, name).value_or(std::string(fallback));
}

std::int64_t IntegerOr(const Json& body, std::string_view name, std::int64_t fallback) {
  const Json value = MemberOr(body, name, Json());
  return value.is_number() ? value.get<std::int64_t>() : fallback;
}

bool BooleanOr(const Json& body, std::string_view name, bool fallback) {
  const Json value = MemberOr(body, name, Json());
  return value.is_boolean() ? value.get<bool>() : fallback;
}

std::optional<std::string> OptionalString(const Json& body, std::string_view name) {
  const Json value = MemberOr(body, name, Json());
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

Json MemberOr(const Json& body, std::string_view name, Json fallback) {
  if (!body.is_object()) return fallback;
  const auto found = body.find(std::string(name));
  if (found == body.end() || found->is_null()) return fallback;
  return *found;
}

}  // namespace daytonad::emulator
