#ifndef DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_COMMANDS_H_
#define DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"

namespace daytonad::cli {

// Adds `sandbox`: create, get, find, list, start, stop, delete, wait, refresh, set.
void AddSandboxCommands(CLI::App* app, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_COMMANDS_H_
