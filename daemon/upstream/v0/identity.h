#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_IDENTITY_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_IDENTITY_H_

#include <string_view>

// What upstream sees of us.
namespace daytonad {

inline constexpr std::string_view kSource = "daytonad";
// A level of compatibility that upstream reads, not our version.
inline constexpr std::string_view kSdkVersion = "0.205.1";
inline constexpr std::string_view kUserAgent = "daytonad/" DAYTONAD_VERSION;

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_IDENTITY_H_
