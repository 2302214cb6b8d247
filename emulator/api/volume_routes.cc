#include <utility>

#include "emulator/api/routes.h"

namespace daytonad::emulator {
namespace {

void Answer(const Call& call, const Outcome<VolumePtr>& volume) {
  volume.ok() ? call.Reply(200, (*volume)->ToJson()) : call.ReplyError(volume.error());
}

}  // namespace

void AddVolumeRoutes(Router& router, World& world) {
  router.Add("POST", "/volumes", kAuthenticated,
             [&world](const Call& call) { Answer(call, world.volumes.Create(call.body)); });
  router.Add("GET", "/volumes", kAuthenticated, [&world](const Call& call) {
    // Any value counts as true, even "false", as on the real server.
    const bool include_deleted = !call.query.Get("includeDeleted").value_or("").empty();
    Json list = Json::array();
    for (const VolumePtr& volume : world.volumes.List(include_deleted)) list.push_back(volume->ToJson());
    call.Reply(200, list);
  });
  router.Add("GET", "/volumes/by-name/{}", kAuthenticated,
             [&world](const Call& call) { Answer(call, world.volumes.GetByName(call.params[0])); });
  router.Add("GET", "/volumes/{}", kAuthenticated,
             [&world](const Call& call) { Answer(call, world.volumes.Get(call.params[0])); });
  router.Add("DELETE", "/volumes/{}", kAuthenticated, [&world](const Call& call) {
    const std::string& id = call.params[0];
    const auto deleted = world.volumes.Delete(id, world.sandboxes.UserOfVolume(id));
    deleted.ok() ? call.ReplyEmpty(200) : call.ReplyError(deleted.error());
  });
}

}  // namespace daytonad::emulator
