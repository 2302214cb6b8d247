#include "daemon/operations/build_context/context_roots.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/exhaustion.h"

namespace daytonad {
namespace {

absl::Status InvalidPath(std::string_view problem) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", problem);
}

// Removes doubled slashes and `.`, which change nothing. Keeps `..`, which only the kernel can resolve.
std::string Tidy(std::string_view path) {
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(AbslView(path), '/', absl::SkipEmpty())) {
    if (part != ".") parts.push_back(part);
  }
  return absl::StrJoin(parts, "/");
}

// The part of `path` after `root`, if the name is below it. Both are tidy and begin with a slash.
std::optional<std::string> Below(const std::string& root, const std::string& path) {
  absl::string_view rest = path;
  if (root != "/" && !absl::ConsumePrefix(&rest, root)) return std::nullopt;
  if (rest.empty() || rest == "/") return ".";
  if (!absl::ConsumePrefix(&rest, "/")) return std::nullopt;
  return std::string(rest);
}

absl::StatusOr<FileDescriptor> OpenRoot(const std::string& path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (path.empty() || path[0] != '/' || std::find(parts.begin(), parts.end(), "..") != parts.end()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is not an absolute path without .."));
  }
  FileDescriptor root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot open the directory ", path, ": ", std::strerror(errno)));
  }
  const FileDescriptor probe = OpenBeneath(root.get(), ".", O_RDONLY | O_DIRECTORY);
  if (probe.is_open()) return root;
  if (errno == ENOSYS || errno == EPERM) {
    return absl::FailedPreconditionError(
        "this system lacks the system call openat2, which keeps paths inside their root; it needs Linux 5.6, and in a "
        "container a seccomp profile that allows it");
  }
  return absl::InvalidArgumentError(absl::StrCat("cannot read the directory ", path, ": ", std::strerror(errno)));
}

struct OpenedPath {
  FileDescriptor descriptor;
  struct stat info = {};
};

// Opens the result of Find(). A file's kind is known only once it is open.
absl::StatusOr<OpenedPath> OpenPlace(const ContextRoots::Place& place, std::string_view path, int flags) {
  OpenedPath opened;
  opened.descriptor = OpenBeneath(place.root, place.path, flags);
  if (!opened.descriptor.is_open() || ::fstat(opened.descriptor.get(), &opened.info) != 0) {
    return PathError(errno, path);
  }
  return opened;
}

}  // namespace

FileDescriptor OpenBeneath(int root, const std::string& path, int flags) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  if ((flags & O_PATH) == 0) how.flags |= O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: because of a concurrent rename the kernel cannot tell whether `..` stayed inside.
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
    if (fd >= 0) return FileDescriptor(fd);
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return {};
}

bool ReadNames(FileDescriptor directory, std::vector<std::string>& names) {
  DIR* const stream = ::fdopendir(directory.get());
  if (stream == nullptr) return false;
  directory.Release();
  const absl::Cleanup close = [stream] { ::closedir(stream); };
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return errno == 0;
}

absl::Status PathNotAllowed(std::string_view path) {
  return MakeError(absl::StatusCode::kPermissionDenied, "PATH_NOT_ALLOWED",
                   absl::StrCat("The path ", AbslView(path),
                                " is not below a directory that the daemon's --context-root opens. Upload the files "
                                "with UploadBuildContext, or have their directory opened."));
}

absl::Status WrongKindOfFile(std::string_view path) {
  return InvalidPath(absl::StrCat(AbslView(path), " is neither a file nor a directory."));
}

absl::Status PathError(int error, std::string_view path) {
  switch (error) {
    case EXDEV:
    case ELOOP:  // a /proc link, or a loop of links
      return PathNotAllowed(path);
    case ENOENT:
    case ENOTDIR:
      return MakeError(absl::StatusCode::kNotFound, "PATH_NOT_FOUND",
                       absl::StrCat("The path ", AbslView(path), " does not exist on the daemon's machine."));
    case EACCES:
    case EPERM:
      return MakeError(absl::StatusCode::kPermissionDenied, "PATH_NOT_READABLE",
                       absl::StrCat("The daemon's user may not read ", AbslView(path), "."));
    case ENAMETOOLONG:
      return InvalidPath(absl::StrCat("The path ", AbslView(path), " is too long."));
    case ENXIO:  // a socket
      return WrongKindOfFile(path);
    default:
      if (IsExhaustion(error)) return ExhaustionError(error, absl::StrCat("read ", AbslView(path)));
      return MakeError(absl::StatusCode::kInternal, "PATH_UNREADABLE",
                       absl::StrCat("The daemon cannot read ", AbslView(path), ": ", std::strerror(error), "."));
  }
}

absl::StatusOr<ContextRoots> ContextRoots::Open(const std::vector<std::string>& directories) {
  ContextRoots roots;
  for (const std::string& directory : directories) {
    absl::StatusOr<FileDescriptor> descriptor = OpenRoot(directory);
    if (!descriptor.ok()) return descriptor.status();
    roots.roots_.push_back(Root{absl::StrCat("/", Tidy(directory)), *std::move(descriptor)});
  }
  std::stable_sort(roots.roots_.begin(), roots.roots_.end(),
                   [](const Root& a, const Root& b) { return a.path.size() > b.path.size(); });
  return roots;
}

absl::StatusOr<ContextRoots::Place> ContextRoots::Find(std::string_view path) const {
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string_view::npos) {
    return InvalidPath(absl::StrCat("\"", AbslView(path), "\" is not an absolute path."));
  }
  const std::string tidy = absl::StrCat("/", Tidy(path));
  for (const Root& root : roots_) {
    const std::optional<std::string> rest = Below(root.path, tidy);
    if (!rest.has_value()) continue;
    const FileDescriptor found = OpenBeneath(root.descriptor.get(), *rest, O_PATH);
    if (found.is_open()) return Place{root.descriptor.get(), *rest};
    if (errno != EXDEV) return PathError(errno, path);
    // It leaves this root, but an outer root may contain it.
  }
  return PathNotAllowed(path);
}

absl::StatusOr<HostFiles::Kind> ContextRoots::KindOf(std::string_view path) const {
  absl::StatusOr<Place> place = Find(path);
  if (!place.ok()) return place.status();
  absl::StatusOr<OpenedPath> opened = OpenPlace(*place, path, O_PATH);
  if (!opened.ok()) return opened.status();
  if (S_ISREG(opened->info.st_mode)) return Kind::kFile;
  if (S_ISDIR(opened->info.st_mode)) return Kind::kDirectory;
  return WrongKindOfFile(path);
}

absl::StatusOr<std::string> ContextRoots::ReadFile(std::string_view path, size_t max_bytes) const {
  absl::StatusOr<Place> place = Find(path);
  if (!place.ok()) return place.status();
  absl::StatusOr<OpenedPath> opened = OpenPlace(*place, path, O_RDONLY);
  if (!opened.ok()) return opened.status();
  if (!S_ISREG(opened->info.st_mode)) return InvalidPath(absl::StrCat(AbslView(path), " is not a file."));
  const auto too_large = [&] {
    return InvalidPath(absl::StrCat(AbslView(path), " has more than ", max_bytes, " bytes."));
  };
  if (static_cast<size_t>(opened->info.st_size) > max_bytes) return too_large();
  std::string content;
  char buffer[64 * 1024];
  while (true) {
    const ssize_t count = ::read(opened->descriptor.get(), buffer, sizeof(buffer));
    if (count == 0) return content;
    if (count < 0) return PathError(errno, path);
    if (content.size() + static_cast<size_t>(count) > max_bytes) return too_large();  // it has grown
    content.append(buffer, static_cast<size_t>(count));
  }
}

absl::StatusOr<std::vector<std::string>> ContextRoots::ListDirectory(std::string_view path) const {
  absl::StatusOr<Place> place = Find(path);
  if (!place.ok()) return place.status();
  absl::StatusOr<OpenedPath> opened = OpenPlace(*place, path, O_RDONLY);
  if (!opened.ok()) return opened.status();
  if (!S_ISDIR(opened->info.st_mode)) return InvalidPath(absl::StrCat(AbslView(path), " is not a directory."));
  std::vector<std::string> names;
  if (!ReadNames(std::move(opened->descriptor), names)) return PathError(errno, path);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace daytonad
