#ifndef DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_COMMANDS_H_
#define DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"

namespace daytonad::cli {

// Adds `snapshot`: create, get, list, activate, deactivate, delete, logs.
void AddSnapshotCommands(CLI::App* app, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_COMMANDS_H_
