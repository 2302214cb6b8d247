#include "daemon/operations/build_context/host_walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr int kEntriesPerStep = 256;

std::string Join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : absl::StrCat(directory, "/", name);
}

absl::Status Changed(const std::string& path) {
  return MakeError(absl::StatusCode::kAborted, "CONTEXT_CHANGED",
                   absl::StrCat(path, " changed while it was read. Repeat the call when nobody writes to it."));
}

}  // namespace

absl::StatusOr<bool> HostWalk::Step(ContextSink& sink) {
  absl::Status status;
  if (!std::exchange(begun_, true)) status = Begin(sink);
  size_t read = 0;
  for (int entries = 0; status.ok() && entries < kEntriesPerStep && read < kStepBytes;) {
    if (file_.is_open()) {
      status = ReadPiece(sink);
      read += kReadBytes;
    } else if (!directories_.empty()) {
      status = NextEntry(sink);
      ++entries;
    } else {
      return false;
    }
  }
  if (!status.ok()) return status;
  return true;
}

absl::Status HostWalk::Begin(ContextSink& sink) {
  absl::StatusOr<ContextRoots::Place> place = roots_.Find(path_);
  if (!place.ok()) return place.status();
  place_ = *std::move(place);
  FileDescriptor descriptor = OpenBeneath(place_.root, place_.path, O_RDONLY);
  struct stat info = {};
  if (!descriptor.is_open() || ::fstat(descriptor.get(), &info) != 0) return PathError(errno, path_);
  if (S_ISDIR(info.st_mode)) return OnDirectory("", std::move(descriptor), info, sink);
  return OnFile("", std::move(descriptor), sink);
}

// The next entry of the current directory: other entries first, then the subdirectories.
absl::Status HostWalk::NextEntry(ContextSink& sink) {
  Directory& here = directories_.back();
  if (here.next_file < here.files.size()) return OnName(Join(here.path, here.files[here.next_file++]), sink);
  if (here.next_directory == here.directories.size()) {
    directories_.pop_back();
    return absl::OkStatus();
  }
  std::string path = Join(here.path, here.directories[here.next_directory++]);
  FileDescriptor descriptor = Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  struct stat info = {};
  if (!descriptor.is_open() || ::fstat(descriptor.get(), &info) != 0) return Error(errno, path);
  return OnDirectory(std::move(path), std::move(descriptor), info, sink);
}

absl::Status HostWalk::OnDirectory(std::string path, FileDescriptor descriptor, const struct stat& info,
                                   ContextSink& sink) {
  const int fd = ::dup(descriptor.get());  // for fstatat: ReadNames takes the other one
  const FileDescriptor names_at(fd);
  std::vector<std::string> names;
  if (fd < 0 || !ReadNames(std::move(descriptor), names)) return Error(errno, path);
  ContextEntry entry;
  entry.type = ContextEntry::Type::kDirectory;
  entry.path = path;
  entry.mode = info.st_mode & 07777;
  entry.mtime = info.st_mtime;
  entry.empty = names.empty();
  Directory directory;
  directory.path = std::move(path);
  for (std::string& name : names) {
    struct stat named = {};
    if (::fstatat(fd, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) return Error(errno, Join(entry.path, name));
    (S_ISDIR(named.st_mode) ? directory.directories : directory.files).push_back(std::move(name));
  }
  directories_.push_back(std::move(directory));
  return sink.OnEntry(entry);
}

absl::Status HostWalk::OnName(const std::string& path, ContextSink& sink) {
  FileDescriptor descriptor = Open(path, O_PATH | O_NOFOLLOW);
  struct stat info = {};
  if (!descriptor.is_open() || ::fstat(descriptor.get(), &info) != 0) return Error(errno, path);
  if (S_ISLNK(info.st_mode)) return OnLink(path, descriptor, info, sink);
  if (!S_ISREG(info.st_mode)) return WrongKindOfFile(FullPath(path));
  descriptor = Open(path, O_RDONLY | O_NOFOLLOW);
  if (!descriptor.is_open()) return Error(errno, path);
  return OnFile(path, std::move(descriptor), sink);
}

absl::Status HostWalk::OnFile(const std::string& path, FileDescriptor descriptor, ContextSink& sink) {
  struct stat info = {};
  if (::fstat(descriptor.get(), &info) != 0) return Error(errno, path);
  if (!S_ISREG(info.st_mode)) return WrongKindOfFile(FullPath(path));
  ContextEntry entry;
  entry.path = path;
  entry.mode = info.st_mode & 07777;
  entry.mtime = info.st_mtime;
  entry.size = info.st_size;
  return BeginFile(path, std::move(descriptor), entry, sink);
}

absl::Status HostWalk::OnLink(const std::string& path, const FileDescriptor& link, const struct stat& info,
                              ContextSink& sink) {
  ContextEntry entry;
  entry.type = ContextEntry::Type::kSymlink;
  entry.path = path;
  entry.mode = info.st_mode & 07777;
  entry.mtime = info.st_mtime;
  entry.link_target.resize(PATH_MAX);
  const ssize_t length = ::readlinkat(link.get(), "", entry.link_target.data(), entry.link_target.size());
  if (length < 0) return Error(errno, path);
  entry.link_target.resize(static_cast<size_t>(length));
  return sink.OnEntry(entry);
}

absl::Status HostWalk::BeginFile(const std::string& path, FileDescriptor descriptor, const ContextEntry& entry,
                                 ContextSink& sink) {
  file_ = std::move(descriptor);
  file_path_ = path;
  file_left_ = entry.size;
  return sink.OnEntry(entry);
}

absl::Status HostWalk::ReadPiece(ContextSink& sink) {
  buffer_.resize(kReadBytes);
  const ssize_t count = ::read(file_.get(), buffer_.data(), buffer_.size());
  if (count < 0) return Error(errno, file_path_);
  // Its length must match its tar header.
  if (count > file_left_ || (count == 0 && file_left_ > 0)) return Changed(FullPath(file_path_));
  file_left_ -= count;
  if (count == 0) file_ = FileDescriptor();
  return sink.OnData(std::string_view(buffer_).substr(0, static_cast<size_t>(count)));
}

FileDescriptor HostWalk::Open(const std::string& path, int flags) const {
  return OpenBeneath(place_.root, Join(place_.path, path), flags);
}

std::string HostWalk::FullPath(const std::string& path) const { return path.empty() ? path_ : Join(path_, path); }

absl::Status HostWalk::Error(int error, const std::string& path) const {
  switch (error) {
    case ENOENT:  // it was there when its directory was read
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
      return Changed(FullPath(path));
    default:
      return PathError(error, FullPath(path));
  }
}

}  // namespace daytonad
