#include "daemon/services/checks/setting_checks.h"

#include "daemon/services/checks/request_checks.h"
#include "daemon/services/checks/spec_checks.h"

namespace daytonad {
namespace {

constexpr char kMinutes[] = "minutes";

template <typename Request>
void CheckMinutes(const Request& request, FieldViolations& violations) {
  if (!request.has_minutes()) violations.Add(kMinutes, "is required");
}

template <typename Request>
void CheckSpan(const Request& request, FieldViolations& violations) {
  CheckObject("sandbox", request.sandbox(), violations);
  CheckMinutes(request, violations);
  CheckNotNegative(kMinutes, request.minutes(), violations);
}

}  // namespace

void CheckSetting(const v1::SetSandboxLabelsRequest& request, FieldViolations& violations) {
  CheckObject("sandbox", request.sandbox(), violations);
  CheckLabels("labels", request.labels(), violations);
}

void CheckSetting(const v1::SetSandboxAutoStopRequest& request, FieldViolations& violations) {
  CheckSpan(request, violations);
}

void CheckSetting(const v1::SetSandboxAutoPauseRequest& request, FieldViolations& violations) {
  CheckSpan(request, violations);
}

void CheckSetting(const v1::SetSandboxAutoArchiveRequest& request, FieldViolations& violations) {
  CheckSpan(request, violations);
}

void CheckSetting(const v1::SetSandboxAutoDeleteRequest& request, FieldViolations& violations) {
  CheckObject("sandbox", request.sandbox(), violations);
  CheckMinutes(request, violations);
}

void CheckSetting(const v1::SetSandboxTtlRequest& request, FieldViolations& violations) {
  CheckSpan(request, violations);
}

void CheckSetting(const v1::SetSandboxPublicRequest& request, FieldViolations& violations) {
  CheckObject("sandbox", request.sandbox(), violations);
  if (!request.has_is_public()) violations.Add("is_public", "is required");
}

void CheckSetting(const v1::SetSandboxNetworkRequest& request, FieldViolations& violations) {
  CheckObject("sandbox", request.sandbox(), violations);
  CheckNetworkRules("network_allow_list.entries", request.network_allow_list().entries(), violations);
  CheckNetworkRules("domain_allow_list.entries", request.domain_allow_list().entries(), violations);
  if (!request.has_network_block_all() && !request.has_network_allow_list() && !request.has_domain_allow_list()) {
    violations.Add("network_block_all", "or an allow list must be given: there is nothing to change");
  }
}

void CheckSetting(const v1::RefreshSandboxActivityRequest& request, FieldViolations& violations) {
  CheckObject("sandbox", request.sandbox(), violations);
}

}  // namespace daytonad
