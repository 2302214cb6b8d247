#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/api/routes.h"
#include "emulator/world/sandbox_spec.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

constexpr std::int64_t kMaxAutoArchiveMinutes = 43200;

void Replied(World& world, const Call& call, int status, Sandbox& sandbox) {
  world.sandboxes.Touch(sandbox);
  call.ReplyText(status, sandbox.FullText());
}

// A route whose last segment is a number of minutes.
template <typename Set>
void AddInterval(Router& router, World& world, std::string_view name, int status, Set set) {
  router.Add("POST", absl::StrCat("/sandbox/{}/", AbslView(name), "/{}"), kAuthenticated,
             [&world, status, set](const Call& call) {
               auto found = world.sandboxes.Get(call.params[0]);
               if (!found.ok()) return call.ReplyError(found.error());
               std::int64_t minutes = 0;
               if (!absl::SimpleAtoi(call.params[1], &minutes)) {
                 // The real server does not check that it is a number, and its database statement fails.
                 return call.ReplyError({500, "An unexpected error occurred."});
               }
               const std::string fault = set(**found, minutes);
               if (!fault.empty()) return call.ReplyError(BadRequest(fault));
               Replied(world, call, status, **found);
             });
}

void SetLabels(World& world, const Call& call) {
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  const Json labels = MemberOr(call.body, "labels", Json());
  if (!labels.is_object()) return call.ReplyError(BadRequest("labels must be an object"));
  (*found)->labels = labels;
  Replied(world, call, 200, **found);
}

void SetPublic(World& world, const Call& call) {
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  (*found)->is_public = call.params[1] == "true";
  Replied(world, call, 201, **found);
}

void SetNetwork(World& world, const Call& call) {
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  const Json block = MemberOr(call.body, "networkBlockAll", Json());
  const auto networks = OptionalString(call.body, "networkAllowList");
  const auto domains = OptionalString(call.body, "domainAllowList");
  if (!block.is_boolean() && !networks && !domains) {
    return call.ReplyError(
        BadRequest("At least one of networkBlockAll, networkAllowList or domainAllowList must be provided"));
  }
  for (const std::string& fault : {NetworkListFault(networks.value_or("")), DomainListFault(domains.value_or(""))}) {
    if (!fault.empty()) return call.ReplyError(BadRequest(fault));
  }
  Sandbox& sandbox = **found;
  if (world.sandboxes.Busy(sandbox)) {
    return call.ReplyError(Conflict("An operation is already in progress for this resource"));
  }
  const auto kept = [](const std::string& list) {
    return list.empty() ? std::nullopt : std::optional<std::string>(list);
  };
  // Blocking clears the list; so does unblocking without one. A list unblocks.
  if (block.is_boolean()) {
    sandbox.network_block_all = block.get<bool>();
    sandbox.network_allow_list = std::nullopt;
  }
  if (networks.has_value() && block != true) {
    sandbox.network_block_all = false;
    sandbox.network_allow_list = kept(*networks);
  }
  if (domains.has_value()) sandbox.domain_allow_list = kept(*domains);
  world.sandboxes.ApplyNetworkSettings(sandbox);
  Replied(world, call, 200, sandbox);
}

// Routes that a 0.190 server does not have.
void AddNewerIntervals(Router& router, World& world) {
  AddInterval(router, world, "autopause", 201, [](Sandbox& sandbox, std::int64_t minutes) {
    if (minutes < 0) return "Auto-pause interval must be non-negative";
    sandbox.auto_pause_minutes = minutes;
    return "";
  });
  AddInterval(router, world, "ttl", 201, [&world](Sandbox& sandbox, std::int64_t minutes) {
    if (minutes < 0) return "TTL must be non-negative";
    sandbox.auto_destroy = std::nullopt;
    if (minutes > 0) sandbox.auto_destroy = world.scheduler.Now() + minutes * 60'000;
    return "";
  });
}

}  // namespace

void AddSandboxSettingRoutes(Router& router, World& world) {
  router.Add("PUT", "/sandbox/{}/labels", kAuthenticated, [&world](const Call& call) { SetLabels(world, call); });
  router.Add("POST", "/sandbox/{}/public/{}", kAuthenticated, [&world](const Call& call) { SetPublic(world, call); });
  router.Add("POST", "/sandbox/{}/network-settings", kAuthenticated,
             [&world](const Call& call) { SetNetwork(world, call); });
  AddInterval(router, world, "autostop", 201, [](Sandbox& sandbox, std::int64_t minutes) {
    if (minutes < 0) return "Auto-stop interval must be non-negative";
    sandbox.auto_stop_minutes = minutes;
    return "";
  });
  AddInterval(router, world, "autoarchive", 201, [](Sandbox& sandbox, std::int64_t minutes) {
    if (minutes < 0) return "Auto-archive interval must be non-negative";
    sandbox.auto_archive_minutes = minutes == 0 || minutes > kMaxAutoArchiveMinutes ? kMaxAutoArchiveMinutes : minutes;
    return "";
  });
  AddInterval(router, world, "autodelete", 201, [](Sandbox& sandbox, std::int64_t minutes) {
    sandbox.auto_delete_minutes = minutes;
    return "";
  });
  if (world.options.api_version >= ApiVersion::k0_226) AddNewerIntervals(router, world);
  router.Add("POST", "/sandbox/{}/last-activity", kAuthenticated, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    (*found)->last_activity = world.scheduler.Now();
    (*found)->Changed();
    call.ReplyEmpty(201);
  });
  router.Add("GET", "/sandbox/{}/toolbox-proxy-url", kAuthenticated, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    call.Reply(200, {{"url", (*found)->toolbox_proxy_url}});
  });
}

}  // namespace daytonad::emulator
