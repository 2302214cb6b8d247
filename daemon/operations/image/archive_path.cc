#include "daemon/operations/image/archive_path.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"

namespace daytonad {

std::string NormalizePath(std::string_view path) {
  const bool absolute = absl::StartsWith(AbslView(path), "/");
  // POSIX leaves the meaning of exactly two leading slashes open; Python keeps them.
  const bool double_slash = absl::StartsWith(AbslView(path), "//") && !absl::StartsWith(AbslView(path), "///");
  std::vector<absl::string_view> kept;
  for (const absl::string_view part : absl::StrSplit(AbslView(path), '/')) {
    if (part.empty() || part == ".") continue;
    const bool goes_up = part == "..";
    if (goes_up && kept.empty() && absolute) continue;
    if (goes_up && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else {
      kept.push_back(part);
    }
  }
  std::string normalized = absl::StrCat(absolute ? "/" : "", double_slash ? "/" : "", absl::StrJoin(kept, "/"));
  return normalized.empty() ? "." : normalized;
}

std::string ArchivePath(std::string_view path) {
  std::string normalized = NormalizePath(path);
  normalized.erase(0, normalized.find_first_not_of('/'));
  return normalized;
}

bool ClimbsOut(std::string_view normalized) {
  return normalized == ".." || absl::StartsWith(AbslView(normalized), "../");
}

std::string BaseName(std::string_view path) {
  const std::string normalized = NormalizePath(path);
  return normalized.substr(normalized.rfind('/') + 1);
}

std::string JoinPath(std::string_view directory, std::string_view relative) {
  if (relative == ".") return std::string(directory);
  return absl::StrCat(absl::StripSuffix(AbslView(directory), "/"), "/", AbslView(relative));
}

}  // namespace daytonad
