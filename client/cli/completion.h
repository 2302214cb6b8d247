#ifndef DAYTONAD_CLIENT_CLI_COMPLETION_H_
#define DAYTONAD_CLIENT_CLI_COMPLETION_H_

#include <string>

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"

namespace daytonad::cli {

// Scripts for the shell to source. They complete the commands and flags of `app`, and file names where a flag takes a
// value.
std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);
std::string FishCompletion(const CLI::App& app);

// Adds `completion`, which prints these scripts.
void AddCompletionCommand(CLI::App* app, Action* action);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_COMPLETION_H_
