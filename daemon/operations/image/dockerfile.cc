#include "daemon/operations/image/dockerfile.h"

#include <algorithm>
#include <regex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/heredoc.h"
#include "daemon/operations/image/text.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Returns lines without their ends, and counts them.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  bool Next(std::string_view& line) {
    if (rest_.empty()) return false;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number_;
    return true;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

std::string_view StripLeadingSpace(std::string_view text) {
  while (const size_t size = LeadingSpace(text)) text.remove_prefix(size);
  return text;
}

bool IsComment(std::string_view line) {
  line = StripLeadingSpace(line);
  return !line.empty() && line.front() == '#';
}

// Removes the escape character from the end of a continued line; false if the line is not continued. As in today's
// BuildKit, two escape characters do not continue a line.
bool StripContinuation(std::string_view& line, char escape) {
  std::string_view trimmed = line;
  while (!trimmed.empty() && (trimmed.back() == ' ' || trimmed.back() == '\t')) trimmed.remove_suffix(1);
  if (trimmed.empty() || trimmed.back() != escape) return false;
  trimmed.remove_suffix(1);
  if (!trimmed.empty() && trimmed.back() == escape) return false;
  line = trimmed;
  return true;
}

// The `# escape=` directive, one of the directives at the very top; any other comment ends them.
char DirectiveEscape(std::string_view text) {
  static const std::regex* const directive = new std::regex(R"(#\s*([a-zA-Z][a-zA-Z0-9]{0,30})\s*=\s*(\S.*))");
  // std::regex recurses with the length of its subject; a longer line is not an escape directive.
  constexpr size_t kMaxLength = 256;
  LineReader lines(text);
  std::string_view line;
  while (lines.Next(line)) {
    std::match_results<std::string_view::const_iterator> parts;
    line = StripSpace(line);
    if (!std::regex_match(line.begin(), line.begin() + std::min(line.size(), kMaxLength), parts, *directive)) break;
    const std::string name = absl::AsciiStrToLower(parts[1].str());
    if (name == "escape") return parts[2].str() == "`" ? '`' : kDefaultEscape;
    if (name != "syntax" && name != "check") break;
  }
  return kDefaultEscape;
}

bool IsArgumentSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n'); }

// Removes the flags from the front of an instruction's arguments. A flag's value may be quoted.
std::vector<std::string> TakeFlags(std::string_view& arguments) {
  std::vector<std::string> flags;
  while (absl::StartsWith(AbslView(arguments), "--")) {
    size_t end = 0;
    char quote = 0;
    for (; end < arguments.size(); ++end) {
      const char c = arguments[end];
      if (quote == 0 && LeadingSpace(arguments.substr(end)) > 0) break;
      if (c == '\\' && end + 1 < arguments.size()) {
        ++end;
      } else if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      }
    }
    if (end <= 2) break;  // "--" alone ends the flags and stays an argument
    flags.emplace_back(arguments.substr(0, end));
    arguments = StripSpace(arguments.substr(std::min(end, arguments.size())));
  }
  return flags;
}

bool TakesHeredoc(const DockerfileInstruction& instruction) {
  const std::string& keyword = instruction.keyword;
  if (keyword == "ONBUILD") {
    // BuildKit checks the inner instruction.
    const std::string_view rest = StripSpace(instruction.arguments);
    const std::string inner = absl::AsciiStrToUpper(AbslView(rest.substr(0, rest.find_first_of(" \t"))));
    return inner == "RUN" || inner == "COPY" || inner == "ADD";
  }
  if (keyword != "RUN" && keyword != "COPY" && keyword != "ADD") return false;
  return !ParseJsonWords(instruction.arguments).has_value();
}

DockerfileInstruction ParseInstruction(std::string_view text, int line) {
  text = StripSpace(text);
  DockerfileInstruction instruction;
  instruction.line = line;
  size_t end = 0;
  while (end < text.size() && !IsArgumentSpace(text[end])) ++end;
  instruction.keyword = absl::AsciiStrToUpper(AbslView(text.substr(0, end)));
  std::string_view arguments = StripSpace(text.substr(end));
  instruction.flags = TakeFlags(arguments);
  instruction.arguments = std::string(arguments);
  return instruction;
}

// Skips a heredoc's body; false if it has no end.
bool SkipHeredoc(LineReader& lines, const Heredoc& heredoc) {
  std::string_view line;
  while (lines.Next(line)) {
    if (heredoc.strip_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    if (line == heredoc.name) return true;
  }
  return false;
}

}  // namespace

DockerfileText ParseDockerfileLines(std::string_view text, char escape) {
  DockerfileText parsed;
  parsed.escape = escape;
  LineReader lines(text);
  std::string_view line;
  while (lines.Next(line)) {
    if (IsComment(line)) continue;
    const int first_line = lines.number();
    line = StripLeadingSpace(line);
    bool goes_on = StripContinuation(line, escape);
    std::string whole(line);
    while (goes_on && lines.Next(line)) {
      if (IsComment(line) || StripLeadingSpace(line).empty()) continue;
      goes_on = StripContinuation(line, escape);
      whole += line;
    }
    parsed.ends_open = goes_on;
    if (StripSpace(whole).empty()) continue;

    DockerfileInstruction instruction = ParseInstruction(whole, first_line);
    if (TakesHeredoc(instruction)) {
      for (const Heredoc& heredoc : FindHeredocs(whole)) {
        instruction.has_heredoc = true;
        if (!SkipHeredoc(lines, heredoc)) parsed.ends_open = true;
      }
    }
    parsed.instructions.push_back(std::move(instruction));
  }
  return parsed;
}

DockerfileText ParseDockerfile(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  return ParseDockerfileLines(text, DirectiveEscape(text));
}

std::optional<std::vector<std::string>> ParseJsonWords(std::string_view text) {
  text = StripSpace(text);
  if (text.empty() || text.front() != '[') return std::nullopt;
  // Docker reads one JSON value and ignores what follows it.
  size_t end = 1;
  for (bool in_string = false; end < text.size() && (in_string || text[end] != ']'); ++end) {
    if (text[end] == '"') in_string = !in_string;
    if (in_string && text[end] == '\\') ++end;
  }
  const nlohmann::json json =
      nlohmann::json::parse(text.substr(0, std::min(end, text.size()) + 1), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> words;
  for (const nlohmann::json& word : json) {
    if (!word.is_string()) return std::nullopt;
    words.push_back(word.get<std::string>());
  }
  return words;
}

}  // namespace daytonad
