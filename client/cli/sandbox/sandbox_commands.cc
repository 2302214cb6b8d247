#include "client/cli/sandbox/sandbox_commands.h"

#include <string>

#include "client/cli/base/details.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/list_all.h"
#include "client/cli/base/session.h"
#include "client/cli/create/create_command.h"
#include "client/cli/sandbox/sandbox_flags.h"
#include "client/cli/sandbox/sandbox_setting_commands.h"
#include "client/cli/sandbox/sandbox_tables.h"
#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad::cli {
namespace {

using v1::DaytonaService;
using SandboxList = google::protobuf::RepeatedPtrField<v1::Sandbox>;

// See create_command.h.
struct SandboxKind {
  static constexpr char kWord[] = "sandbox";
  using Request = v1::CreateSandboxRequest;
  using StreamRequest = v1::CreateSandboxStreamRequest;
  using Response = v1::CreateSandboxResponse;
  using Event = v1::CreateSandboxStreamResponse;
  static constexpr auto kCall = &DaytonaService::Stub::CreateSandbox;
  static constexpr auto kStream = &DaytonaService::Stub::CreateSandboxStream;

  static DaytonaService::Stub& Stub(client::Client& client) { return client.sandboxes(); }
  static const v1::Sandbox* StateIn(const Event& event) { return event.has_sandbox() ? &event.sandbox() : nullptr; }
  static v1::Sandbox* In(Response* response) { return response->mutable_sandbox(); }
  static std::string NameOf(const StreamRequest& request) {
    return request.spec().name().empty() ? SandboxNameFor(request.request_id()) : request.spec().name();
  }
};

struct ListOptions {
  v1::ListSandboxesRequest request;
  bool all = false;
};

// A response with one sandbox, as a line of a list.
template <typename Response>
int PrintLine(Session& session, const client::Result<Response>& result) {
  if (!result.ok()) return session.Fail(*result.error);
  SandboxList list;
  *list.Add() = result.value.sandbox();
  return session.Print(result.value, SandboxTable(list), Names(list));
}

// A response with one sandbox, with all its properties.
template <typename Response>
int PrintDetails(Session& session, const client::Result<Response>& result) {
  if (!result.ok()) return session.Fail(*result.error);
  return session.Print(result.value, SandboxDetails(result.value.sandbox()), {result.value.sandbox().name()});
}

int CreateSandbox(Session& session, const CreateOptions<SandboxKind>& options) {
  return PrintLine(session, Create(session, options));
}

int Get(Session& session, const v1::GetSandboxRequest& request) {
  return PrintDetails(session, session.Call(session.client().sandboxes(), &DaytonaService::Stub::GetSandbox, request));
}

int Find(Session& session, const v1::FindSandboxRequest& request) {
  return PrintDetails(session, session.Call(session.client().sandboxes(), &DaytonaService::Stub::FindSandbox, request));
}

int List(Session& session, const ListOptions& options) {
  if (options.all) {
    v1::StreamSandboxesRequest request;
    if (options.request.has_filter()) *request.mutable_filter() = options.request.filter();
    request.set_sort(options.request.sort());
    request.set_order(options.request.order());
    request.set_page_size(options.request.page_size());
    return ListAll(session, session.client().sandboxes(), &DaytonaService::Stub::StreamSandboxes, request,
                   &v1::StreamSandboxesResponse::sandbox, SandboxTable);
  }
  const auto result = session.Call(session.client().sandboxes(), &DaytonaService::Stub::ListSandboxes, options.request);
  if (!result.ok()) return session.Fail(*result.error);
  session.Print(result.value, SandboxTable(result.value.sandboxes()), Names(result.value.sandboxes()));
  session.SayWhatFollows(result.value);
  return kExitOk;
}

int Start(Session& session, const v1::StartSandboxRequest& request) {
  return PrintLine(session, session.Call(session.client().sandboxes(), &DaytonaService::Stub::StartSandbox, request));
}

int Stop(Session& session, const v1::StopSandboxRequest& request) {
  return PrintLine(session, session.Call(session.client().sandboxes(), &DaytonaService::Stub::StopSandbox, request));
}

int Delete(Session& session, const v1::DeleteSandboxRequest& request) {
  return PrintLine(session, session.Call(session.client().sandboxes(), &DaytonaService::Stub::DeleteSandbox, request));
}

int Wait(Session& session, const v1::WaitSandboxRequest& request) {
  v1::WaitSandboxRequest wanted = request;
  if (wanted.states().empty() && wanted.state_texts().empty()) wanted.add_states(v1::SANDBOX_STATE_STARTED);
  return PrintLine(session, session.Call(session.client().sandboxes(), &DaytonaService::Stub::WaitSandbox, wanted));
}

// Positional, required.
template <typename Request>
void AddSandbox(CLI::App* command, Request* request) {
  AddText(command, "SANDBOX", "ID_OR_NAME", "Its id or name", [request](const std::string& sandbox) {
    request->set_sandbox(sandbox);
  })->required();
}

// For commands that wait by default.
template <typename Request>
void AddNoWait(CLI::App* command, Request* request) {
  AddSwitch(command, "--no-wait", "Return as soon as Daytona accepted it",
            [request](bool no_wait) { request->set_wait(!no_wait); });
}

void AddCreate(CLI::App* group, Action* action) {
  const auto create = AddCommand<CreateOptions<SandboxKind>>(
      group, "create", "Create a sandbox and wait until it is started, showing states and the build log", action,
      CreateSandbox);
  AddSandboxSpecFlags(create.flags, create.options->request.mutable_spec(), &create.options->context);
  AddCreateFlags(create.flags, create.options);
}

void AddList(CLI::App* group, Action* action) {
  const auto list = AddCommand<ListOptions>(group, "list", "List sandboxes, a page at a time", action, List);
  v1::ListSandboxesRequest* request = &list.options->request;
  AddSandboxFilterFlags(list.flags, request->mutable_filter());
  AddEnum<v1::SandboxSortField>(list.flags, "--sort", "What to sort by",
                                [request](v1::SandboxSortField field) { request->set_sort(field); });
  AddEnum<v1::SortOrder>(list.flags, "--order", "In which order",
                         [request](v1::SortOrder order) { request->set_order(order); });
  AddPageSize(list.flags, request);
  CLI::Option* token = AddPageToken(list.flags, request);
  CLI::Option* page = AddPageNumber(list.flags, request)->excludes(token);
  CLI::Option* max_age = AddMaxAge(list.flags, request);
  AddSwitch(list.flags, "--all", "All pages; JSON and names are printed as they come",
            [options = list.options](bool all) { options->all = all; })
      ->excludes(token)
      ->excludes(page)
      ->excludes(max_age);
}

}  // namespace

void AddSandboxCommands(CLI::App* app, Action* action) {
  CLI::App* group = AddGroup(app, "sandbox", "Create, find, start, stop, change and delete sandboxes");
  AddCreate(group, action);

  const auto get = AddCommand<v1::GetSandboxRequest>(group, "get", "Show a sandbox", action, Get);
  AddSandbox(get.flags, get.options);
  AddMaxAge(get.flags, get.options);

  const auto find =
      AddCommand<v1::FindSandboxRequest>(group, "find", "Find one by id or name, else by labels", action, Find);
  AddText(find.flags, "SANDBOX", "ID_OR_NAME", "Its id or name",
          [request = find.options](const std::string& sandbox) { request->set_sandbox(sandbox); });
  AddKeyValues(find.flags, "--label", "KEY=VALUE", "A label that it has", find.options->mutable_labels());
  AddMaxAge(find.flags, find.options);

  AddList(group, action);

  const auto start = AddCommand<v1::StartSandboxRequest>(group, "start", "Start one and wait", action, Start);
  AddSandbox(start.flags, start.options);
  AddTimeout(start.flags, start.options, "it");
  AddRequestId(start.flags, start.options);
  AddNoWait(start.flags, start.options);

  const auto stop = AddCommand<v1::StopSandboxRequest>(group, "stop", "Stop one and wait", action, Stop);
  AddSandbox(stop.flags, stop.options);
  AddTimeout(stop.flags, stop.options, "it");
  AddRequestId(stop.flags, stop.options);
  AddNoWait(stop.flags, stop.options);
  AddSwitch(stop.flags, "--force", "Kill it instead of letting it shut down",
            [request = stop.options](bool force) { request->set_force(force); });

  const auto remove = AddCommand<v1::DeleteSandboxRequest>(group, "delete", "Delete one", action, Delete);
  AddSandbox(remove.flags, remove.options);
  AddTimeout(remove.flags, remove.options, "it");
  AddRequestId(remove.flags, remove.options);
  AddSwitch(remove.flags, "--wait", "Wait until it is gone",
            [request = remove.options](bool wait) { request->set_wait(wait); });

  const auto wait = AddCommand<v1::WaitSandboxRequest>(group, "wait", "Wait until one is in a state", action, Wait);
  AddSandbox(wait.flags, wait.options);
  AddTimeout(wait.flags, wait.options, "it");
  v1::WaitSandboxRequest* wanted = wait.options;
  AddRepeatedText(wait.flags, "--state", "STATE", "The wanted state, or one of these (started, if not given)",
                  EnumOrText<v1::SandboxState>([wanted](v1::SandboxState known) { wanted->add_states(known); },
                                               [wanted](const std::string& text) { wanted->add_state_texts(text); }));

  AddSandboxSettingCommands(group, action);
}

}  // namespace daytonad::cli
