#include "daemon/operations/image/heredoc.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/text.h"

namespace daytonad {
namespace {

// Splits a line as a shell does. Backslash escapes here, whatever the Dockerfile's escape character.
class WordSplitter {
 public:
  explicit WordSplitter(std::string_view line) : rest_(line) {}

  // The words as written, quotes included; nullopt if the line cannot be split.
  std::optional<std::vector<std::string>> Split() {
    while (!rest_.empty()) {
      const size_t space = LeadingSpace(rest_);
      if (space > 0) {
        rest_.remove_prefix(space);
        EndWord();
      } else if (!TakePiece()) {
        return std::nullopt;
      }
    }
    EndWord();
    return std::move(words_);
  }

 private:
  void EndWord() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    word_.clear();
  }

  void Take(size_t size) {
    word_ += rest_.substr(0, size);
    rest_.remove_prefix(std::min(size, rest_.size()));
  }

  bool TakePiece() {
    switch (rest_.front()) {
      case '\\':
        Take(2);
        return true;
      case '\'':
        return TakeSingleQuoted();
      case '"':
        return TakeDoubleQuoted();
      case '$':
        return TakeDollar();
      default:
        Take(1);
        return true;
    }
  }

  bool TakeSingleQuoted() {
    const size_t end = rest_.find('\'', 1);
    if (end == std::string_view::npos) return false;
    Take(end + 1);
    return true;
  }

  bool TakeDoubleQuoted() {
    Take(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '$') {
        if (!TakeDollar()) return false;
        continue;
      }
      Take(c == '\\' && rest_.size() > 1 && IsEscapableInQuotes(rest_[1]) ? 2 : 1);
      if (c == '"') return true;
    }
    return false;
  }

  static bool IsEscapableInQuotes(char c) { return c == '"' || c == '$' || c == '\\'; }

  // "$", or the beginning of a well-formed "${...}": white space in it still ends a word, but its quotes are not read
  // again.
  bool TakeDollar() {
    if (rest_.size() < 2 || rest_[1] != '{') {
      Take(1);
      return true;
    }
    size_t at = 2;
    if (at == rest_.size() || rest_[at] == '{' || rest_[at] == '}' || rest_[at] == ':') return false;
    while (at < rest_.size() && (absl::ascii_isalnum(rest_[at]) || rest_[at] == '_')) ++at;
    if (at == rest_.size() || std::string_view("}:+-?#%/").find(rest_[at]) == std::string_view::npos) return false;
    const size_t end = rest_.find('}', at);
    if (end == std::string_view::npos) return false;
    Take(at);
    return true;
  }

  std::string_view rest_;
  std::string word_;
  std::vector<std::string> words_;
};

std::string Unquote(std::string_view word) {
  std::string plain;
  char quote = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < word.size()) {
      plain += word[++i];
    } else {
      plain += c;
    }
  }
  return plain;
}

std::optional<Heredoc> ParseHeredoc(std::string_view word) {
  while (!word.empty() && absl::ascii_isdigit(word.front())) word.remove_prefix(1);
  if (!absl::StartsWith(AbslView(word), "<<")) return std::nullopt;
  word.remove_prefix(2);
  Heredoc heredoc;
  if (!word.empty() && word.front() == '-') {
    heredoc.strip_tabs = true;
    word.remove_prefix(1);
  }
  if (word.empty() || word.find('<') != std::string_view::npos) return std::nullopt;
  heredoc.name = Unquote(word);
  if (heredoc.name.empty()) return std::nullopt;
  return heredoc;
}

}  // namespace

std::vector<Heredoc> FindHeredocs(std::string_view line) {
  std::vector<Heredoc> heredocs;
  if (line.find("<<") == std::string_view::npos) return heredocs;
  for (const std::string& word : WordSplitter(line).Split().value_or(std::vector<std::string>())) {
    if (std::optional<Heredoc> heredoc = ParseHeredoc(word); heredoc.has_value()) {
      heredocs.push_back(*std::move(heredoc));
    }
  }
  return heredocs;
}

}  // namespace daytonad
