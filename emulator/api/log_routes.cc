#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/ids.h"
#include "emulator/api/routes.h"
#include "emulator/base/wire_time.h"

namespace daytonad::emulator {
namespace {

// The error in the runner's own form.
void LogNotFound(const Call& call, const std::string& ref) {
  const Request& request = call.exchange->request();
  call.Reply(404, {{"statusCode", 404},
                   {"message", absl::StrCat("build logs not found for ref: ", ref)},
                   {"code", "Not Found"},
                   {"timestamp", FormatTime(call.scheduler->Now())},
                   {"path", request.Path()},
                   {"method", request.method}});
}

// Sends the log so far and, with follow=true, what follows until the build succeeds. A failed build's stream stays
// open, as on the real server.
void ServeLog(World& world, const Call& call, const std::string& ref) {
  const auto build = world.builds.Find(ref);
  if (build == nullptr || !build->log_exists()) return LogNotFound(call, ref);
  Response head;
  head.content_type = "application/octet-stream";
  call.exchange->BeginStream(std::move(head));
  call.exchange->Write(build->log());
  const bool follow = call.query.Get("follow") == "true";
  if (!follow || build->state() == Build::State::kSucceeded) return call.exchange->EndStream();
  Build::Follower follower{[exchange = call.exchange](std::string_view bytes) { exchange->Write(bytes); },
                           [exchange = call.exchange] { exchange->EndStream(); }};
  const std::uint64_t id = build->Follow(std::move(follower));
  call.exchange->OnClientGone([build, id] { build->Unfollow(id); });
}

void SandboxLog(World& world, const Call& call) {
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  if (!(*found)->build_info.has_value()) {
    return call.ReplyError(NotFound(absl::StrCat("Sandbox with ID or name ", call.params[0], " has no build info")));
  }
  ServeLog(world, call, (*found)->build_info->ref);
}

// The snapshot of a route that takes only ids; null if the call was answered with an error.
SnapshotPtr BuiltSnapshot(World& world, const Call& call) {
  const std::string& id = call.params[0];
  if (!LooksLikeUuid(id)) {
    call.ReplyError({500, "An unexpected error occurred."});
    return nullptr;
  }
  SnapshotPtr snapshot = world.snapshots.FindById(id);
  if (snapshot == nullptr) {
    call.ReplyError(NotFound(absl::StrCat("Snapshot ", id, " not found")));
    return nullptr;
  }
  if (!snapshot->build_info.has_value()) {
    call.ReplyError(NotFound(absl::StrCat("Snapshot ", id, " has no build info")));
    return nullptr;
  }
  return snapshot;
}

void SnapshotLog(World& world, const Call& call) {
  if (const SnapshotPtr snapshot = BuiltSnapshot(world, call)) ServeLog(world, call, snapshot->build_info->ref);
}

// A proxy that terminates TLS before the emulator also serves its logs.
std::string LogOrigin(const World& world, const Request& request) {
  if (!world.options.build_log_url_base.empty()) return world.options.build_log_url_base;
  const std::string_view host = request.Find("Host");
  const bool over_tls = request.Find("X-Forwarded-Proto") == "https" && !host.empty();
  return over_tls ? absl::StrCat("https://", AbslView(host)) : world.origin;
}

std::string LogUrl(const World& world, const Call& call, std::string_view collection, const std::string& id) {
  return absl::StrCat(LogOrigin(world, call.exchange->request()), "/", AbslView(collection), "/", id, "/build-logs");
}

}  // namespace

void AddApiLogRoutes(Router& router, World& world) {
  router.Add("GET", "/sandbox/{}/build-logs", kAuthenticated, [&world](const Call& call) { SandboxLog(world, call); });
  router.Add("GET", "/snapshots/{}/build-logs", kAuthenticated,
             [&world](const Call& call) { SnapshotLog(world, call); });
  router.Add("GET", "/sandbox/{}/build-logs-url", kAuthenticated, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    if (!(*found)->build_info.has_value()) {
      return call.ReplyError(NotFound(absl::StrCat("Sandbox ", call.params[0], " has no build info")));
    }
    call.Reply(200, {{"url", LogUrl(world, call, "sandboxes", (*found)->id)}});
  });
  router.Add("GET", "/snapshots/{}/build-logs-url", kAuthenticated, [&world](const Call& call) {
    const SnapshotPtr snapshot = BuiltSnapshot(world, call);
    if (snapshot != nullptr) call.Reply(200, {{"url", LogUrl(world, call, "snapshots", snapshot->id)}});
  });
}

void AddProxyLogRoutes(Router& router, World& world) {
  constexpr Access kProxy{true, ""};
  router.Add("GET", "/sandboxes/{}/build-logs", kProxy, [&world](const Call& call) { SandboxLog(world, call); });
  router.Add("GET", "/snapshots/{}/build-logs", kProxy, [&world](const Call& call) { SnapshotLog(world, call); });
}

}  // namespace daytonad::emulator
