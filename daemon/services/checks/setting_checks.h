#ifndef DAYTONAD_DAEMON_SERVICES_CHECKS_SETTING_CHECKS_H_
#define DAYTONAD_DAEMON_SERVICES_CHECKS_SETTING_CHECKS_H_

#include "daemon/base/error.h"
#include "daytonad/v1/sandbox_settings.pb.h"

// Checks of the requests that change a sandbox's settings, one overload a request.
namespace daytonad {

void CheckSetting(const v1::SetSandboxLabelsRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxAutoStopRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxAutoPauseRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxAutoArchiveRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxAutoDeleteRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxTtlRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxPublicRequest& request, FieldViolations& violations);
void CheckSetting(const v1::SetSandboxNetworkRequest& request, FieldViolations& violations);
void CheckSetting(const v1::RefreshSandboxActivityRequest& request, FieldViolations& violations);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_CHECKS_SETTING_CHECKS_H_
