#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_HEREDOC_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_HEREDOC_H_

#include <string>
#include <string_view>
#include <vector>

namespace daytonad {

// A heredoc that an instruction announces: "<<EOF", "<<-'EOF'", "3<<EOF".
struct Heredoc {
  std::string name;         // the line that ends it
  bool strip_tabs = false;  // "<<-": ignore tabs before that line
};

// The heredocs of an instruction's line, in order. BuildKit finds them as a shell does, whatever the instruction:
// separate words outside of quotes. A line that it cannot split (an open quote, a broken `${`) has none.
std::vector<Heredoc> FindHeredocs(std::string_view line);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_HEREDOC_H_
