#include "daemon/services/checks/spec_checks.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daemon/services/checks/request_checks.h"

namespace daytonad {
namespace {

constexpr int kMaxNetworkRules = 10;

// An image reference becomes the line `FROM <image>` of a Dockerfile, in which white space would end it.
void CheckImage(const char* field, const std::string& image, FieldViolations& violations) {
  if (image.empty()) violations.Add(field, "is empty; give an image reference such as python:3.12-slim");
  const bool has_space = std::ranges::any_of(image, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  if (has_space) violations.Add(field, "has white space or a control character; give only the image reference");
}

void CheckDockerfile(const char* field, const std::string& dockerfile, FieldViolations& violations) {
  if (dockerfile.find_first_not_of(" \t\r\n") == std::string::npos) {
    violations.Add(field, "is empty; give the text of a Dockerfile, beginning with FROM");
  } else if (dockerfile.find('\0') != std::string::npos) {
    violations.Add(field, "has a NUL byte");
  }
}

void CheckMountPath(const std::string& field, const std::string& path, FieldViolations& violations) {
  if (!absl::StartsWith(path, "/")) {
    violations.Add(field, "must be an absolute path");
    return;
  }
  if (path.find_first_not_of('/') == std::string::npos) {
    violations.Add(field, "can't be the root directory");
    return;
  }
  const std::vector<std::string> parts = absl::StrSplit(path.substr(1), '/');
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool trailing_slash = parts[i].empty() && i + 1 == parts.size();
    if (parts[i] == "." || parts[i] == ".." || (parts[i].empty() && !trailing_slash)) {
      violations.Add(field, "must not have `.`, `..` or empty parts");
      break;
    }
  }
  for (const char* system : {"proc", "sys", "dev", "boot", "etc", "bin", "sbin", "lib", "lib64"}) {
    if (parts[0] == system) violations.Add(field, absl::StrCat("can't be at or below /", system));
  }
  CheckOneLine(field, path, violations);
}

void CheckVolumes(const v1::SandboxSpec& spec, FieldViolations& violations) {
  for (int i = 0; i < spec.volumes_size(); ++i) {
    const v1::VolumeMount& mount = spec.volumes(i);
    const std::string path = absl::StrCat("spec.volumes[", i, "]");
    CheckObject(absl::StrCat(path, ".volume"), mount.volume(), violations);
    CheckMountPath(absl::StrCat(path, ".mount_path"), mount.mount_path(), violations);
    const std::vector<std::string> parts = absl::StrSplit(mount.subpath(), '/');
    const bool bad_part =
        std::ranges::any_of(parts, [](const std::string& part) { return part.empty() || part == ".."; });
    if (!mount.subpath().empty() && bad_part) {
      violations.Add(absl::StrCat(path, ".subpath"), "must be relative, without `..` and without empty parts");
    }
  }
}

void CheckVariableNames(const char* field, const google::protobuf::Map<std::string, std::string>& variables,
                        FieldViolations& violations) {
  for (const auto& [name, value] : variables) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
      violations.Add(field,
                     absl::StrCat("has a variable of the name \"", name, "\"; names are not empty and have no `=`"));
    }
    if (value.find('\0') != std::string::npos) {
      violations.Add(absl::StrCat(field, "[\"", name, "\"]"), "has a NUL byte");
    }
  }
}

// The rules that the SDKs check, in their order.
void CheckIntervals(const v1::SandboxSpec& spec, FieldViolations& violations) {
  CheckNotNegative("spec.auto_stop_minutes", spec.auto_stop_minutes(), violations);
  CheckNotNegative("spec.auto_pause_minutes", spec.auto_pause_minutes(), violations);
  if (spec.auto_stop_minutes() > 0 && spec.auto_pause_minutes() > 0) {
    violations.Add("spec.auto_pause_minutes",
                   "and auto_stop_minutes are mutually exclusive: set at most one of them to a value other than 0");
  }
  const bool ephemeral = spec.ephemeral() || (spec.has_auto_delete_minutes() && spec.auto_delete_minutes() == 0);
  if (ephemeral && spec.auto_pause_minutes() > 0) {
    violations.Add("spec.auto_pause_minutes", "can't be set for an ephemeral sandbox: set it to 0");
  }
  CheckNotNegative("spec.auto_archive_minutes", spec.auto_archive_minutes(), violations);
  CheckNotNegative("spec.ttl_minutes", spec.ttl_minutes(), violations);
  if (spec.has_queue_timeout_minutes()) {
    CheckAtLeastOne("spec.queue_timeout_minutes", spec.queue_timeout_minutes(), violations);
  }
}

void CheckSource(const v1::SandboxSpec& spec, FieldViolations& violations) {
  switch (spec.source_case()) {
    case v1::SandboxSpec::kImage:
      CheckImage("spec.image", spec.image(), violations);
      break;
    case v1::SandboxSpec::kDockerfile:
      CheckDockerfile("spec.dockerfile", spec.dockerfile(), violations);
      break;
    case v1::SandboxSpec::kDeclarativeImage:
      break;  // operations/image/ checks it, because it knows what each step becomes
    case v1::SandboxSpec::kSnapshot:
    case v1::SandboxSpec::SOURCE_NOT_SET:
      CheckName("spec.snapshot", spec.snapshot(), violations);
      if (spec.has_resources()) {
        violations.Add("spec.resources",
                       "can't be given with a snapshot, which brings its own; leave them out, or create "
                       "from an image");
      }
      break;
  }
  if (!spec.linked_sandbox().empty() && spec.source_case() != v1::SandboxSpec::kSnapshot &&
      spec.source_case() != v1::SandboxSpec::SOURCE_NOT_SET) {
    violations.Add("spec.linked_sandbox", "needs a sandbox that is created from a snapshot");
  }
}

}  // namespace

void CheckNetworkRules(const char* field, const google::protobuf::RepeatedPtrField<std::string>& rules,
                       FieldViolations& violations) {
  if (rules.size() > kMaxNetworkRules) {
    violations.Add(field, absl::StrCat("has ", rules.size(), " entries; at most ", kMaxNetworkRules, " are allowed"));
  }
  for (int i = 0; i < rules.size(); ++i) {
    const std::string& rule = rules.Get(i);
    const std::string path = absl::StrCat(field, "[", i, "]");
    if (rule.empty() || rule.find(',') != std::string::npos) violations.Add(path, "must be one entry, without commas");
    CheckOneLine(path, rule, violations);
  }
}

void CheckSpec(const v1::SandboxSpec& spec, FieldViolations& violations) {
  CheckName("spec.name", spec.name(), violations);
  if (!v1::CodeLanguage_IsValid(spec.language())) {
    violations.Add("spec.language", absl::StrCat("is no CodeLanguage: ", static_cast<int>(spec.language()),
                                                 "; one that the enum does not know goes into language_text"));
  }
  if (spec.language() != v1::CODE_LANGUAGE_UNSPECIFIED && !spec.language_text().empty()) {
    violations.Add("spec.language_text", "can't be given together with language");
  }
  CheckName("spec.language_text", spec.language_text(), violations);
  CheckSource(spec, violations);
  if (spec.has_resources()) CheckResources("spec.resources", spec.resources(), violations);
  CheckVariableNames("spec.env", spec.env(), violations);
  CheckLabels("spec.labels", spec.labels(), violations);
  CheckIntervals(spec, violations);
  CheckVolumes(spec, violations);
  CheckVariableNames("spec.secrets", spec.secrets(), violations);
  CheckNetworkRules("spec.network_allow_list", spec.network_allow_list(), violations);
  CheckNetworkRules("spec.domain_allow_list", spec.domain_allow_list(), violations);
  CheckName("spec.user", spec.user(), violations);
  CheckName("spec.target", spec.target(), violations);
  CheckName("spec.linked_sandbox", spec.linked_sandbox(), violations);
  CheckOneLine("spec.outbound_proxy_url", spec.outbound_proxy_url(), violations);
  CheckOneLine("spec.otel_endpoint_override", spec.otel_endpoint_override(), violations);
}

void CheckSpec(const v1::SnapshotSpec& spec, FieldViolations& violations) {
  if (spec.name().empty()) violations.Add("spec.name", "is required");
  CheckName("spec.name", spec.name(), violations);
  switch (spec.source_case()) {
    case v1::SnapshotSpec::kImage:
      CheckImage("spec.image", spec.image(), violations);
      break;
    case v1::SnapshotSpec::kDockerfile:
      CheckDockerfile("spec.dockerfile", spec.dockerfile(), violations);
      break;
    case v1::SnapshotSpec::kDeclarativeImage:
      break;  // operations/image/ checks it, because it knows what each step becomes
    case v1::SnapshotSpec::SOURCE_NOT_SET:
      violations.Add("spec.source", "is required: give an image, a Dockerfile or a declarative image");
      break;
  }
  for (int i = 0; i < spec.entrypoint_size(); ++i) {
    CheckOneLine(absl::StrCat("spec.entrypoint[", i, "]"), spec.entrypoint(i), violations);
  }
  if (spec.has_resources()) CheckResources("spec.resources", spec.resources(), violations);
  CheckName("spec.region_id", spec.region_id(), violations);
  if (!v1::SandboxClass_IsValid(spec.sandbox_class())) {
    violations.Add("spec.sandbox_class", absl::StrCat("is no SandboxClass: ", static_cast<int>(spec.sandbox_class())));
  }
  if (spec.sandbox_class() != v1::SANDBOX_CLASS_UNSPECIFIED && !spec.sandbox_class_text().empty()) {
    violations.Add("spec.sandbox_class_text", "can't be given together with sandbox_class");
  }
}

void CheckFilter(const v1::SandboxFilter& filter, Paging paging, FieldViolations& violations) {
  CheckFitsIntoUrl("filter", filter.ByteSizeLong(), violations);
  CheckLabels("filter.labels", filter.labels(), violations);
  for (const int state : filter.states()) {
    if (state == v1::SANDBOX_STATE_UNSPECIFIED || state == v1::SANDBOX_STATE_DESTROYED ||
        !v1::SandboxState_IsValid(state)) {
      violations.Add("filter.states", absl::StrCat("can't have the state of number ", state,
                                                   ": lists know neither destroyed nor unspecified sandboxes"));
    }
  }
  for (const int kind : filter.sandbox_classes()) {
    if (kind == v1::SANDBOX_CLASS_UNSPECIFIED || !v1::SandboxClass_IsValid(kind)) {
      violations.Add("filter.sandbox_classes", absl::StrCat("has no class of number ", kind));
    }
  }
  if (filter.has_min_cpu()) CheckAmount("filter.min_cpu", filter.min_cpu(), violations);
  if (filter.has_max_cpu()) CheckAmount("filter.max_cpu", filter.max_cpu(), violations);
  if (filter.has_min_memory_gib()) CheckAmount("filter.min_memory_gib", filter.min_memory_gib(), violations);
  if (filter.has_max_memory_gib()) CheckAmount("filter.max_memory_gib", filter.max_memory_gib(), violations);
  if (filter.has_min_disk_gib()) CheckAmount("filter.min_disk_gib", filter.min_disk_gib(), violations);
  if (filter.has_max_disk_gib()) CheckAmount("filter.max_disk_gib", filter.max_disk_gib(), violations);
  if (filter.has_min_gpu()) CheckNotNegative("filter.min_gpu", filter.min_gpu(), violations);
  if (filter.has_max_gpu()) CheckNotNegative("filter.max_gpu", filter.max_gpu(), violations);
  const std::tuple<const char*, bool, const google::protobuf::Timestamp&> times[] = {
      {"filter.created_at_after", filter.has_created_at_after(), filter.created_at_after()},
      {"filter.created_at_before", filter.has_created_at_before(), filter.created_at_before()},
      {"filter.last_activity_after", filter.has_last_activity_after(), filter.last_activity_after()},
      {"filter.last_activity_before", filter.has_last_activity_before(), filter.last_activity_before()},
      {"filter.auto_destroy_at_after", filter.has_auto_destroy_at_after(), filter.auto_destroy_at_after()},
      {"filter.auto_destroy_at_before", filter.has_auto_destroy_at_before(), filter.auto_destroy_at_before()},
  };
  for (const auto& [field, given, time] : times) {
    if (given) CheckTimestamp(field, time, violations);
  }
  if (paging == Paging::kToken) return;
  const std::pair<const char*, bool> token_only[] = {
      {"filter.is_public", filter.has_is_public()},
      {"filter.is_recoverable", filter.has_is_recoverable()},
      {"filter.created_at_after", filter.has_created_at_after()},
      {"filter.created_at_before", filter.has_created_at_before()},
      {"filter.auto_destroy_at_after", filter.has_auto_destroy_at_after()},
      {"filter.auto_destroy_at_before", filter.has_auto_destroy_at_before()},
      {"filter.include_warm", filter.include_warm()},
      {"filter.sandbox_classes", !filter.sandbox_classes().empty()},
      {"filter.sandbox_class_texts", !filter.sandbox_class_texts().empty()},
      {"filter.min_gpu", filter.has_min_gpu()},
      {"filter.max_gpu", filter.has_max_gpu()},
  };
  for (const auto& [field, given] : token_only) {
    if (given) violations.Add(field, "is not known to numbered paging; leave out `page` and use page tokens");
  }
}

void CheckSort(v1::SandboxSortField sort, Paging paging, FieldViolations& violations) {
  bool known = false;
  switch (sort) {
    case v1::SANDBOX_SORT_FIELD_UNSPECIFIED:
    case v1::SANDBOX_SORT_FIELD_NAME:
    case v1::SANDBOX_SORT_FIELD_LAST_ACTIVITY_AT:
    case v1::SANDBOX_SORT_FIELD_CREATED_AT:
      known = true;
      break;
    case v1::SANDBOX_SORT_FIELD_CPU:
    case v1::SANDBOX_SORT_FIELD_MEMORY_GIB:
    case v1::SANDBOX_SORT_FIELD_DISK_GIB:
      known = paging == Paging::kToken;
      break;
    case v1::SANDBOX_SORT_FIELD_ID:
    case v1::SANDBOX_SORT_FIELD_STATE:
    case v1::SANDBOX_SORT_FIELD_SNAPSHOT:
    case v1::SANDBOX_SORT_FIELD_TARGET:
    case v1::SANDBOX_SORT_FIELD_UPDATED_AT:
      known = paging == Paging::kNumbered;
      break;
    default:
      break;
  }
  if (!known) violations.Add("sort", "can't be sorted by with this way of paging; see SandboxSortField");
}

}  // namespace daytonad
