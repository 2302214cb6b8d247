#ifndef DAYTONAD_EMULATOR_WORLD_VALIDATION_H_
#define DAYTONAD_EMULATOR_WORLD_VALIDATION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/http/api_error.h"

namespace daytonad::emulator {

// Checks the types in a request's body. Its complaints read like the server's validator's, joined by ", ". An absent or
// null member is valid unless required.
class Validator {
 public:
  // `whole_numbers`: newer servers refuse fractions.
  explicit Validator(const Json& body, bool whole_numbers = false) : body_(body), whole_numbers_(whole_numbers) {}

  // `display`: shown to people, so no HTML tags, URLs or control characters.
  Validator& String(std::string_view name, bool display = false);
  Validator& RequiredString(std::string_view name, bool display = false);
  Validator& Boolean(std::string_view name);
  Validator& Number(std::string_view name, std::optional<int> minimum = {}, std::optional<int> maximum = {});
  Validator& Object(std::string_view name);
  Validator& Array(std::string_view name);
  // One of these texts, or a list of them.
  Validator& OneOf(std::string_view name, const std::vector<std::string>& allowed);
  void Complain(std::string complaint) { complaints_.push_back(std::move(complaint)); }

  std::optional<ApiError> Error() const;

 private:
  const Json* Find(std::string_view name) const;

  const Json& body_;
  bool whole_numbers_;
  std::vector<std::string> complaints_;
};

// Members of a validated body, with a default for absent and null ones.
std::string StringOr(const Json& body, std::string_view name, std::string_view fallback = {});
std::int64_t IntegerOr(const Json& body, std::string_view name, std::int64_t fallback);
bool BooleanOr(const Json& body, std::string_view name, bool fallback);
std::optional<std::string> OptionalString(const Json& body, std::string_view name);
Json MemberOr(const Json& body, std::string_view name, Json fallback);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_VALIDATION_H_
