#ifndef DAYTONAD_EMULATOR_BASE_JSON_WRITER_H_
#define DAYTONAD_EMULATOR_BASE_JSON_WRITER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daytonad::emulator {

// Writes a JSON object directly as text. For frequent answers: through a Json they take ten times as long.
class JsonWriter {
 public:
  JsonWriter();

  void Text(std::string_view name, std::string_view value);
  void Number(std::string_view name, std::int64_t value);
  void Boolean(std::string_view name, bool value);
  void Null(std::string_view name);
  // `json` is already JSON text.
  void Raw(std::string_view name, std::string_view json);

  // The object. Call once, last.
  std::string Finish();

 private:
  std::string text_;
};

// A JSON string, quotes included. Bytes that are not UTF-8 are replaced.
std::string QuotedJson(std::string_view text);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_JSON_WRITER_H_
