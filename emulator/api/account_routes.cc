#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "emulator/api/routes.h"
#include "emulator/api/storage_routes.h"
#include "emulator/base/identity.h"
#include "emulator/base/wire_time.h"
#include "emulator/world/kinds.h"

namespace daytonad::emulator {
namespace {

Json Config(const World& world) {
  // The server does not publish the budget for failed log-ins.
  Json limits = Json::object();
  const auto add = [&](const char* member, const char* throttler) {
    const auto found = world.options.rate_limits.find(throttler);
    if (found == world.options.rate_limits.end()) return;
    limits[member] = {{"ttl", found->second.window_s}, {"limit", found->second.limit}};
  };
  add("authenticated", "authenticated");
  add("sandboxCreate", "sandbox-create");
  add("sandboxLifecycle", "sandbox-lifecycle");
  Json config = {{"version", ToText(world.options.api_version)},
                 {"oidc", {{"issuer", world.origin}, {"clientId", "daytona"}, {"audience", "daytona"}}},
                 {"linkedAccountsEnabled", false},
                 {"announcements", Json::object()},
                 {"proxyTemplateUrl", absl::StrCat("http://{{PORT}}-{{sandboxId}}.proxy.localhost",
                                                   world.origin.substr(world.origin.rfind(':')))},
                 {"proxyToolboxUrl", absl::StrCat(world.origin, "/toolbox")},
                 {"defaultSnapshot", kDefaultSnapshot},
                 {"dashboardUrl", absl::StrCat(world.origin, "/dashboard")},
                 {"maxAutoArchiveInterval", 43200},
                 {"maintananceMode", false},
                 {"environment", "local"},
                 {"sshGatewayCommand", "ssh -p 2222 {{TOKEN}}@localhost"},
                 {"sshGatewayPublicKey", "c3NoLXJzYSBBQUFB"},
                 {"rateLimit", limits}};
  if (world.options.api_version >= ApiVersion::k0_226) {
    config["sshGatewayHost"] = "localhost";
    config["sshGatewayPort"] = 2222;
    config["sshGatewayHostKeys"] = {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    config["sshGatewayHostKeyFingerprints"] = {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
  }
  return config;
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

Json Regions(const World& world) {
  Json regions = Json::array();
  for (const char* const region : {"us", "eu"}) {
    regions.push_back({{"id", region},
                       {"name", region},
                       {"organizationId", nullptr},
                       {"regionType", "shared"},
                       {"createdAt", FormatTime(world.started)},
                       {"updatedAt", FormatTime(world.started)},
                       {"proxyUrl", nullptr},
                       {"sshGatewayUrl", nullptr},
                       {"snapshotManagerUrl", nullptr}});
    if (world.options.api_version >= ApiVersion::k0_226) regions.back()["otelEndpoint"] = nullptr;
  }
  return regions;
}

// The organizations of a user. A key belongs to one organization and may not list them: the real server calls it
// invalid here.
void Organizations(const World& world, const Call& call) {
  absl::string_view bearer = AbslView(call.exchange->request().Find("Authorization"));
  if (!absl::ConsumePrefix(&bearer, "Bearer ") || !world.credentials.IsJwt(StdView(bearer))) {
    return call.ReplyError({401, "Invalid credentials"});
  }
  call.Reply(200, Json::array({{{"id", kOrganizationId},
                                {"name", "emulator"},
                                {"createdBy", "emulator-user"},
                                {"personal", true},
                                {"createdAt", FormatTime(world.started)},
                                {"updatedAt", FormatTime(world.started)},
                                {"suspended", false},
                                {"defaultRegionId", kDefaultRegion}}}));
}

Json GpuCapacity(const World& world) {
  Json capacity = Json::array();
  for (const std::string& type : GpuTypes(world.options.api_version)) {
    capacity.push_back({{"gpuType", type}, {"availableOnDemand", 8}, {"availableSpot", 4}});
  }
  return {{"observedAt", FormatTime(world.scheduler.Now())}, {"capacity", std::move(capacity)}};
}

Json PushAccess(World& world, const Request& request) {
  const StorageKeys keys = world.storage.NewKeys();
  // The address that the client dialled: in a container network only the client knows it.
  const std::string_view host = request.Find("Host");
  const std::string_view scheme = request.Find("X-Forwarded-Proto") == "https" ? "https://" : "http://";
  const std::string origin = host.empty() ? world.origin : absl::StrCat(AbslView(scheme), AbslView(host));
  // A 0.190 server does not send the region, but clients cannot guess the region of this store.
  return {{"accessKey", keys.access_key},
          {"secret", keys.secret},
          {"sessionToken", keys.session_token},
          {"storageUrl", absl::StrCat(origin, AbslView(StorageRoutes::kPath))},
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
  router.Add("GET", "/regions", kAuthenticated, [&world](const Call& call) { call.Reply(200, Regions(world)); });
  router.Add("GET", "/organizations", kOpen, [&world](const Call& call) { Organizations(world, call); });
  if (world.options.api_version >= ApiVersion::k0_226) {
    router.Add("GET", "/organizations/{}/gpu-capacity", kAuthenticated,
               [&world](const Call& call) { call.Reply(200, GpuCapacity(world)); });
  }
  router.Add("GET", "/object-storage/push-access", kAuthenticated, [&world](const Call& call) {
    if (!world.storage.configured()) return call.ReplyError({503, "Object storage is not configured"});
    call.Reply(200, PushAccess(world, call.exchange->request()));
  });
}

}  // namespace daytonad::emulator
