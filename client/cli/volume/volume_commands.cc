#include "client/cli/volume/volume_commands.h"

#include <string>

#include "client/cli/base/details.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/session.h"
#include "client/cli/volume/volume_tables.h"
#include "daytonad/v1/volume_service.grpc.pb.h"

namespace daytonad::cli {
namespace {

using v1::VolumeService;

struct ListOptions {
  v1::ListVolumesRequest request;
  bool all = false;
};

int Create(Session& session, const v1::CreateVolumeRequest& request) {
  const auto result = session.Call(session.client().volumes(), &VolumeService::Stub::CreateVolume, request);
  if (!result.ok()) return session.Fail(*result.error);
  google::protobuf::RepeatedPtrField<v1::Volume> list;
  *list.Add() = result.value.volume();
  return session.Print(result.value, VolumeTable(list), Names(list));
}

int Get(Session& session, const v1::GetVolumeRequest& request) {
  const auto result = session.Call(session.client().volumes(), &VolumeService::Stub::GetVolume, request);
  if (!result.ok()) return session.Fail(*result.error);
  return session.Print(result.value, VolumeDetails(result.value.volume()), {result.value.volume().name()});
}

int List(Session& session, const ListOptions& options) {
  v1::ListVolumesRequest request = options.request;
  v1::ListVolumesResponse response;
  do {
    const auto page = session.Call(session.client().volumes(), &VolumeService::Stub::ListVolumes, request);
    if (!page.ok()) return session.Fail(*page.error);
    response.clear_next_page_token();
    response.MergeFrom(page.value);
    request.set_page_token(page.value.next_page_token());
  } while (options.all && !response.next_page_token().empty());
  session.Print(response, VolumeTable(response.volumes()), Names(response.volumes()));
  session.SayWhatFollows(response);
  return kExitOk;
}

int Delete(Session& session, const v1::DeleteVolumeRequest& request) {
  const auto result = session.Call(session.client().volumes(), &VolumeService::Stub::DeleteVolume, request);
  if (!result.ok()) return session.Fail(*result.error);
  Table table;
  table.AddRow({"deleted", result.value.volume_id()});
  return session.Print(result.value, table, {result.value.volume_id()});
}

// Positional, required.
template <typename Request>
void AddVolume(CLI::App* command, Request* request) {
  AddText(command, "VOLUME", "ID_OR_NAME", "Its id or name", [request](const std::string& volume) {
    request->set_volume(volume);
  })->required();
}

}  // namespace

void AddVolumeCommands(CLI::App* app, Action* action) {
  CLI::App* group = AddGroup(app, "volume", "Create, list and delete volumes");

  const auto create = AddCommand<v1::CreateVolumeRequest>(group, "create", "Create a volume", action, Create);
  AddText(create.flags, "NAME,--name", "NAME", "Its name", [request = create.options](const std::string& name) {
    request->set_name(name);
  })->required();
  AddTimeout(create.flags, create.options, "it");
  AddRequestId(create.flags, create.options);
  AddSwitch(create.flags, "--wait", "Wait until it is ready",
            [request = create.options](bool wait) { request->set_wait(wait); });

  const auto get = AddCommand<v1::GetVolumeRequest>(group, "get", "Show a volume", action, Get);
  AddVolume(get.flags, get.options);
  AddSwitch(get.flags, "--create-if-missing", "Create one of that name if there is none",
            [request = get.options](bool create_it) { request->set_create_if_missing(create_it); });
  AddRequestId(get.flags, get.options);
  AddMaxAge(get.flags, get.options);

  const auto list = AddCommand<ListOptions>(group, "list", "List volumes, a page at a time", action, List);
  v1::ListVolumesRequest* request = &list.options->request;
  AddSwitch(list.flags, "--include-deleted", "Also deleted ones",
            [request](bool deleted) { request->set_include_deleted(deleted); });
  AddPageSize(list.flags, request);
  CLI::Option* token = AddPageToken(list.flags, request);
  AddMaxAge(list.flags, request);
  AddSwitch(list.flags, "--all", "All pages", [options = list.options](bool all) {
    options->all = all;
  })->excludes(token);

  const auto remove =
      AddCommand<v1::DeleteVolumeRequest>(group, "delete", "Delete a volume and all that is in it", action, Delete);
  AddVolume(remove.flags, remove.options);
  AddTimeout(remove.flags, remove.options, "it");
  AddRequestId(remove.flags, remove.options);
  AddSwitch(remove.flags, "--wait", "Wait until it is gone",
            [request = remove.options](bool wait) { request->set_wait(wait); });
}

}  // namespace daytonad::cli
