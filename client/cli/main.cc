#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"
#include "client/cli/cancellation.h"
#include "client/cli/console.h"
#include "client/cli/exit_code.h"
#include "client/cli/signal_watcher.h"

namespace {

// Columns of the terminal that standard output is; 0 if it is none.
int TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  // When the reader of a pipe has gone, end as other tools do, also if the parent ignores the signal. The daemon sees
  // the connection close.
  std::signal(SIGPIPE, SIG_DFL);
  // gRPC's own messages would stand between ours; GRPC_VERBOSITY brings them back.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);

  daytonad::cli::Cancellation cancellation;
  const daytonad::cli::SignalWatcher watcher(cancellation);
  daytonad::cli::Console console{std::cout, std::cerr, TerminalWidth()};
  int code = daytonad::cli::Run(std::vector<std::string>(argv + 1, argv + argc), console, cancellation);
  if (!std::cout.flush()) {
    std::cerr << "error: can't write to standard output\n";
    if (code == daytonad::cli::kExitOk) code = daytonad::cli::kExitFailed;
  }
  return code;
}
