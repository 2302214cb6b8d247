#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKER_WORDS_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKER_WORDS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Docker expands quotes and variables in the words of COPY, ADD, LABEL, VOLUME and WORKDIR, even in their JSON form.
// `escape` is always the Dockerfile's escape character.
namespace daytonad {

// What Docker reads from a word: quotes and escapes removed. An open quote, or a variable (whose value depends on how
// the image is built), is a plain INVALID_ARGUMENT that says so.
absl::StatusOr<std::string> ReadDockerWord(std::string_view word, char escape);

// A word that Docker reads as `text`, except that it replaces variables and, in sources, patterns.
std::string DockerPattern(std::string_view text, char escape);

// A word that Docker reads as `text`, variables included.
std::string DockerLiteral(std::string_view text, char escape);

// A word that, as a source of COPY, names exactly the file `path`: its characters do not act as a pattern.
std::string DockerSource(std::string_view path, char escape);

// `COPY ["source", "destination"]`, of words as above. No line end.
std::string JsonCopyLine(std::string_view keyword, std::string_view source, std::string_view destination);

// `COPY source destination`; in the JSON form if the plain one would be split wrongly: for words with white space or
// quotes, or that look like a flag, a list or a heredoc.
std::string CopyLine(std::string_view keyword, std::string_view source, std::string_view destination, char escape);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_DOCKER_WORDS_H_
