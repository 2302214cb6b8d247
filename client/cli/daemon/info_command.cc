#include <string>

#include <google/protobuf/descriptor.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "client/cli/base/command.h"
#include "client/cli/base/session.h"
#include "client/cli/daemon/daemon_commands.h"
#include "daytonad/v1/daemon_service.grpc.pb.h"

namespace daytonad::cli {
namespace {

// "durable request ids" for CAPABILITY_DURABLE_REQUEST_IDS; the number if this program does not know the value.
template <typename Enum>
std::string Words(const std::string& prefix, Enum value) {
  const auto* known = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
  if (known == nullptr) return std::to_string(value);
  return absl::AsciiStrToLower(absl::StrReplaceAll(known->name(), {{prefix, ""}, {"_", " "}}));
}

Table InfoTable(const v1::GetDaemonInfoResponse& info) {
  Table table;
  table.AddRow({"Version:", info.version()});
  table.AddRow({"API:", info.api_url()});
  table.AddRow({"Upstream version:", info.upstream_version().empty() ? "not known yet" : info.upstream_version()});
  table.AddRow({"Events:", Words("EVENTS_STATE_", info.events())});
  for (const int capability : info.capabilities()) {
    table.AddRow({"Can:", Words("CAPABILITY_", static_cast<v1::Capability>(capability))});
  }
  for (const int capability : info.unknown_capabilities()) {
    table.AddRow({"Perhaps:", Words("CAPABILITY_", static_cast<v1::Capability>(capability))});
  }
  return table;
}

int ShowInfo(Session& session, const v1::GetDaemonInfoRequest& request) {
  const auto result = session.Call(session.client().daemon(), &v1::DaemonService::Stub::GetDaemonInfo, request);
  if (!result.ok()) return session.Fail(*result.error);
  return session.Print(result.value, InfoTable(result.value), {result.value.version()});
}

}  // namespace

void AddInfoCommand(CLI::App* app, Action* action) {
  AddCommand<v1::GetDaemonInfoRequest>(
      app, "info", "Show what the daemon is, which Daytona it talks to, what it can do", action, ShowInfo);
}

}  // namespace daytonad::cli
