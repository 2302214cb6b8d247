#include "daemon/operations/image/docker_words.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/text.h"

namespace daytonad {
namespace {

std::string Escape(std::string_view text, std::string_view special, char escape) {
  std::string escaped;
  for (const char c : text) {
    if (c == escape || special.find(c) != std::string_view::npos) escaped += escape;
    escaped += c;
  }
  return escaped;
}

bool NeedsJson(std::string_view word, char escape) {
  return word.empty() || HasSpace(word) || word.front() == '-' || word.front() == '[' ||
         word.find_first_of("<'\"") != std::string_view::npos || word.find(escape) != std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> ReadDockerWord(std::string_view word, char escape) {
  std::string text;
  char quote = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (quote != 0 && c == quote) {
      quote = 0;
      continue;
    }
    const bool is_literal = quote == '\'';
    if (!is_literal && c == '$') {
      return absl::InvalidArgumentError("uses a variable, which is known only when the image is built: name the file");
    }
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (!is_literal && c == escape) {
      if (i + 1 == word.size()) break;
      const char next = word[++i];
      // Between double quotes, only these can be escaped.
      if (quote == '"' && next != '"' && next != '$' && next != escape) text += c;
      text += next;
    } else {
      text += c;
    }
  }
  if (quote != 0) {
    return absl::InvalidArgumentError(R"(has an open quote; paths with spaces need the form COPY ["a b", "/to"])");
  }
  return text;
}

std::string DockerPattern(std::string_view text, char escape) { return Escape(text, "'\"", escape); }

std::string DockerLiteral(std::string_view text, char escape) { return Escape(text, "'\"$", escape); }

std::string DockerSource(std::string_view path, char escape) {
  std::string pattern;
  for (const char c : path) {
    const bool is_special = c == '*' || c == '?' || c == '[';
    pattern += is_special ? std::string{'[', c, ']'} : std::string(1, c);
  }
  return DockerLiteral(pattern, escape);
}

std::string JsonCopyLine(std::string_view keyword, std::string_view source, std::string_view destination) {
  return absl::StrCat(AbslView(keyword), " [", AsciiJsonString(source), ", ", AsciiJsonString(destination), "]");
}

std::string CopyLine(std::string_view keyword, std::string_view source, std::string_view destination, char escape) {
  if (NeedsJson(source, escape) || NeedsJson(destination, escape)) {
    return JsonCopyLine(keyword, source, destination);
  }
  return absl::StrCat(AbslView(keyword), " ", AbslView(source), " ", AbslView(destination));
}

}  // namespace daytonad
