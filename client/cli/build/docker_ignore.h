#ifndef DAYTONAD_CLIENT_CLI_BUILD_DOCKER_IGNORE_H_
#define DAYTONAD_CLIENT_CLI_BUILD_DOCKER_IGNORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/context_pack.h"

namespace daytonad::cli {

// What a .dockerignore leaves out of a build context, as Docker understands it: a pattern a line, relative to the
// context, for a path and all below it; `*`, `?` and `[a-z]` within a part of the path, `**` for any number of parts;
// `!` takes back; the last line that fits decides; `#` begins a comment.
class DockerIgnore {
 public:
  // `text` is the file's; an empty one leaves nothing out.
  explicit DockerIgnore(std::string_view text);

  // `path` is relative to the context, "app/lib/a.txt".
  client::Inclusion Includes(const std::string& path) const;

 private:
  using Parts = std::vector<std::string>;
  struct Line {
    Parts pattern;
    bool takes_back;
  };

  std::vector<Line> lines_;
  bool any_takes_back_ = false;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BUILD_DOCKER_IGNORE_H_
