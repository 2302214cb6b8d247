#include <cstdint>
#include <ostream>
#include <string>

#include "client/cli/base/command.h"
#include "client/cli/base/error_text.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/json.h"
#include "client/cli/base/session.h"
#include "client/cli/base/text.h"
#include "client/cli/build/build_commands.h"
#include "daytonad/v1/build_service.grpc.pb.h"

namespace daytonad::cli {
namespace {

int ExitCodeOfEnd(const v1::StreamEnd& end, std::ostream& err) {
  switch (end.reason()) {
    case v1::STREAM_END_REASON_RESOURCE_FAILED:
      err << "error: the build failed: " << Printable(end.message()) << '\n';
      return kExitPrecondition;
    case v1::STREAM_END_REASON_RESOURCE_GONE:
      err << "error: deleted meanwhile; the log may be incomplete\n";
      return kExitNotFound;
    default:
      return kExitOk;
  }
}

int Logs(Session& session, const v1::StreamBuildLogsRequest& request) {
  const Console& console = session.console();
  v1::StreamEnd end;
  TerminalLog terminal_log;
  const auto error = session.Stream(
      session.client().builds(), &v1::BuildService::Stub::StreamBuildLogs, request,
      [&](const v1::StreamBuildLogsResponse& message) {
        if (session.options().output == OutputFormat::kJson) {
          console.out << ToJson(message, /*pretty=*/false) << std::flush;
        } else if (message.has_log()) {
          const std::string& data = message.log().data();
          console.out << (console.width > 0 ? terminal_log.Take(data) : data) << std::flush;
        }
        if (message.log().missing_bytes() > 0) {
          console.err << "warning: " << message.log().missing_bytes() << " bytes of the log are no longer kept\n";
        }
        if (message.has_warning()) console.err << WarningLine(message.warning()) << '\n';
        if (message.has_end()) end = message.end();
      });
  console.out << terminal_log.Rest() << std::flush;
  if (error.has_value()) return session.Fail(*error);
  return ExitCodeOfEnd(end, console.err);
}

}  // namespace

void AddLogsCommand(CLI::App* group, Action* action) {
  const auto logs = AddCommand<v1::StreamBuildLogsRequest>(
      group, "logs", "Write a build log to standard output, as it is written", action, Logs);
  v1::StreamBuildLogsRequest* request = logs.options;
  CLI::Option_group* target = logs.flags->add_option_group("Target", "Whose log, one of:");
  target->require_option(1);
  AddText(target, "SNAPSHOT", "ID_OR_NAME", "A snapshot, by id or name",
          [request](const std::string& snapshot) { request->set_snapshot(snapshot); });
  AddText(target, "--sandbox", "ID_OR_NAME", "A sandbox that is built from an image or a Dockerfile",
          [request](const std::string& sandbox) { request->set_sandbox(sandbox); });
  AddNumber<std::int64_t>(logs.flags, "--offset", "Byte to begin at",
                          [request](std::int64_t offset) { request->set_offset(offset); });
  AddSwitch(logs.flags, "--no-follow", "Stop at the end of what there is",
            [request](bool no_follow) { request->set_follow(!no_follow); });
}

}  // namespace daytonad::cli
