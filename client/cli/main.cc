#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"
#include "client/cli/base/cancellation.h"
#include "client/cli/base/console.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/signal_watcher.h"

namespace {

// Columns of the terminal behind `fd`; 0 if it is not a terminal.
int TerminalWidth(int fd) {
  constexpr int kUsual = 80;  // for terminals that do not report it
  winsize size{};
  if (isatty(fd) == 0) return 0;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace

int main(int argc, char** argv) {
  // End as other tools do when the reader of a pipe has gone, even if the parent ignores SIGPIPE. The daemon sees the
  // connection close.
  std::signal(SIGPIPE, SIG_DFL);
  // Hides gRPC's own messages; GRPC_VERBOSITY brings them back.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);

  daytonad::cli::Cancellation cancellation;
  const daytonad::cli::SignalWatcher watcher(cancellation);
  daytonad::cli::Console console{std::cout, std::cerr, TerminalWidth(STDOUT_FILENO), TerminalWidth(STDERR_FILENO)};
  int code = daytonad::cli::Run(std::vector<std::string>(argv + 1, argv + argc), console, cancellation);
  if (!std::cout.flush()) {
    std::cerr << "error: can't write to standard output\n";
    if (code == daytonad::cli::kExitOk) code = daytonad::cli::kExitFailed;
  }
  return code;
}
