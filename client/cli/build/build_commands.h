#ifndef DAYTONAD_CLIENT_CLI_BUILD_BUILD_COMMANDS_H_
#define DAYTONAD_CLIENT_CLI_BUILD_BUILD_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"

namespace daytonad::cli {

// Adds `context upload`.
void AddContextCommands(CLI::App* app, Action* action);

// Adds `logs` to `group`: the build log of a snapshot or of a sandbox.
void AddLogsCommand(CLI::App* group, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BUILD_BUILD_COMMANDS_H_
