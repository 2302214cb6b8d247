#include "emulator/world/kinds.h"

namespace daytonad::emulator {

const std::vector<std::string>& GpuTypes(ApiVersion version) {
  static const std::vector<std::string> kOld = {"H100", "RTX-PRO-6000"};
  static const std::vector<std::string> kNew = {"H100",         "H200",     "B200",     "B300",  "L40S",
                                                "RTX-PRO-6000", "RTX-4090", "RTX-5090", "MI355X"};
  return version >= ApiVersion::k0_226 ? kNew : kOld;
}

const std::vector<std::string>& SandboxClasses(ApiVersion version) {
  static const std::vector<std::string> kOld = {"linux-vm", "container", "android", "windows"};
  static const std::vector<std::string> kNew = {"linux-vm", "container", "windows"};
  return version >= ApiVersion::k0_226 ? kNew : kOld;
}

Json KnownMembers(ApiVersion version, Json request) {
  if (version >= ApiVersion::k0_226 || !request.is_object()) return request;
  for (const char* member : {"ttlMinutes", "spot", "autoPauseInterval", "outboundProxyUrl", "otelEndpointOverride",
                             "secrets", "kvm", "queueTimeout"}) {
    request.erase(member);
  }
  return request;
}

}  // namespace daytonad::emulator
