#include "daemon/services/daemon_handlers.h"

#include <string>
#include <utility>

#include "daemon/access/policy.h"

namespace daytonad {

Task<absl::StatusOr<v1::GetDaemonInfoResponse>> DaemonHandlers::GetDaemonInfo(CallContext context,
                                                                              v1::GetDaemonInfoRequest /*request*/) {
  const DaemonInfo info = info_.Describe();
  v1::GetDaemonInfoResponse response;
  response.set_version(info_.setup().version);
  response.set_api_url(info_.setup().api_url);
  if (info.upstream.has_value()) response.set_upstream_version(ToString(*info.upstream));
  response.set_events(info.events);
  if (MayMutate(context.identity().caller)) response.add_capabilities(v1::CAPABILITY_MUTATIONS);
  for (const v1::Capability capability : info.capabilities) response.add_capabilities(capability);
  for (const v1::Capability capability : info.unknown_capabilities) response.add_unknown_capabilities(capability);
  co_return response;
}

}  // namespace daytonad
