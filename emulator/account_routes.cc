#include "emulator/identity.h"
#include "emulator/routes.h"
#include "emulator/storage_routes.h"
#include "emulator/text.h"
#include "emulator/wire_time.h"

namespace daytonad::emulator {
namespace {

Json Config(const World& world) {
  // The budget for failed log-ins is not told.
  Json limits = Json::object();
  const auto add = [&](const char* member, const char* throttler) {
    const auto found = world.options.rate_limits.find(throttler);
    if (found == world.options.rate_limits.end()) return;
    limits[member] = {{"ttl", found->second.window_s}, {"limit", found->second.limit}};
  };
  add("authenticated", "authenticated");
  add("sandboxCreate", "sandbox-create");
  add("sandboxLifecycle", "sandbox-lifecycle");
  return {{"version", kApiVersion},
          {"oidc", {{"issuer", world.origin}, {"clientId", "daytona"}, {"audience", "daytona"}}},
          {"linkedAccountsEnabled", false},
          {"announcements", Json::object()},
          {"proxyTemplateUrl",
           StrCat("http://{{PORT}}-{{sandboxId}}.proxy.localhost", world.origin.substr(world.origin.rfind(':')))},
          {"proxyToolboxUrl", StrCat(world.origin, "/toolbox")},
          {"defaultSnapshot", kDefaultSnapshot},
          {"dashboardUrl", StrCat(world.origin, "/dashboard")},
          {"maxAutoArchiveInterval", 43200},
          {"maintananceMode", false},
          {"environment", "local"},
          {"sshGatewayCommand", "ssh -p 2222 {{TOKEN}}@localhost"},
          {"sshGatewayPublicKey", "c3NoLXJzYSBBQUFB"},
          {"rateLimit", limits}};
}

Json CurrentKey(WallTime now) {
  return {{"name", "emulator"},
          {"value", "emu********************key"},
          {"createdAt", FormatTime(now)},
          {"permissions",
           {"write:registries", "delete:registries", "write:snapshots", "delete:snapshots", "write:sandboxes",
            "delete:sandboxes", "read:volumes", "write:volumes", "delete:volumes", "write:regions", "delete:regions",
            "read:runners", "write:runners", "delete:runners", "read:audit_logs"}},
          {"lastUsedAt", FormatTime(now)},
          {"expiresAt", nullptr},
          {"userId", "emulator-user"}};
}

Json PushAccess(World& world, const Request& request) {
  const StorageKeys keys = world.storage.NewKeys();
  // As the emulator was dialled, which in a container's network only the client knows.
  const std::string_view host = request.Find("Host");
  const std::string origin = host.empty() ? world.origin : StrCat("http://", host);
  return {{"accessKey", keys.access_key},
          {"secret", keys.secret},
          {"sessionToken", keys.session_token},
          {"storageUrl", StrCat(origin, StorageRoutes::kPath)},
          {"organizationId", kOrganizationId},
          {"bucket", kStorageBucket},
          {"region", kStorageRegion}};
}

}  // namespace

void AddAccountRoutes(Router& router, World& world) {
  router.Add("GET", "/health", kAnonymous, [](const Call& call) { call.Reply(200, {{"status", "ok"}}); });
  router.Add("GET", "/config", kOpen, [&world](const Call& call) { call.Reply(200, Config(world)); });
  router.Add("GET", "/api-keys/current", kAuthenticated,
             [&world](const Call& call) { call.Reply(200, CurrentKey(world.scheduler.Now())); });
  router.Add("GET", "/object-storage/push-access", kAuthenticated, [&world](const Call& call) {
    if (!world.storage.configured()) return call.ReplyError({503, "Object storage is not configured"});
    call.Reply(200, PushAccess(world, call.exchange->request()));
  });
}

}  // namespace daytonad::emulator
