#ifndef DAYTONAD_CLIENT_CLI_VOLUME_VOLUME_COMMANDS_H_
#define DAYTONAD_CLIENT_CLI_VOLUME_VOLUME_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"

namespace daytonad::cli {

// Adds `volume`: create, get, list, delete.
void AddVolumeCommands(CLI::App* app, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_VOLUME_VOLUME_COMMANDS_H_
