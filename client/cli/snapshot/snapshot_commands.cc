#include "client/cli/snapshot/snapshot_commands.h"

#include <string>

#include "client/cli/base/details.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/list_all.h"
#include "client/cli/base/session.h"
#include "client/cli/build/build_commands.h"
#include "client/cli/create/create_command.h"
#include "client/cli/snapshot/snapshot_flags.h"
#include "client/cli/snapshot/snapshot_tables.h"
#include "daytonad/v1/snapshot_service.grpc.pb.h"

namespace daytonad::cli {
namespace {

using v1::SnapshotService;
using SnapshotList = google::protobuf::RepeatedPtrField<v1::Snapshot>;

// See create_command.h.
struct SnapshotKind {
  static constexpr char kWord[] = "snapshot";
  using Request = v1::CreateSnapshotRequest;
  using StreamRequest = v1::CreateSnapshotStreamRequest;
  using Response = v1::CreateSnapshotResponse;
  using Event = v1::CreateSnapshotStreamResponse;
  static constexpr auto kCall = &SnapshotService::Stub::CreateSnapshot;
  static constexpr auto kStream = &SnapshotService::Stub::CreateSnapshotStream;

  static SnapshotService::Stub& Stub(client::Client& client) { return client.snapshots(); }
  static const v1::Snapshot* StateIn(const Event& event) { return event.has_snapshot() ? &event.snapshot() : nullptr; }
  static v1::Snapshot* In(Response* response) { return response->mutable_snapshot(); }
  static std::string NameOf(const StreamRequest& request) { return request.spec().name(); }
};

struct ListOptions {
  v1::ListSnapshotsRequest request;
  bool all = false;
};

// A response with one snapshot, as a line of a list.
template <typename Response>
int PrintLine(Session& session, const client::Result<Response>& result) {
  if (!result.ok()) return session.Fail(*result.error);
  SnapshotList list;
  *list.Add() = result.value.snapshot();
  return session.Print(result.value, SnapshotTable(list), Names(list));
}

int CreateSnapshot(Session& session, const CreateOptions<SnapshotKind>& options) {
  return PrintLine(session, Create(session, options));
}

int Get(Session& session, const v1::GetSnapshotRequest& request) {
  const auto result = session.Call(session.client().snapshots(), &SnapshotService::Stub::GetSnapshot, request);
  if (!result.ok()) return session.Fail(*result.error);
  return session.Print(result.value, SnapshotDetails(result.value.snapshot()), {result.value.snapshot().name()});
}

int List(Session& session, const ListOptions& options) {
  if (options.all) {
    v1::StreamSnapshotsRequest request;
    request.set_name(options.request.name());
    request.set_source_sandbox(options.request.source_sandbox());
    request.set_sort(options.request.sort());
    request.set_order(options.request.order());
    request.set_page_size(options.request.page_size());
    return ListAll(session, session.client().snapshots(), &SnapshotService::Stub::StreamSnapshots, request,
                   &v1::StreamSnapshotsResponse::snapshot, SnapshotTable);
  }
  const auto result =
      session.Call(session.client().snapshots(), &SnapshotService::Stub::ListSnapshots, options.request);
  if (!result.ok()) return session.Fail(*result.error);
  session.Print(result.value, SnapshotTable(result.value.snapshots()), Names(result.value.snapshots()));
  session.SayWhatFollows(result.value);
  return kExitOk;
}

int Activate(Session& session, const v1::ActivateSnapshotRequest& request) {
  return PrintLine(session,
                   session.Call(session.client().snapshots(), &SnapshotService::Stub::ActivateSnapshot, request));
}

int Deactivate(Session& session, const v1::DeactivateSnapshotRequest& request) {
  return PrintLine(session,
                   session.Call(session.client().snapshots(), &SnapshotService::Stub::DeactivateSnapshot, request));
}

int Delete(Session& session, const v1::DeleteSnapshotRequest& request) {
  const auto result = session.Call(session.client().snapshots(), &SnapshotService::Stub::DeleteSnapshot, request);
  if (!result.ok()) return session.Fail(*result.error);
  Table table;
  table.AddRow({"deleted", result.value.snapshot_id()});
  return session.Print(result.value, table, {result.value.snapshot_id()});
}

// Positional, required.
template <typename Request>
CLI::Option* AddSnapshot(CLI::App* command, Request* request) {
  return AddText(command, "SNAPSHOT", "ID_OR_NAME", "Its id or name",
                 [request](const std::string& snapshot) { request->set_snapshot(snapshot); })
      ->required();
}

void AddCreate(CLI::App* group, Action* action) {
  const auto create = AddCommand<CreateOptions<SnapshotKind>>(
      group, "create", "Make a snapshot and wait until it is active, showing states and the build log", action,
      CreateSnapshot);
  AddSnapshotSpecFlags(create.flags, create.options->request.mutable_spec(), &create.options->context);
  AddCreateFlags(create.flags, create.options);
}

void AddList(CLI::App* group, Action* action) {
  const auto list = AddCommand<ListOptions>(group, "list", "List snapshots, a page at a time", action, List);
  v1::ListSnapshotsRequest* request = &list.options->request;
  AddText(list.flags, "--name", "TEXT", "Only those whose name contains this",
          [request](const std::string& name) { request->set_name(name); });
  AddText(list.flags, "--source-sandbox", "ID", "Only those that were taken from this sandbox",
          [request](const std::string& sandbox) { request->set_source_sandbox(sandbox); });
  AddEnum<v1::SnapshotSortField>(list.flags, "--sort", "What to sort by",
                                 [request](v1::SnapshotSortField field) { request->set_sort(field); });
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

void AddSnapshotCommands(CLI::App* app, Action* action) {
  CLI::App* group = AddGroup(app, "snapshot", "Make, list and delete snapshots, and read build logs");
  AddCreate(group, action);

  const auto get = AddCommand<v1::GetSnapshotRequest>(group, "get", "Show a snapshot", action, Get);
  AddSnapshot(get.flags, get.options);
  AddMaxAge(get.flags, get.options);

  AddList(group, action);

  const auto activate =
      AddCommand<v1::ActivateSnapshotRequest>(group, "activate", "Make an inactive one usable again", action, Activate);
  AddSnapshot(activate.flags, activate.options);
  AddRequestId(activate.flags, activate.options);

  const auto deactivate =
      AddCommand<v1::DeactivateSnapshotRequest>(group, "deactivate", "Make an active one inactive", action, Deactivate);
  AddSnapshot(deactivate.flags, deactivate.options);
  AddRequestId(deactivate.flags, deactivate.options);

  const auto remove = AddCommand<v1::DeleteSnapshotRequest>(group, "delete", "Delete one", action, Delete);
  AddSnapshot(remove.flags, remove.options);
  AddTimeout(remove.flags, remove.options, "it");
  AddRequestId(remove.flags, remove.options);
  AddSwitch(remove.flags, "--wait", "Wait until it is gone",
            [request = remove.options](bool wait) { request->set_wait(wait); });

  AddLogsCommand(group, action);
}

}  // namespace daytonad::cli
