#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKERFILE_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKERFILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Splits Dockerfile text as BuildKit does: lines into instructions, instructions into words.
namespace daytonad {

inline constexpr char kDefaultEscape = '\\';

struct DockerfileInstruction {
  int line = 0;                    // where it begins, from 1
  std::string keyword;             // upper case
  std::vector<std::string> flags;  // "--chown=1:1"
  std::string arguments;           // the rest; continuations joined, without heredoc bodies
  bool has_heredoc = false;
};

struct DockerfileText {
  std::vector<DockerfileInstruction> instructions;
  // The character that continues a line at its end, and escapes within it.
  char escape = kDefaultEscape;
  // The text ends inside an instruction, so appended text would become part of it: a continued line, or a heredoc
  // without its end.
  bool ends_open = false;
};

// Parses a whole Dockerfile, including its directives.
DockerfileText ParseDockerfile(std::string_view text);

// Parses lines from within a Dockerfile that has this escape character.
DockerfileText ParseDockerfileLines(std::string_view text, char escape);

// The strings of the JSON list of strings that `text` begins with; nullopt if it begins with anything else.
std::optional<std::vector<std::string>> ParseJsonWords(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKERFILE_H_
