#ifndef DAYTONAD_DAEMON_API_SERVER_VERSION_H_
#define DAYTONAD_DAEMON_API_SERVER_VERSION_H_

#include <charconv>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace daytonad {

// The release of the Daytona server. (Not `major` and `minor`: glibc has macros of those names.)
struct ServerVersion {
  int generation = 0;
  int release = 0;
  int patch = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 mistakes the zero that a defaulted <=> compares with
  auto operator<=>(const ServerVersion&) const = default;
};

// Parses "0.190.0", with an optional `v` in front and any suffix. Nullopt if it is no version.
inline std::optional<ServerVersion> ParseServerVersion(std::string_view text) {
  if (!text.empty() && text.front() == 'v') text.remove_prefix(1);
  ServerVersion version;
  int* const parts[] = {&version.generation, &version.release, &version.patch};
  for (int* part : parts) {
    if (part != parts[0]) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *part);
    if (error != std::errc() || *part < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
  }
  return version;
}

// "0.190.0".
inline std::string ToString(const ServerVersion& version) {
  return std::to_string(version.generation) + "." + std::to_string(version.release) + "." +
         std::to_string(version.patch);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_SERVER_VERSION_H_
