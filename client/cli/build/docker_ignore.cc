#include "client/cli/build/docker_ignore.h"

#include <fnmatch.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace daytonad::cli {
namespace {

using Parts = std::span<const std::string>;

bool Matches(Parts pattern, Parts path) {
  if (pattern.empty()) return path.empty();
  if (pattern.front() == "**") {
    // At the end it matches what is below, not the directory itself.
    for (std::size_t skipped = pattern.size() == 1 ? 1 : 0; skipped <= path.size(); ++skipped) {
      if (Matches(pattern.subspan(1), path.subspan(skipped))) return true;
    }
    return false;
  }
  return !path.empty() && fnmatch(pattern.front().c_str(), path.front().c_str(), 0) == 0 &&
         Matches(pattern.subspan(1), path.subspan(1));
}

// Whether the pattern matches this path or a directory above it.
bool Covers(Parts pattern, Parts path) {
  for (std::size_t length = 1; length <= path.size(); ++length) {
    if (Matches(pattern, path.first(length))) return true;
  }
  return false;
}

}  // namespace

DockerIgnore::DockerIgnore(std::string_view text) {
  for (const absl::string_view raw : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    if (raw.substr(0, 1) == "#") continue;
    std::string pattern(absl::StripAsciiWhitespace(raw));
    const bool reincludes = pattern.starts_with('!');
    if (reincludes) pattern = std::string(absl::StripAsciiWhitespace(pattern.substr(1)));
    pattern = std::filesystem::path(pattern).lexically_normal().generic_string();
    Parts parts = absl::StrSplit(pattern, '/', absl::SkipEmpty());
    if (parts.empty() || pattern == ".") continue;
    lines_.push_back({std::move(parts), reincludes});
    any_reincludes_ |= reincludes;
  }
}

client::Inclusion DockerIgnore::Includes(const std::string& path) const {
  const Parts parts = absl::StrSplit(path, '/');
  bool is_ignored = false;
  for (const Line& line : lines_) {
    if (is_ignored == line.reincludes && Covers(line.pattern, parts)) is_ignored = !line.reincludes;
  }
  if (!is_ignored) return client::Inclusion::kTake;
  return any_reincludes_ ? client::Inclusion::kSkipButLookInside : client::Inclusion::kSkip;
}

}  // namespace daytonad::cli
