#include "daemon/operations/image/testing/fake_host_files.h"

#include "absl/strings/match.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/archive_path.h"

namespace daytonad {
namespace {

absl::Status NotAllowed() {
  return MakeError(absl::StatusCode::kPermissionDenied, "PATH_NOT_ALLOWED", "the path is not below an open directory");
}

absl::Status NotFound() { return MakeError(absl::StatusCode::kNotFound, "PATH_NOT_FOUND", "the path does not exist"); }

absl::Status WrongKind() {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", "the path is of the wrong kind");
}

bool IsAllowed(const std::string& path) { return path == "/src" || absl::StartsWith(path, "/src/"); }

}  // namespace

void FakeHostFiles::AddFile(std::string_view path, std::string_view content) {
  files_[std::string(path)] = content;
  const std::string directory(path.substr(0, path.rfind('/')));
  AddDirectory(directory);
  directories_[directory].insert(BaseName(path));
}

void FakeHostFiles::AddDirectory(std::string_view path) {
  if (path.empty() || !directories_.try_emplace(std::string(path)).second) return;
  const std::string_view parent = path.substr(0, path.rfind('/'));
  AddDirectory(parent);
  directories_[std::string(parent)].insert(BaseName(path));
}

absl::StatusOr<HostFiles::Kind> FakeHostFiles::KindOf(std::string_view path) const {
  const std::string normalized = NormalizePath(path);
  if (!IsAllowed(normalized)) return NotAllowed();
  if (files_.contains(normalized)) return Kind::kFile;
  if (directories_.contains(normalized)) return Kind::kDirectory;
  return NotFound();
}

absl::StatusOr<std::string> FakeHostFiles::ReadFile(std::string_view path, size_t max_bytes) const {
  const absl::StatusOr<Kind> kind = KindOf(path);
  if (!kind.ok()) return kind.status();
  if (*kind != Kind::kFile) return WrongKind();
  const std::string& content = files_.find(NormalizePath(path))->second;
  if (content.size() > max_bytes) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", "the file is too large");
  }
  return content;
}

absl::StatusOr<std::vector<std::string>> FakeHostFiles::ListDirectory(std::string_view path) const {
  const absl::StatusOr<Kind> kind = KindOf(path);
  if (!kind.ok()) return kind.status();
  if (*kind != Kind::kDirectory) return WrongKind();
  const std::set<std::string>& names = directories_.find(NormalizePath(path))->second;
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace daytonad
