#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_IDENTITY_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_IDENTITY_H_

#include <string_view>

// How the daemon identifies itself to upstream.
namespace daytonad {

inline constexpr std::string_view kSource = "daytonad";
// The compatibility level that upstream checks, not the daemon's version.
inline constexpr std::string_view kSdkVersion = "0.205.1";
inline constexpr std::string_view kUserAgent = "daytonad/" DAYTONAD_VERSION;

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_IDENTITY_H_
