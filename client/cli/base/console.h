#ifndef DAYTONAD_CLIENT_CLI_BASE_CONSOLE_H_
#define DAYTONAD_CLIENT_CLI_BASE_CONSOLE_H_

#include <ostream>

namespace daytonad::cli {

// Where the program writes. Results go to `out`, everything else (progress, build logs, errors) to `err`.
struct Console {
  std::ostream& out;
  std::ostream& err;
  // Columns of the terminal behind `out`; 0 if it is not a terminal: lines are not cut then.
  int width = 0;
  // The same for `err`; 0: no progress bars.
  int err_width = 0;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_CONSOLE_H_
