#ifndef DAYTONAD_CLIENT_CLI_BUILD_DOCKER_IGNORE_H_
#define DAYTONAD_CLIENT_CLI_BUILD_DOCKER_IGNORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/context_pack.h"

namespace daytonad::cli {

// What a .dockerignore excludes from a build context, by Docker's rules: one pattern per line, relative to the context,
// for a path and everything below it; `*`, `?` and `[a-z]` within a path component, `**` for any number of components;
// `!` re-includes; the last matching line decides; `#` begins a comment.
class DockerIgnore {
 public:
  // `text`: the file's content; an empty one excludes nothing.
  explicit DockerIgnore(std::string_view text);

  // `path` is relative to the context, "app/lib/a.txt".
  client::Inclusion Includes(const std::string& path) const;

 private:
  using Parts = std::vector<std::string>;
  struct Line {
    Parts pattern;
    bool reincludes;
  };

  std::vector<Line> lines_;
  bool any_reincludes_ = false;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BUILD_DOCKER_IGNORE_H_
