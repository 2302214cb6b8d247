#ifndef DAYTONAD_EMULATOR_BASE_JSON_H_
#define DAYTONAD_EMULATOR_BASE_JSON_H_

#include <nlohmann/json.hpp>
#include <string>

namespace daytonad::emulator {

// Keeps the order of members, like the real server's answers.
using Json = nlohmann::ordered_json;

// The text of an answer. Bytes that are not UTF-8 are replaced, never refused.
inline std::string ToText(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_JSON_H_
