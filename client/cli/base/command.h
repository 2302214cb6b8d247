#ifndef DAYTONAD_CLIENT_CLI_BASE_COMMAND_H_
#define DAYTONAD_CLIENT_CLI_BASE_COMMAND_H_

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "client/cli/base/session.h"

namespace daytonad::cli {

// Runs the chosen command and returns its exit code.
using Action = std::function<int(Session&)>;

// An added command. Parsing its flags fills in `options`.
template <typename Options>
struct Command {
  CLI::App* flags;
  Options* options;
};

// Adds a command to a group. If the command line names it, parsing sets `*action` to `run` with the parsed options.
// `action` must outlive `group`.
template <typename Options>
Command<Options> AddCommand(CLI::App* group, const std::string& name, const std::string& help, Action* action,
                            int (*run)(Session&, const Options&)) {
  auto options = std::make_shared<Options>();
  CLI::App* flags = group->add_subcommand(name, help);
  flags->callback(
      [action, run, options] { *action = [run, options](Session& session) { return run(session, *options); }; });
  return {flags, options.get()};
}

// Adds a group of commands, one of which must be chosen.
inline CLI::App* AddGroup(CLI::App* app, const std::string& name, const std::string& help) {
  CLI::App* group = app->add_subcommand(name, help);
  group->require_subcommand(1);
  return group;
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_COMMAND_H_
