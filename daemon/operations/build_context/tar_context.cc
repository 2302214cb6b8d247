#include "daemon/operations/build_context/tar_context.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// Bounds the set of links.
constexpr size_t kMaxLinks = 100'000;

absl::Status BadEntry(std::string_view path, absl::string_view problem) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                   absl::StrCat("The build context's tar cannot be used: its entry ", AbslView(path), " ", problem));
}

// Whether `path` is inside the directory `parent`; everything is inside the context itself.
bool IsInside(std::string_view path, std::string_view parent) {
  if (parent.empty()) return !path.empty();
  return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '/';
}

}  // namespace

TarContext::TarContext(std::string archive_path, Names names, ContextSink& sink)
    : archive_path_(std::move(archive_path)), names_(names), sink_(sink), reader_(*this) {}

absl::Status TarContext::Finish() {
  absl::Status status = reader_.Finish();
  if (!status.ok()) return status;
  if (!any_entry_) {
    if (names_ == Names::kFromRoot) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                       "The build context's tar cannot be used: it has no entry.");
    }
    directory_ = ContextEntry{.type = ContextEntry::Type::kDirectory, .path = "", .mode = 0755, .link_target = ""};
  }
  return Release(std::nullopt);
}

absl::Status TarContext::OnEntry(const ContextEntry& entry) {
  absl::StatusOr<std::string> path = PathInContext(entry.path);
  if (!path.ok()) return path.status();
  if (single_file_) return BadEntry(entry.path, "follows the file that is the whole context.");
  if (absl::Status status = CheckParents(*path); !status.ok()) return status;
  if (absl::Status status = Release(*path); !status.ok()) return status;

  ContextEntry inside = entry;
  inside.path = *std::move(path);
  if (inside.path.empty() && inside.type != ContextEntry::Type::kDirectory) {
    if (names_ == Names::kRelative || inside.type != ContextEntry::Type::kFile || any_entry_) {
      return BadEntry(entry.path, "stands for the whole context, which it cannot be.");
    }
    single_file_ = true;
  }
  any_entry_ = true;
  if (inside.type == ContextEntry::Type::kDirectory) {
    directory_ = std::move(inside);
    return absl::OkStatus();
  }
  if (inside.type == ContextEntry::Type::kSymlink) {
    if (inside.link_target.empty()) return BadEntry(entry.path, "is a symbolic link that leads nowhere.");
    links_.insert(inside.path);
    if (links_.size() > kMaxLinks) return BadEntry(entry.path, "is one symbolic link too many.");
  }
  return sink_.OnEntry(inside);
}

absl::StatusOr<std::string> TarContext::PathInContext(std::string_view path) const {
  if (path.starts_with('/')) return BadEntry(path, "has an absolute path.");
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(AbslView(path), '/', absl::SkipEmpty())) {
    if (part == "..") return BadEntry(path, "has `..` in its path.");
    if (part != ".") parts.push_back(part);
  }
  std::string tidy = absl::StrJoin(parts, "/");
  if (names_ == Names::kRelative) return tidy;
  if (tidy == archive_path_) return "";
  if (!IsInside(tidy, archive_path_)) {
    return BadEntry(path, absl::StrCat("is not inside the archive path ", archive_path_, "."));
  }
  return tidy.substr(archive_path_.size() + 1);
}

// Whoever unpacks the tar would follow the link and write outside the context.
absl::Status TarContext::CheckParents(std::string_view path) const {
  if (links_.empty()) return absl::OkStatus();
  if (links_.contains(path)) return BadEntry(path, "is a symbolic link and then something else.");
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (links_.contains(path.substr(0, slash))) return BadEntry(path, "is inside a symbolic link.");
  }
  return absl::OkStatus();
}

absl::Status TarContext::Release(std::optional<std::string_view> next_path) {
  if (!directory_.has_value()) return absl::OkStatus();
  ContextEntry directory = *std::exchange(directory_, std::nullopt);
  directory.empty = !next_path.has_value() || !IsInside(*next_path, directory.path);
  return sink_.OnEntry(directory);
}

}  // namespace daytonad
