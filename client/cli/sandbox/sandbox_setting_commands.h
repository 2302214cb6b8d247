#ifndef DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_SETTING_COMMANDS_H_
#define DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_SETTING_COMMANDS_H_

#include "client/cli/base/command.h"

namespace daytonad::cli {

// `sandbox set ...` and `sandbox refresh`.
void AddSandboxSettingCommands(CLI::App* sandbox_group, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_SETTING_COMMANDS_H_
