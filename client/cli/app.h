#ifndef DAYTONAD_CLIENT_CLI_APP_H_
#define DAYTONAD_CLIENT_CLI_APP_H_

#include <string>
#include <vector>

#include "client/cli/base/cancellation.h"
#include "client/cli/base/console.h"

namespace daytonad::cli {

// Runs the command line `arguments`, without the program's name, and returns the exit code.
int Run(std::vector<std::string> arguments, Console& console, Cancellation& cancellation);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_APP_H_
