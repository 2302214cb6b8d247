#include "emulator/world/sandbox_spec.h"

#include <arpa/inet.h>
#include <algorithm>
#include <regex>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "emulator/base/identity.h"
#include "emulator/world/kinds.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

constexpr std::int64_t kMaxAutoArchiveMinutes = 43200;

std::optional<ApiError> CheckTypes(const Json& request, ApiVersion version) {
  Validator validator(request, /*whole_numbers=*/version >= ApiVersion::k0_226);
  validator.String("name", /*display=*/true).String("snapshot").String("user");
  validator.Object("env").Object("labels").Boolean("public").Boolean("networkBlockAll");
  validator.String("networkAllowList").String("domainAllowList").String("outboundProxyUrl");
  validator.String("otelEndpointOverride").String("target");
  validator.Number("cpu", 0).Number("gpu", 0, 1).Number("memory", 0).Number("disk", 0).Boolean("spot");
  validator.Number("autoStopInterval").Number("autoPauseInterval").Number("autoArchiveInterval");
  validator.Number("autoDeleteInterval").Number("ttlMinutes", 0).Array("volumes").Object("buildInfo");
  validator.String("linkedSandbox").Array("secrets").Boolean("kvm").Number("queueTimeout", 1);
  validator.OneOf("gpuType", GpuTypes(version));
  return validator.Error();
}

bool Has(const Json& request, std::string_view name) { return !MemberOr(request, name, Json()).is_null(); }

// Members that contradict each other, checked before any look-up.
std::optional<ApiError> CheckCombination(const Json& request) {
  if (Has(request, "buildInfo")) {
    if (!StringOr(request, "snapshot").empty()) {
      return BadRequest("Cannot specify a snapshot when using a build info entry");
    }
    if (!StringOr(request, "linkedSandbox").empty()) {
      return BadRequest("linkedSandbox is not supported with declarative builds. Create a sandbox from a snapshot");
    }
    return std::nullopt;
  }
  for (const char* resource : {"cpu", "gpu", "memory", "disk"}) {
    if (IntegerOr(request, resource, 0) != 0) {
      return BadRequest("Cannot specify Sandbox resources when using a snapshot");
    }
  }
  if (const Json types = MemberOr(request, "gpuType", Json()); !types.is_null() && !types.empty()) {
    return BadRequest(
        "Cannot specify GPU type when creating sandbox from snapshot. GPU type is inherited from snapshot.");
  }
  return std::nullopt;
}

Outcome<Done> UseSnapshot(const Json& request, const Snapshots& snapshots, Sandbox& sandbox) {
  std::string name = StringOr(request, "snapshot");
  if (name.empty()) name = kDefaultSnapshot;
  const SnapshotPtr snapshot = snapshots.Find(name);
  if (snapshot == nullptr) {
    return BadRequest(absl::StrCat("Snapshot ", name, " not found. Did you add it through the Daytona Dashboard?"));
  }
  if (std::find(snapshot->regions.begin(), snapshot->regions.end(), sandbox.target) == snapshot->regions.end()) {
    return BadRequest(absl::StrCat("Snapshot ", name, " is not available in region ", sandbox.target));
  }
  if (snapshot->state != "active") return BadRequest(absl::StrCat("Snapshot ", name, " is ", snapshot->state));
  sandbox.snapshot = snapshot->name;
  sandbox.cpu = snapshot->cpu;
  sandbox.gpu = snapshot->gpu;
  sandbox.gpu_type = snapshot->gpu_type;
  sandbox.memory_gib = snapshot->memory_gib;
  sandbox.disk_gib = snapshot->disk_gib;
  sandbox.sandbox_class = snapshot->sandbox_class;
  sandbox.state = "creating";
  sandbox.runner_id = kRunnerId;
  return Done{};
}

void UseBuild(const Json& request, WallTime now, Sandbox& sandbox) {
  sandbox.build_info.emplace(MemberOr(request, "buildInfo", Json()), now);
  sandbox.cpu = IntegerOr(request, "cpu", 1);
  sandbox.gpu = IntegerOr(request, "gpu", 0);
  sandbox.memory_gib = IntegerOr(request, "memory", 1);
  sandbox.disk_gib = IntegerOr(request, "disk", 3);
  // One kind, or a list in the order of preference.
  const Json types = MemberOr(request, "gpuType", Json());
  if (types.is_string()) sandbox.gpu_type = types.get<std::string>();
  if (types.is_array() && !types.empty()) sandbox.gpu_type = types[0].get<std::string>();
  sandbox.state = "pending_build";
}

Outcome<Done> UseIntervals(const Json& request, WallTime now, Sandbox& sandbox) {
  sandbox.auto_stop_minutes = IntegerOr(request, "autoStopInterval", sandbox.auto_stop_minutes);
  sandbox.auto_pause_minutes = IntegerOr(request, "autoPauseInterval", 0);
  sandbox.auto_archive_minutes = IntegerOr(request, "autoArchiveInterval", sandbox.auto_archive_minutes);
  sandbox.auto_delete_minutes = IntegerOr(request, "autoDeleteInterval", -1);
  if (sandbox.auto_stop_minutes < 0) return BadRequest("Auto-stop interval must be non-negative");
  if (sandbox.auto_pause_minutes < 0) return BadRequest("Auto-pause interval must be non-negative");
  if (sandbox.auto_archive_minutes < 0) return BadRequest("Auto-archive interval must be non-negative");
  if (sandbox.auto_archive_minutes == 0 || sandbox.auto_archive_minutes > kMaxAutoArchiveMinutes) {
    sandbox.auto_archive_minutes = kMaxAutoArchiveMinutes;
  }
  if (const auto ttl = IntegerOr(request, "ttlMinutes", 0); ttl > 0) sandbox.auto_destroy = now + ttl * 60'000;
  return Done{};
}

Outcome<Done> UseNetwork(const Json& request, Sandbox& sandbox) {
  sandbox.network_block_all = BooleanOr(request, "networkBlockAll", false);
  sandbox.network_allow_list = OptionalString(request, "networkAllowList");
  sandbox.domain_allow_list = OptionalString(request, "domainAllowList");
  sandbox.outbound_proxy_url = OptionalString(request, "outboundProxyUrl");
  sandbox.otel_endpoint_override = OptionalString(request, "otelEndpointOverride");
  if (auto fault = NetworkListFault(sandbox.network_allow_list.value_or("")); !fault.empty()) return BadRequest(fault);
  if (auto fault = DomainListFault(sandbox.domain_allow_list.value_or("")); !fault.empty()) return BadRequest(fault);
  return Done{};
}

// The entries of a comma-separated list, without empty ones.
std::vector<std::string> ListEntries(const std::string& list) {
  std::vector<std::string> entries;
  for (absl::string_view entry : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    entries.emplace_back(absl::StripAsciiWhitespace(entry));
  }
  return entries;
}

}  // namespace

std::string NetworkListFault(const std::string& list) {
  const std::vector<std::string> networks = ListEntries(list);
  for (const std::string& network : networks) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(network, absl::MaxSplits('/', 1));
    const auto& [address, prefix_text] = parts;
    in_addr parsed{};
    if (inet_pton(AF_INET, address.c_str(), &parsed) != 1) {
      return absl::StrCat("Invalid IP address: \"", address, "\" in network \"", network,
                          "\". Must be a valid IPv4 address");
    }
    if (prefix_text.empty()) {
      return absl::StrCat("Invalid network format: \"", network, "\". Missing CIDR prefix length (e.g., /24)");
    }
    int prefix = 0;
    if (!absl::SimpleAtoi(prefix_text, &prefix) || prefix < 0 || prefix > 32) {
      return absl::StrCat("Invalid CIDR prefix length: ", network, ". Prefix must be between 0 and 32");
    }
  }
  return networks.size() > 10 ? "Network allow list cannot contain more than 10 networks" : "";
}

std::string DomainListFault(const std::string& list) {
  static const std::regex kDomain(R"(^(\*\.)?([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63}$)");
  const std::vector<std::string> domains = ListEntries(list);
  for (const std::string& domain : domains) {
    if (domain.size() > 253 || !std::regex_match(domain, kDomain)) {
      return absl::StrCat("Invalid domain: \"", domain, "\". Must be a valid domain name");
    }
  }
  return domains.size() > 10 ? "Domain allow list cannot contain more than 10 domains" : "";
}

Outcome<SandboxPtr> SandboxFromRequest(const Json& given, ApiVersion version, const Snapshots& snapshots,
                                       Volumes& volumes, WallTime now) {
  const Json request = KnownMembers(version, given);
  if (auto error = CheckTypes(request, version)) return *error;
  if (auto error = CheckCombination(request)) return *error;
  auto sandbox = std::make_shared<Sandbox>();
  sandbox->api_version = version;
  sandbox->target = StringOr(request, "target", kDefaultRegion);
  if (sandbox->target.empty()) sandbox->target = kDefaultRegion;
  if (!IsRegion(sandbox->target)) return NotFound("Region not found");
  if (Has(request, "buildInfo")) {
    UseBuild(request, now, *sandbox);
  } else if (auto used = UseSnapshot(request, snapshots, *sandbox); !used.ok()) {
    return used.error();
  }
  const std::string resources = ResourceFault(sandbox->cpu, sandbox->memory_gib, sandbox->disk_gib);
  if (!resources.empty()) return BadRequest(resources);
  if (auto used = UseIntervals(request, now, *sandbox); !used.ok()) return used.error();
  if (sandbox->gpu > 0 && !sandbox->ephemeral()) {
    return BadRequest("GPU sandboxes must be ephemeral - set autoDeleteInterval to 0");
  }
  if (auto used = UseNetwork(request, *sandbox); !used.ok()) return used.error();
  auto mounts = volumes.ResolveMounts(MemberOr(request, "volumes", Json::array()));
  if (!mounts.ok()) return mounts.error();
  sandbox->volumes = *mounts;
  sandbox->name = StringOr(request, "name");
  sandbox->user = StringOr(request, "user", "daytona");
  sandbox->env = MemberOr(request, "env", Json::object());
  sandbox->labels = MemberOr(request, "labels", Json::object());
  sandbox->is_public = BooleanOr(request, "public", false);
  sandbox->spot = BooleanOr(request, "spot", false);
  sandbox->kvm = BooleanOr(request, "kvm", false);
  if (Has(request, "queueTimeout")) sandbox->queue_timeout_minutes = IntegerOr(request, "queueTimeout", 1);
  sandbox->created = sandbox->updated = now;
  sandbox->last_activity = now;
  sandbox->preview_token = NewToken(24);
  return sandbox;
}

}  // namespace daytonad::emulator
