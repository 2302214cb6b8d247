#include "client/cli/app.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cli/base/command.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/session.h"
#include "client/cli/build/build_commands.h"
#include "client/cli/completion.h"
#include "client/cli/daemon/daemon_commands.h"
#include "client/cli/sandbox/sandbox_commands.h"
#include "client/cli/snapshot/snapshot_commands.h"
#include "client/cli/volume/volume_commands.h"
#include "client/cpp/address.h"

namespace daytonad::cli {
namespace {

constexpr char kFooter[] =
    "Results go to standard output, everything else to standard error.\n"
    "Exit codes: 0 done, 1 failed, 2 command line, 3 not found, 4 invalid argument, 5 permission denied,\n"
    "6 time limit, 7 daemon or Daytona unavailable, 8 quota or rate limit, 9 wrong state or name taken, 130 Ctrl-C.";

void AddGlobalFlags(CLI::App* app, GlobalOptions* options) {
  AddText(app, "--address,-a", "ADDRESS",
          "The daemon's address, unix:PATH or HOST:PORT; default: DAYTONAD_ADDRESS, else the usual socket",
          [options](const std::string& address) { options->address = address; });
  AddWord<OutputFormat>(app, "--output,-o", "FORMAT", "How to print results: table, json (proto JSON) or name",
                        {{"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}, {"name", OutputFormat::kName}},
                        [options](OutputFormat format) { options->output = format; });
  AddText(app, "--deadline", "DURATION",
          "Give up after this long (30s, 5m); a command's --timeout limits Daytona's part",
          [options](const std::string& text) { options->deadline = ParseDuration("--deadline", text); });
}

// Help that does not list which flags exclude each other: the error says so.
class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat() { column_width(34); }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->nonpositional() && !option->get_type_name().empty()) return " " + option->get_type_name();
    return "";
  }
};

// Explains why `app` rejected the command line.
void ExplainUsage(const CLI::App& app, const CLI::ParseError& error, std::ostream& err) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::string name = command->get_name();
  for (const CLI::App* parent = command->get_parent(); parent != nullptr; parent = parent->get_parent()) {
    name.insert(0, parent->get_name() + " ");
  }
  std::string message = error.what();
  const auto is_command = [](const CLI::App* subcommand) { return !subcommand->get_name().empty(); };
  if (error.get_name() == "RequiredError" && !command->get_subcommands(is_command).empty()) {
    message = "a command is missing";
  }
  // CLI11 reports a missing command before it reports an unknown one.
  if (const std::vector<std::string> unknown = app.remaining(/*recurse=*/true); !unknown.empty()) {
    message = "\"" + unknown.front() + "\" is not known here";
  }
  err << "error: " << message << "\nSee `" << name << " --help`.\n";
}

int PrintVersion(Session& session, const bool&) {
  const std::string version = DAYTONAD_VERSION;
  if (session.options().output == OutputFormat::kJson) {
    session.console().out << R"({"version": ")" << version << "\"}\n";
  } else {
    session.console().out << "daytonactl " << version << '\n';
  }
  return kExitOk;
}

}  // namespace

int Run(std::vector<std::string> arguments, Console& console, Cancellation& cancellation) {
  CLI::App app("Talks to daytonad, the Daytona sandbox API as a local gRPC daemon.", "daytonactl");
  GlobalOptions options;
  Action action;
  app.formatter(std::make_shared<HelpFormat>());
  app.set_version_flag("--version", "daytonactl " DAYTONAD_VERSION);
  app.require_subcommand(1);
  app.fallthrough();  // global flags may also follow the command
  AddGlobalFlags(&app, &options);
  AddSandboxCommands(&app, &action);
  AddSnapshotCommands(&app, &action);
  AddVolumeCommands(&app, &action);
  AddContextCommands(&app, &action);
  AddHealthCommand(&app, &action);
  AddInfoCommand(&app, &action);
  AddCommand<bool>(&app, "version", "Show the version of this program; `info` shows the daemon's", &action,
                   PrintVersion);
  AddCompletionCommand(&app, &action);
  app.footer(kFooter);  // last, so that commands do not inherit it

  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {  // also thrown for help and version
    if (error.get_exit_code() == 0) return app.exit(error, console.out, console.err);
    ExplainUsage(app, error, console.err);
    return kExitUsage;
  }
  if (options.address.empty()) options.address = client::DefaultAddress();
  if (const auto target = client::GrpcTarget(options.address); !target.ok()) {
    console.err << "error: " << target.status().message() << '\n';
    return kExitUsage;
  }
  Session session(std::move(options), console, cancellation);
  return action(session);
}

}  // namespace daytonad::cli
