#ifndef DAYTONAD_CLIENT_CLI_DAEMON_DAEMON_COMMANDS_H_
#define DAYTONAD_CLIENT_CLI_DAEMON_DAEMON_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"

namespace daytonad::cli {

// Adds `health` and `info`, which ask the daemon about itself.
void AddHealthCommand(CLI::App* app, Action* action);
void AddInfoCommand(CLI::App* app, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_DAEMON_DAEMON_COMMANDS_H_
