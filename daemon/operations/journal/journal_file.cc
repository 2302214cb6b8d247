#include "daemon/operations/journal/journal_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/operations/journal/segment.h"

namespace daytonad {
namespace {

constexpr char kCurrent[] = "requests.journal";
constexpr char kPrevious[] = "requests.journal.1";
// A journal that this version can't read is kept here for a downgrade.
constexpr char kForeign[] = "requests.journal.unreadable";
constexpr char kLock[] = "lock";
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0077;

absl::Status Unusable(const std::string& directory, std::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(directory, ": ", std::string(why)));
}

absl::Status SystemError(const std::string& what) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", std::strerror(errno)));
}

std::string ReadAll(int fd) {
  std::string bytes;
  char piece[64 << 10];
  ssize_t count = 0;
  while ((count = ::read(fd, piece, sizeof(piece))) > 0 || (count < 0 && errno == EINTR)) {
    if (count > 0) bytes.append(piece, static_cast<size_t>(count));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<JournalFile>> JournalFile::Open(JournalOptions options, Time now) {
  std::unique_ptr<JournalFile> file(new JournalFile(std::move(options)));
  if (absl::Status status = file->OpenDirectory(); !status.ok()) return status;
  if (absl::Status status = file->Lock(); !status.ok()) return status;
  file->ReadFile(kPrevious);
  const size_t before = file->records_.size();
  const size_t end = file->ReadFile(kCurrent);
  const bool has_records = file->records_.size() > before;
  const Time began = has_records ? Time(std::chrono::milliseconds(file->records_[before].written_ms())) : now;
  if (absl::Status status = file->OpenCurrent(end, std::min(began, now)); !status.ok()) return status;
  return file;
}

absl::Status JournalFile::OpenDirectory() {
  const std::string& path = options_.directory;
  if (path.empty() || path[0] != '/') return Unusable(path, "is not an absolute path");
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return SystemError(absl::StrCat("cannot make ", path));
  directory_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info {};
  if (!directory_.is_open() || ::fstat(directory_.get(), &info) != 0) {
    return SystemError(absl::StrCat("cannot open ", path));
  }
  if (info.st_uid != ::geteuid()) return Unusable(path, "belongs to another user");
  const mode_t own = info.st_mode & ~static_cast<mode_t>(S_IFMT) & ~kOthers;
  if ((info.st_mode & kOthers) != 0 && ::fchmod(directory_.get(), own) != 0) {
    return SystemError(absl::StrCat("others may read ", path, ", and that can't be changed"));
  }
  return absl::OkStatus();
}

absl::Status JournalFile::Lock() {
  lock_ = FileDescriptor(::openat(directory_.get(), kLock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly));
  if (!lock_.is_open()) return SystemError(absl::StrCat("cannot make files in ", options_.directory));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno == EWOULDBLOCK) return Unusable(options_.directory, "is used by another daemon");
  return SystemError(absl::StrCat("cannot lock ", options_.directory));
}

size_t JournalFile::ReadFile(const char* name) {
  const FileDescriptor file(::openat(directory_.get(), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) return 0;
  const std::string bytes = ReadAll(file.get());
  Segment segment = ReadSegment(bytes);
  const std::string path = absl::StrCat(options_.directory, "/", name);
  if (segment.foreign) {
    if (!bytes.empty()) {
      Log(LogLevel::kWarning, "this version can't read a journal: it is renamed", {{"file", path}});
      ::renameat(directory_.get(), name, directory_.get(), kForeign);
    }
    return 0;
  }
  if (segment.lost_bytes > 0) {
    Log(LogLevel::kWarning, "skipped an unreadable part of the journal",
        {{"file", path}, {"bytes", absl::StrCat(segment.lost_bytes)}});
  }
  if (segment.end < bytes.size()) {
    Log(LogLevel::kWarning, "cut off an incomplete record at the end of the journal",
        {{"file", path}, {"bytes", absl::StrCat(bytes.size() - segment.end)}});
  }
  std::move(segment.records.begin(), segment.records.end(), std::back_inserter(records_));
  return segment.end;
}

absl::Status JournalFile::OpenCurrent(size_t end, Time now) {
  if (end == 0) {
    // A full disk may have room later.
    absl::Status begun = BeginSegment(now);
    if (!begun.ok()) Log(LogLevel::kWarning, "cannot create the journal yet", {{"error", begun.ToString()}});
    return absl::OkStatus();
  }
  current_ = FileDescriptor(::openat(directory_.get(), kCurrent, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!current_.is_open() || ::ftruncate(current_.get(), static_cast<off_t>(end)) != 0) {
    return SystemError(absl::StrCat("cannot write in ", options_.directory));
  }
  size_ = end;
  began_ = now;
  return absl::OkStatus();
}

absl::Status JournalFile::BeginSegment(Time now) {
  FileDescriptor file(
      ::openat(directory_.get(), kCurrent, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kOwnerOnly));
  if (!file.is_open()) return SystemError(absl::StrCat("cannot make files in ", options_.directory));
  current_ = std::move(file);
  size_ = 0;
  began_ = now;
  return Write(kSegmentHead);
}

absl::Status JournalFile::Append(std::string_view bytes, Time now) {
  const bool old = now - began_ >= options_.segment_age || size_ + bytes.size() > options_.segment_bytes;
  if (old && size_ > kSegmentHead.size()) {
    if (absl::Status synced = Sync(); !synced.ok()) return synced;
    if (::renameat(directory_.get(), kCurrent, directory_.get(), kPrevious) != 0) return SystemError("cannot rename");
    size_ = 0;
  }
  if (size_ == 0) {
    if (absl::Status begun = BeginSegment(now); !begun.ok()) {
      size_ = 0;  // the next one tries again
      return begun;
    }
  }
  return Write(bytes);
}

absl::Status JournalFile::Write(std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const auto at = static_cast<off_t>(size_ + done);
    const ssize_t written = ::pwrite(current_.get(), bytes.data() + done, bytes.size() - done, at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const absl::Status error = SystemError(absl::StrCat("cannot write in ", options_.directory));
      // If this fails, too, the next write overwrites the rest.
      (void)!::ftruncate(current_.get(), static_cast<off_t>(size_));
      return error;
    }
    done += static_cast<size_t>(written);
  }
  size_ += bytes.size();
  return absl::OkStatus();
}

absl::Status JournalFile::Sync() {
  if (::fdatasync(current_.get()) == 0) return absl::OkStatus();
  return SystemError(absl::StrCat("cannot write to the disk of ", options_.directory));
}

}  // namespace daytonad
