#include "client/cli/sandbox/sandbox_setting_commands.h"

#include <string>

#include "client/cli/base/details.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/session.h"
#include "client/cli/sandbox/sandbox_tables.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad::cli {
namespace {

using Stub = v1::DaytonaService::Stub;

template <typename Request, typename Response>
using StubMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Changes a setting, and shows the sandbox if the answer has it.
template <auto method, typename Request, typename Response>
int ChangeSetting(Session& session, const Request& request) {
  const client::Result<Response> result = session.Call(session.client().sandboxes(), method, request);
  if (!result.ok()) return session.Fail(*result.error);
  if constexpr (requires { result.value.sandbox(); }) {
    google::protobuf::RepeatedPtrField<v1::Sandbox> list;
    *list.Add() = result.value.sandbox();
    return session.Print(result.value, SandboxTable(list), Names(list));
  } else {
    return session.Print(result.value, Table(), {request.sandbox()});
  }
}

// A command that changes one setting of a sandbox.
template <typename Request, typename Response, StubMethod<Request, Response> method>
Command<Request> AddSetting(CLI::App* group, const std::string& name, const std::string& help, Action* action) {
  const auto command = AddCommand<Request>(group, name, help, action, &ChangeSetting<method, Request, Response>);
  AddText(command.flags, "SANDBOX", "ID_OR_NAME", "Its id or name", [request = command.options](const std::string& id) {
    request->set_sandbox(id);
  })->required();
  AddRequestId(command.flags, command.options);
  return command;
}

// The number of minutes, after the sandbox.
template <typename Request>
void AddMinutes(const Command<Request>& command, const std::string& help) {
  AddNumber(command.flags, "MINUTES", help, [request = command.options](int minutes) {
    request->set_minutes(minutes);
  })->required();
}

void AddLabels(CLI::App* group, Action* action) {
  const auto command = AddSetting<v1::SetSandboxLabelsRequest, v1::SetSandboxLabelsResponse, &Stub::SetSandboxLabels>(
      group, "labels", "Replace all its labels; without any, remove them", action);
  AddKeyValues(command.flags, "--label", "KEY=VALUE", "A label that it is to have", command.options->mutable_labels());
}

void AddIntervals(CLI::App* group, Action* action) {
  AddMinutes(AddSetting<v1::SetSandboxAutoStopRequest, v1::SetSandboxAutoStopResponse, &Stub::SetSandboxAutoStop>(
                 group, "auto-stop", "Stop it after minutes without activity", action),
             "0: never");
  AddMinutes(AddSetting<v1::SetSandboxAutoPauseRequest, v1::SetSandboxAutoPauseResponse, &Stub::SetSandboxAutoPause>(
                 group, "auto-pause", "Pause it after minutes without activity", action),
             "0: never");
  AddMinutes(
      AddSetting<v1::SetSandboxAutoArchiveRequest, v1::SetSandboxAutoArchiveResponse, &Stub::SetSandboxAutoArchive>(
          group, "auto-archive", "Archive it after minutes in which it is stopped", action),
      "0: as late as possible");
  AddMinutes(AddSetting<v1::SetSandboxAutoDeleteRequest, v1::SetSandboxAutoDeleteResponse, &Stub::SetSandboxAutoDelete>(
                 group, "auto-delete", "Delete it after minutes in which it is stopped", action),
             "0: as soon as it stops; -1: never");
  AddMinutes(AddSetting<v1::SetSandboxTtlRequest, v1::SetSandboxTtlResponse, &Stub::SetSandboxTtl>(
                 group, "ttl", "Delete it after minutes from now, whatever it does then", action),
             "0: no limit");
}

void AddPublic(CLI::App* group, Action* action) {
  const auto command = AddSetting<v1::SetSandboxPublicRequest, v1::SetSandboxPublicResponse, &Stub::SetSandboxPublic>(
      group, "public", "Set whether its preview links work without a token", action);
  AddWord<bool>(command.flags, "PUBLIC", "true|false", "Whether they do", {{"true", true}, {"false", false}},
                [request = command.options](bool is_public) { request->set_is_public(is_public); })
      ->required();
}

void AddNetwork(CLI::App* group, Action* action) {
  const auto command =
      AddSetting<v1::SetSandboxNetworkRequest, v1::SetSandboxNetworkResponse, &Stub::SetSandboxNetwork>(
          group, "network", "Change what it may reach; what is not given stays", action);
  v1::SetSandboxNetworkRequest* request = command.options;
  AddSwitch(command.flags, "--block-all", "Block all traffic to the outside (=false: unblock)",
            [request](bool block) { request->set_network_block_all(block); });
  CLI::Option* network =
      AddRepeatedText(command.flags, "--allow-network", "CIDR", "The only networks that it may reach",
                      [request](const std::string& cidr) { request->mutable_network_allow_list()->add_entries(cidr); });
  AddSwitch(command.flags, "--any-network", "Remove the list of networks", [request](bool any) {
    if (any) request->mutable_network_allow_list();
  })->excludes(network);
  CLI::Option* domain =
      AddRepeatedText(command.flags, "--allow-domain", "DOMAIN", "The only domains that it may reach",
                      [request](const std::string& name) { request->mutable_domain_allow_list()->add_entries(name); });
  AddSwitch(command.flags, "--any-domain", "Remove the list of domains", [request](bool any) {
    if (any) request->mutable_domain_allow_list();
  })->excludes(domain);
}

}  // namespace

void AddSandboxSettingCommands(CLI::App* sandbox_group, Action* action) {
  AddSetting<v1::RefreshSandboxActivityRequest, v1::RefreshSandboxActivityResponse, &Stub::RefreshSandboxActivity>(
      sandbox_group, "refresh", "Count as activity, so that it is not stopped or paused", action);
  CLI::App* group = AddGroup(sandbox_group, "set", "Change a setting of a sandbox");
  AddLabels(group, action);
  AddIntervals(group, action);
  AddPublic(group, action);
  AddNetwork(group, action);
}

}  // namespace daytonad::cli
