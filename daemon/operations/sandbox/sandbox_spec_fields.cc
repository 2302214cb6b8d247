#include "daemon/operations/sandbox/sandbox_spec_fields.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "absl/strings/ascii.h"
#include "daemon/api/code_language.h"
#include "daemon/base/ids.h"

namespace daytonad {
namespace {

// Releases with a known API. A release between two of them may be like either.
constexpr ServerVersion kNone = {0, 0, 0};
constexpr ServerVersion k0190 = {0, 190, 999};
constexpr ServerVersion k0205 = {0, 205, 0};
constexpr ServerVersion k0216 = {0, 216, 999};
constexpr ServerVersion k0218 = {0, 218, 0};
constexpr ServerVersion k0218End = {0, 218, 999};
constexpr ServerVersion k0222 = {0, 222, 0};

// What a sandbox shows of a field.
enum class Told { kAsWanted, kOtherwise, kNothing };

struct Wanted {
  const v1::SandboxSpec& spec;
  const std::optional<ImageBuild>& build;
};

Told If(bool as_wanted) { return as_wanted ? Told::kAsWanted : Told::kOtherwise; }

Told Flag(bool wanted, bool told) { return wanted && !told ? Told::kNothing : If(wanted == told); }

Told Text(const std::string& wanted, const std::string& told) {
  return !wanted.empty() && told.empty() ? Told::kNothing : If(wanted == told);
}

// Upstream may mask the password of a URL.
std::string WithoutUser(std::string url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t at = url.find('@', begin);
  if (at != std::string::npos && at < url.find('/', begin)) url.erase(begin, at + 1 - begin);
  if (url.ends_with('/')) url.pop_back();
  return url;
}

using Texts = google::protobuf::RepeatedPtrField<std::string>;
Told SameSet(const Texts& wanted, const Texts& told) {
  if (!wanted.empty() && told.empty()) return Told::kNothing;
  return If(std::set<std::string>(wanted.begin(), wanted.end()) == std::set<std::string>(told.begin(), told.end()));
}

using TextMap = google::protobuf::Map<std::string, std::string>;
std::map<std::string, std::string> Sorted(const TextMap& map) { return {map.begin(), map.end()}; }

// An id may be shown as the object's name, and vice versa.
bool MayBeSame(const std::string& wanted, const std::string& told) {
  return told.empty() || wanted == told || LooksLikeUuid(wanted) != LooksLikeUuid(told);
}

Told SameBuild(const ImageBuild& wanted, const v1::Sandbox& sandbox) {
  if (!sandbox.has_build_info()) return Told::kNothing;
  const v1::BuildInfo& told = sandbox.build_info();
  const std::vector<std::string> none;
  const std::vector<std::string>& hashes = wanted.context_hashes.has_value() ? *wanted.context_hashes : none;
  const bool same_contexts = std::multiset<std::string>(hashes.begin(), hashes.end()) ==
                             std::multiset<std::string>(told.context_hashes().begin(), told.context_hashes().end());
  return If(same_contexts && absl::StripTrailingAsciiWhitespace(told.dockerfile_content()) ==
                                 absl::StripTrailingAsciiWhitespace(wanted.dockerfile));
}

Told Source(const Wanted& wanted, const v1::Sandbox& sandbox) {
  if (wanted.build.has_value()) return SameBuild(*wanted.build, sandbox);
  if (sandbox.has_build_info()) return Told::kOtherwise;
  return If(wanted.spec.snapshot().empty() || MayBeSame(wanted.spec.snapshot(), sandbox.snapshot()));
}

// For a sandbox with a build; one from a snapshot has the snapshot's resources.
Told Machine(const Wanted& wanted, const v1::Sandbox& sandbox) {
  if (!wanted.build.has_value()) return Told::kAsWanted;
  const v1::Resources& resources = wanted.spec.resources();
  const auto same = [](bool given, double asked, double unset, double told) {
    return told == 0 || told == (given ? asked : unset);
  };
  const bool sizes = same(resources.has_cpu(), resources.cpu(), 1, sandbox.cpu()) &&
                     same(resources.has_memory_gib(), resources.memory_gib(), 1, sandbox.memory_gib()) &&
                     same(resources.has_disk_gib(), resources.disk_gib(), 3, sandbox.disk_gib());
  const auto& types = resources.gpu_types();
  const auto& texts = resources.gpu_type_texts();
  const bool any_gpu = (types.empty() && texts.empty()) || sandbox.gpu_type_text().empty();
  const bool gpu_type = any_gpu || std::ranges::find(types, sandbox.gpu_type()) != types.end() ||
                        std::ranges::find(texts, sandbox.gpu_type_text()) != texts.end();
  return If(sizes && gpu_type && sandbox.gpu() == resources.gpu());
}

// The daemon adds the language's label.
Told Labels(const Wanted& wanted, const v1::Sandbox& sandbox) {
  const std::map<std::string, std::string> labels = LabelsOf(wanted.spec);
  std::map<std::string, std::string> told = Sorted(sandbox.labels());
  told.try_emplace(kLanguageLabel, LanguageText(wanted.spec));
  return If(labels == told);
}

// The defaults of virtual machines are unknown.
bool IsContainer(const v1::Sandbox& sandbox) {
  return sandbox.sandbox_class_text().empty() || sandbox.sandbox_class() == v1::SANDBOX_CLASS_CONTAINER;
}

Told User(const Wanted& wanted, const v1::Sandbox& sandbox) {
  if (sandbox.user().empty()) return Told::kAsWanted;
  if (wanted.spec.user().empty()) return If(!IsContainer(sandbox) || sandbox.user() == "daytona");
  return If(wanted.spec.user() == sandbox.user());
}

Told AutoStop(const Wanted& wanted, const v1::Sandbox& sandbox) {
  const v1::SandboxSpec& spec = wanted.spec;
  if (!sandbox.has_auto_stop_minutes()) return Told::kAsWanted;
  if (spec.has_auto_stop_minutes()) return If(spec.auto_stop_minutes() == sandbox.auto_stop_minutes());
  return If(!IsContainer(sandbox) || spec.auto_pause_minutes() > 0 || sandbox.auto_stop_minutes() == 15);
}

Told AutoArchive(const Wanted& wanted, const v1::Sandbox& sandbox) {
  // 0 becomes upstream's maximum.
  const bool any = !sandbox.has_auto_archive_minutes() || wanted.spec.auto_archive_minutes() == 0;
  return If(any || wanted.spec.auto_archive_minutes() == sandbox.auto_archive_minutes());
}

Told AutoDelete(const Wanted& wanted, const v1::Sandbox& sandbox) {
  const v1::SandboxSpec& spec = wanted.spec;
  const bool asked = spec.ephemeral() || (spec.has_auto_delete_minutes() && spec.auto_delete_minutes() >= 0);
  if (!asked) return If(!sandbox.has_auto_delete_minutes() || sandbox.auto_delete_minutes() < 0);
  if (!sandbox.has_auto_delete_minutes()) return Told::kNothing;
  return If(sandbox.auto_delete_minutes() == (spec.ephemeral() ? 0 : spec.auto_delete_minutes()));
}

Told TimeToLive(const Wanted& wanted, const v1::Sandbox& sandbox) {
  constexpr int64_t kTolerance = 120;
  if (wanted.spec.ttl_minutes() == 0) return If(!sandbox.has_auto_destroy_at());
  if (!sandbox.has_auto_destroy_at()) return Told::kNothing;
  if (!sandbox.has_created_at()) return Told::kAsWanted;
  const int64_t lives = sandbox.auto_destroy_at().seconds() - sandbox.created_at().seconds();
  return If(std::abs(lives - int64_t{60} * wanted.spec.ttl_minutes()) <= kTolerance);
}

Told QueueTimeout(const Wanted& wanted, const v1::Sandbox& sandbox) {
  if (!wanted.spec.has_queue_timeout_minutes()) return Told::kAsWanted;
  if (!sandbox.has_queue_timeout_minutes()) return Told::kNothing;
  return If(wanted.spec.queue_timeout_minutes() == sandbox.queue_timeout_minutes());
}

// Names become ids.
Told Volumes(const Wanted& wanted, const v1::Sandbox& sandbox) {
  using Mounts = std::multiset<std::tuple<std::string, std::string>>;
  const auto mounts = [](const google::protobuf::RepeatedPtrField<v1::VolumeMount>& volumes) {
    Mounts result;
    for (const v1::VolumeMount& mount : volumes) {
      std::string path = mount.mount_path();
      while (path.ends_with('/')) path.pop_back();
      result.emplace(std::move(path), mount.subpath());
    }
    return result;
  };
  if (mounts(wanted.spec.volumes()) != mounts(sandbox.volumes())) return Told::kOtherwise;
  const bool ids_are_there = std::ranges::all_of(wanted.spec.volumes(), [&](const v1::VolumeMount& mount) {
    return std::ranges::any_of(sandbox.volumes(),
                               [&](const v1::VolumeMount& told) { return MayBeSame(mount.volume(), told.volume()); });
  });
  return If(ids_are_there);
}

Told Linked(const Wanted& wanted, const v1::Sandbox& sandbox) {
  const std::string& linked = wanted.spec.linked_sandbox();
  if (linked.empty()) return If(sandbox.linked_sandbox_id().empty());
  if (sandbox.linked_sandbox_id().empty()) return Told::kNothing;
  return If(MayBeSame(linked, sandbox.linked_sandbox_id()));
}

Told Proxy(const Wanted& wanted, const v1::Sandbox& sandbox) {
  return Text(WithoutUser(wanted.spec.outbound_proxy_url()), WithoutUser(sandbox.outbound_proxy_url()));
}

// Servers up to the first version ignore something; from the second on they support it.
struct Servers {
  ServerVersion ignore_to;
  ServerVersion know_from;
};

bool Ignore(const Servers& servers, const std::optional<ServerVersion>& server) {
  return server.has_value() && *server <= servers.ignore_to;
}
bool MayIgnore(const Servers& servers, const std::optional<ServerVersion>& server) {
  return !server.has_value() || *server < servers.know_from;
}

struct SpecField {
  const char* path;
  // Nullopt: no server ignores it.
  std::optional<Servers> servers;
  Told (*told)(const Wanted& wanted, const v1::Sandbox& sandbox);
  // Whether the request uses something that a server might ignore.
  bool (*wanted)(const v1::SandboxSpec& spec);
};

using Spec = v1::SandboxSpec;
// No release is known to ignore it. A sandbox shows whether one did.
constexpr Servers kAnyServer = {kNone, kNone};

const SpecField kSpecFields[] = {
    {"spec.source", std::nullopt, Source, nullptr},
    {"spec.resources", std::nullopt, Machine, nullptr},
    {"spec.user", std::nullopt, User, nullptr},
    {"spec.env", std::nullopt,
     [](const Wanted& wanted, const v1::Sandbox& box) { return If(Sorted(wanted.spec.env()) == Sorted(box.env())); },
     nullptr},
    {"spec.labels", std::nullopt, Labels, nullptr},
    {"spec.is_public", std::nullopt,
     [](const Wanted& wanted, const v1::Sandbox& box) { return If(wanted.spec.is_public() == box.is_public()); },
     nullptr},
    {"spec.target", std::nullopt,
     [](const Wanted& wanted, const v1::Sandbox& box) {
       return If(wanted.spec.target().empty() || MayBeSame(wanted.spec.target(), box.target()));
     },
     nullptr},
    {"spec.volumes", std::nullopt, Volumes, nullptr},
    {"spec.auto_stop_minutes", std::nullopt, AutoStop, nullptr},
    {"spec.auto_archive_minutes", std::nullopt, AutoArchive, nullptr},
    {"spec.auto_delete_minutes", kAnyServer, AutoDelete,
     [](const Spec& spec) {
       return spec.ephemeral() || (spec.has_auto_delete_minutes() && spec.auto_delete_minutes() >= 0);
     }},
    {"spec.network_block_all", kAnyServer,
     [](const Wanted& wanted, const v1::Sandbox& box) {
       return Flag(wanted.spec.network_block_all(), box.network_block_all());
     },
     [](const Spec& spec) { return spec.network_block_all(); }},
    {"spec.network_allow_list", kAnyServer,
     [](const Wanted& wanted, const v1::Sandbox& box) {
       return SameSet(wanted.spec.network_allow_list(), box.network_allow_list());
     },
     [](const Spec& spec) { return !spec.network_allow_list().empty(); }},
    {"spec.domain_allow_list", kAnyServer,
     [](const Wanted& wanted, const v1::Sandbox& box) {
       return SameSet(wanted.spec.domain_allow_list(), box.domain_allow_list());
     },
     [](const Spec& spec) { return !spec.domain_allow_list().empty(); }},
    {"spec.linked_sandbox", kAnyServer, Linked, [](const Spec& spec) { return !spec.linked_sandbox().empty(); }},
    {"spec.auto_pause_minutes", Servers{k0190, k0205},
     [](const Wanted& wanted, const v1::Sandbox& box) {
       const bool nothing = wanted.spec.auto_pause_minutes() > 0 && box.auto_pause_minutes() == 0;
       return nothing ? Told::kNothing : If(wanted.spec.auto_pause_minutes() == box.auto_pause_minutes());
     },
     [](const Spec& spec) { return spec.auto_pause_minutes() > 0; }},
    {"spec.ttl_minutes", Servers{k0190, k0205}, TimeToLive, [](const Spec& spec) { return spec.ttl_minutes() > 0; }},
    {"spec.spot", Servers{k0190, k0205},
     [](const Wanted& wanted, const v1::Sandbox& box) { return Flag(wanted.spec.spot(), box.spot()); },
     [](const Spec& spec) { return spec.spot(); }},
    {"spec.outbound_proxy_url", Servers{k0190, k0205}, Proxy,
     [](const Spec& spec) { return !spec.outbound_proxy_url().empty(); }},
    {"spec.otel_endpoint_override", Servers{k0190, k0205},
     [](const Wanted& wanted, const v1::Sandbox& box) {
       return Text(WithoutUser(wanted.spec.otel_endpoint_override()), WithoutUser(box.otel_endpoint_override()));
     },
     [](const Spec& spec) { return !spec.otel_endpoint_override().empty(); }},
    // A sandbox does not show its secrets.
    {"spec.secrets", Servers{k0190, k0205}, [](const Wanted&, const v1::Sandbox&) { return Told::kAsWanted; },
     [](const Spec& spec) { return !spec.secrets().empty(); }},
    {"spec.kvm", Servers{k0216, k0218},
     [](const Wanted& wanted, const v1::Sandbox& box) { return Flag(wanted.spec.kvm(), box.kvm()); },
     [](const Spec& spec) { return spec.kvm(); }},
    {"spec.queue_timeout_minutes", Servers{k0218End, k0222}, QueueTimeout,
     [](const Spec& spec) { return spec.has_queue_timeout_minutes(); }},
};

int64_t Seconds(const google::protobuf::Timestamp& time) { return time.seconds(); }

struct Filter {
  const char* path;
  Servers servers;
  bool (*wanted)(const v1::SandboxFilter& filter);
  bool (*matches)(const v1::SandboxFilter& filter, const v1::Sandbox& sandbox);
};

constexpr Filter kFilters[] = {
    {"filter.auto_destroy_at_after",
     {k0190, k0205},
     [](const v1::SandboxFilter& f) { return f.has_auto_destroy_at_after(); },
     [](const v1::SandboxFilter& f, const v1::Sandbox& box) {
       return box.has_auto_destroy_at() && Seconds(box.auto_destroy_at()) >= Seconds(f.auto_destroy_at_after());
     }},
    {"filter.auto_destroy_at_before",
     {k0190, k0205},
     [](const v1::SandboxFilter& f) { return f.has_auto_destroy_at_before(); },
     [](const v1::SandboxFilter& f, const v1::Sandbox& box) {
       return box.has_auto_destroy_at() && Seconds(box.auto_destroy_at()) <= Seconds(f.auto_destroy_at_before());
     }},
    // A missing field proves nothing.
    {"filter.include_warm",
     {k0190, k0205},
     [](const v1::SandboxFilter& f) { return f.include_warm(); },
     [](const v1::SandboxFilter&, const v1::Sandbox&) { return true; }},
    {"filter.min_gpu",
     {k0216, k0218},
     [](const v1::SandboxFilter& f) { return f.min_gpu() > 0; },
     [](const v1::SandboxFilter& f, const v1::Sandbox& box) { return box.gpu() >= f.min_gpu(); }},
    {"filter.max_gpu",
     {k0216, k0218},
     [](const v1::SandboxFilter& f) { return f.has_max_gpu(); },
     [](const v1::SandboxFilter& f, const v1::Sandbox& box) { return box.gpu() <= f.max_gpu(); }},
};

}  // namespace

std::vector<std::string> FieldsUnknownTo(const std::optional<ServerVersion>& server, const v1::SandboxSpec& spec) {
  std::vector<std::string> unknown;
  for (const SpecField& field : kSpecFields) {
    if (field.servers.has_value() && Ignore(*field.servers, server) && field.wanted(spec)) {
      unknown.emplace_back(field.path);
    }
  }
  return unknown;
}

std::vector<std::string> IgnoredFields(const std::optional<ServerVersion>& server, const v1::SandboxSpec& spec,
                                       const v1::Sandbox& sandbox) {
  std::vector<std::string> ignored;
  const std::optional<ImageBuild> no_build;
  const Wanted wanted{spec, no_build};
  for (const SpecField& field : kSpecFields) {
    if (!field.servers.has_value() || !field.wanted(spec)) continue;
    if (Ignore(*field.servers, server) || field.told(wanted, sandbox) == Told::kNothing) {
      ignored.emplace_back(field.path);
    }
  }
  return ignored;
}

bool FitsSpec(const v1::Sandbox& sandbox, const v1::SandboxSpec& spec, const std::optional<ImageBuild>& build,
              const std::optional<ServerVersion>& server) {
  const Wanted wanted{spec, build};
  return std::ranges::all_of(kSpecFields, [&](const SpecField& field) {
    const Told told = field.told(wanted, sandbox);
    const bool may_be_ignored = field.servers.has_value() && MayIgnore(*field.servers, server);
    return told == Told::kAsWanted || (told == Told::kNothing && may_be_ignored);
  });
}

std::vector<std::string> FiltersUnknownTo(const std::optional<ServerVersion>& server, const v1::SandboxFilter& filter) {
  std::vector<std::string> unknown;
  for (const Filter& row : kFilters) {
    if (Ignore(row.servers, server) && row.wanted(filter)) unknown.emplace_back(row.path);
  }
  return unknown;
}

std::vector<std::string> IgnoredFilters(const std::optional<ServerVersion>& server, const v1::SandboxFilter& filter,
                                        const std::vector<v1::Sandbox>& sandboxes) {
  std::vector<std::string> ignored;
  for (const Filter& row : kFilters) {
    const auto matches = [&](const v1::Sandbox& sandbox) { return row.matches(filter, sandbox); };
    if (!MayIgnore(row.servers, server) || !row.wanted(filter)) continue;
    if (!std::ranges::all_of(sandboxes, matches)) ignored.emplace_back(row.path);
  }
  return ignored;
}

}  // namespace daytonad
