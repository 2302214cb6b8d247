#include "daemon/operations/image/glob.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/archive_path.h"

namespace daytonad {
namespace {

// How many directories one pattern may list. Also ends loops of symbolic links.
constexpr int kMaxDirectories = 10'000;
constexpr int kMaxDepth = 64;

// The bytes of the first character of `text`. Names are UTF-8; other bytes count as one character each.
std::string_view FirstCharacter(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && size < 4 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return text.substr(0, size);
}

std::string_view TakeCharacter(std::string_view& text) {
  const std::string_view character = FirstCharacter(text);
  text.remove_prefix(character.size());
  return character;
}

// Removes a bound of a range from a `[...]`; nullopt if there is none.
std::optional<std::string_view> TakeBound(std::string_view& pattern) {
  if (pattern.empty() || pattern.front() == '-' || pattern.front() == ']') return std::nullopt;
  if (pattern.front() == '\\') pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  return TakeCharacter(pattern);
}

// Removes a `[...]` and returns whether `character` is in it; nullopt if it is malformed. UTF-8 sorts like code points.
std::optional<bool> TakeSet(std::string_view& pattern, std::string_view character) {
  pattern.remove_prefix(1);
  const bool negated = !pattern.empty() && pattern.front() == '^';
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  for (int ranges = 0;; ++ranges) {
    if (!pattern.empty() && pattern.front() == ']' && ranges > 0) break;
    const std::optional<std::string_view> low = TakeBound(pattern);
    if (!low.has_value()) return std::nullopt;
    std::optional<std::string_view> high = low;
    if (!pattern.empty() && pattern.front() == '-') {
      pattern.remove_prefix(1);
      high = TakeBound(pattern);
      if (!high.has_value()) return std::nullopt;
    }
    if (*low <= character && character <= *high) found = true;
  }
  pattern.remove_prefix(1);
  return found != negated;
}

// Matches the front of `pattern`, which is not a star, with the front of `name`, and removes both.
bool TakeMatch(std::string_view& pattern, std::string_view& name) {
  if (name.empty()) return false;
  const std::string_view character = TakeCharacter(name);
  if (pattern.front() == '[') return TakeSet(pattern, character).value_or(false);
  if (pattern.front() == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return TakeCharacter(pattern) == character;
}

class Walk {
 public:
  Walk(std::string_view root, const std::vector<std::string>& components, const HostFiles& files)
      : root_(root), components_(components), files_(files) {}

  // Continues in `directory` (relative to the root) with the components from `next` on.
  absl::Status Visit(const std::string& directory, size_t next, int depth) {
    if (next == components_.size()) return Keep(directory);
    const std::string& component = components_[next];
    if (!IsPattern(component)) return Visit(Below(directory, component), next + 1, depth);
    if (depth >= kMaxDepth || ++directories_ > kMaxDirectories) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                       "the pattern visits more than 10,000 directories, or is deeper than 64: name fewer files");
    }
    const bool any_depth = component == "**";
    const bool is_last = next + 1 == components_.size();
    absl::StatusOr<std::vector<std::string>> names = files_.ListDirectory(JoinPath(root_, directory));
    // A file where the pattern needs a directory, or a missing path, does not match.
    if (absl::IsInvalidArgument(names.status()) || absl::IsNotFound(names.status())) return absl::OkStatus();
    if (!names.ok()) return names.status();
    if (any_depth && !is_last) {
      if (absl::Status status = Visit(directory, next + 1, depth + 1); !status.ok()) return status;
    }
    for (const std::string& name : *names) {
      if (!any_depth && !MatchesName(component, name)) continue;
      const std::string path = Below(directory, name);
      absl::Status status = Visit(path, any_depth && !is_last ? next : next + 1, depth + 1);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::vector<std::string> matches() const { return {matches_.begin(), matches_.end()}; }

 private:
  static std::string Below(const std::string& directory, const std::string& name) {
    return directory == "." ? name : absl::StrCat(directory, "/", name);
  }

  absl::Status Keep(const std::string& path) {
    const absl::StatusOr<HostFiles::Kind> kind = files_.KindOf(JoinPath(root_, path));
    if (kind.ok()) matches_.insert(path);
    return absl::IsNotFound(kind.status()) ? absl::OkStatus() : kind.status();
  }

  const std::string_view root_;
  const std::vector<std::string>& components_;
  const HostFiles& files_;
  int directories_ = 0;
  std::set<std::string> matches_;
};

}  // namespace

bool MatchesName(std::string_view pattern, std::string_view name) {
  // Where to continue if the text after the last star does not match: the star then takes one more character.
  std::optional<std::string_view> after_star;
  std::string_view star_name;
  while (!pattern.empty() || !name.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      star_name = name;
      continue;
    }
    if (!pattern.empty() && TakeMatch(pattern, name)) continue;
    if (!after_star.has_value() || star_name.empty()) return false;
    TakeCharacter(star_name);
    pattern = *after_star;
    name = star_name;
  }
  return true;
}

bool IsPattern(std::string_view pattern) { return pattern.find_first_of("*?[\\") != std::string_view::npos; }

absl::StatusOr<std::vector<std::string>> ExpandPattern(std::string_view root, std::string_view pattern,
                                                       const HostFiles& files) {
  const std::vector<std::string> components = absl::StrSplit(AbslView(pattern), '/');
  Walk walk(root, components, files);
  if (absl::Status status = walk.Visit(".", 0, 0); !status.ok()) return status;
  return walk.matches();
}

}  // namespace daytonad
