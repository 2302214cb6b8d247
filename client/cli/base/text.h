#ifndef DAYTONAD_CLIENT_CLI_BASE_TEXT_H_
#define DAYTONAD_CLIENT_CLI_BASE_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace daytonad::cli {

// `text` safe for a terminal: control characters (escape sequences, newlines) and bytes that are not UTF-8 become
// U+FFFD; characters that turn the direction of the text around them, or that nobody sees, become an escape (`\u202e`).
std::string Printable(std::string_view text);

// JSON, in which those characters are escaped, too: its text is another one, but what it stands for is the same.
std::string PrintableJson(std::string_view json);

// A log on its way to a terminal: lines, tabs and colours pass, and everything else is made Printable(). It comes in
// pieces that end anywhere; what can't be told without the next piece is held back.
class TerminalLog {
 public:
  std::string Take(std::string_view piece);
  // There is no next piece.
  std::string Rest();

 private:
  std::string held_;
};

// How many lines of `text` come before its first byte that is not UTF-8; nullopt if all of it is.
std::optional<int> LinesBeforeNonUtf8(std::string_view text);

// How many columns printable text takes: none for a combining mark, two for a wide character.
int DisplayWidth(std::string_view printable);

// The beginning of printable text that fits into `width` columns, with an ellipsis as its last one if something is
// missing.
std::string CutTo(std::string_view printable, int width);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_TEXT_H_
