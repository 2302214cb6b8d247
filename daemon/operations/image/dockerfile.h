#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKERFILE_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKERFILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Dockerfile text taken apart as BuildKit does it: lines to instructions, instructions to words.
namespace daytonad {

inline constexpr char kDefaultEscape = '\\';

struct DockerfileInstruction {
  int line = 0;                    // where it begins, from 1
  std::string keyword;             // upper case
  std::vector<std::string> flags;  // "--chown=1:1"
  std::string arguments;           // what follows; continuations joined, heredocs' bodies left out
  bool has_heredoc = false;
};

struct DockerfileText {
  std::vector<DockerfileInstruction> instructions;
  // The character that continues a line at its end and escapes within it.
  char escape = kDefaultEscape;
  // The text ends inside an instruction, which what is appended would become part of: a continued line, or a heredoc
  // without its end.
  bool ends_open = false;
};

// A whole Dockerfile; its directives count.
DockerfileText ParseDockerfile(std::string_view text);

// Lines from somewhere inside of a Dockerfile with this escape character.
DockerfileText ParseDockerfileLines(std::string_view text, char escape);

// The strings of the JSON list of strings that `text` begins with; nullopt if it begins with anything else.
std::optional<std::vector<std::string>> ParseJsonWords(std::string_view text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKERFILE_H_
