#ifndef DAYTONAD_CLIENT_CLI_BASE_TEXT_H_
#define DAYTONAD_CLIENT_CLI_BASE_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace daytonad::cli {

// `text` made safe for a terminal: control characters (escape sequences, newlines) and bytes that are not UTF-8 become
// U+FFFD; bidirectional controls and invisible characters become escapes (`\u202e`).
std::string Printable(std::string_view text);

// JSON with those characters escaped: the text changes, its value does not.
std::string PrintableJson(std::string_view json);

// Filters a log for a terminal: lines, tabs and colours pass, everything else is made Printable(). Pieces may end
// anywhere; Take() holds back bytes that it cannot classify without the next piece.
class TerminalLog {
 public:
  std::string Take(std::string_view piece);
  // The bytes held back, once no piece follows.
  std::string Rest();

 private:
  std::string held_;
};

// The number of lines before the first byte that is not UTF-8; nullopt if all of `text` is.
std::optional<int> LinesBeforeNonUtf8(std::string_view text);

// The columns that printable text takes: none for a combining mark, two for a wide character.
int DisplayWidth(std::string_view printable);

// Cuts printable text to `width` columns. The last one is an ellipsis if something was cut.
std::string CutTo(std::string_view printable, int width);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_TEXT_H_
