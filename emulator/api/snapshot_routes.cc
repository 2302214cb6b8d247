#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/ids.h"
#include "emulator/api/routes.h"

namespace daytonad::emulator {
namespace {

ApiError UuidExpected() { return BadRequest("Validation failed (uuid is expected)"); }

}  // namespace

void AddSnapshotRoutes(Router& router, World& world) {
  router.Add("POST", "/snapshots", kAuthenticated, [&world](const Call& call) {
    auto created = world.snapshots.Create(call.body);
    created.ok() ? call.Reply(200, (*created)->ToJson()) : call.ReplyError(created.error());
  });
  router.Add("GET", "/snapshots", kAuthenticated, [&world](const Call& call) {
    const auto page = world.snapshots.List(call.query);
    page.ok() ? call.Reply(200, *page) : call.ReplyError(page.error());
  });
  router.Add("GET", "/snapshots/{}", kAuthenticated, [&world](const Call& call) {
    const SnapshotPtr snapshot = world.snapshots.Find(call.params[0]);
    if (snapshot != nullptr) return call.Reply(200, snapshot->ToJson());
    call.ReplyError(NotFound(absl::StrCat("Snapshot with name ", call.params[0], " not found")));
  });
  router.Add("DELETE", "/snapshots/{}", kAuthenticated, [&world](const Call& call) {
    if (!LooksLikeUuid(call.params[0])) return call.ReplyError(UuidExpected());
    const auto removed = world.snapshots.Remove(call.params[0]);
    removed.ok() ? call.ReplyEmpty(200) : call.ReplyError(removed.error());
  });
  router.Add("POST", "/snapshots/{}/activate", kAuthenticated, [&world](const Call& call) {
    if (!LooksLikeUuid(call.params[0])) return call.ReplyError(UuidExpected());
    const auto active = world.snapshots.Activate(call.params[0]);
    active.ok() ? call.Reply(200, (*active)->ToJson()) : call.ReplyError(active.error());
  });
  router.Add("POST", "/snapshots/{}/deactivate", kAuthenticated, [&world](const Call& call) {
    if (!LooksLikeUuid(call.params[0])) return call.ReplyError(UuidExpected());
    const auto inactive = world.snapshots.Deactivate(call.params[0]);
    inactive.ok() ? call.ReplyEmpty(204) : call.ReplyError(inactive.error());
  });
}

}  // namespace daytonad::emulator
