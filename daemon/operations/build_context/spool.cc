#include "daemon/operations/build_context/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/exhaustion.h"

namespace daytonad {
namespace {

constexpr char kAdvice[] = "Give the context's hash in the header, which needs no space";

// After this time other uploads may have ended.
constexpr auto kRetryDelay = std::chrono::seconds(5);

FileDescriptor OpenNameless(const std::string& directory) {
  FileDescriptor file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.is_open() || (errno != EOPNOTSUPP && errno != EISDIR)) return file;
  // The file system cannot create unnamed files: create a named one and unlink it at once.
  std::string path = absl::StrCat(directory, "/daytonad-upload-XXXXXX");
  file = FileDescriptor(::mkostemp(path.data(), O_CLOEXEC));
  if (file.is_open()) ::unlink(path.c_str());
  return file;
}

absl::Status SpoolFull(std::string_view message) {
  return MakeError(absl::StatusCode::kResourceExhausted, "SPOOL_FULL", message);
}

}  // namespace

absl::StatusOr<Spool> Spool::Open(std::string directory, int64_t limit) {
  if (directory.empty() || directory[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat("\"", directory, "\" is not an absolute path"));
  }
  if (!OpenNameless(directory).is_open()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot make files in ", directory, ": ", std::strerror(errno)));
  }
  return Spool(std::move(directory), limit);
}

absl::Status SpoolFile::CheckSize(int64_t bytes) const {
  if (bytes <= spool_.limit_) return absl::OkStatus();
  return SpoolFull(absl::StrCat("The upload is larger than the daemon's --spool-limit of ", spool_.limit_, " bytes. ",
                                kAdvice, ", or have the limit raised."));
}

absl::Status SpoolFile::Reserve(int64_t bytes) {
  if (absl::Status status = CheckSize(reserved_ + bytes); !status.ok()) return status;
  if (spool_.used_ + bytes > spool_.limit_) {
    return WithRetryDelay(SpoolFull(absl::StrCat("Other uploads fill the daemon's --spool-limit of ", spool_.limit_,
                                                 " bytes. ", kAdvice, ", or try again later.")),
                          kRetryDelay);
  }
  spool_.used_ += bytes;
  reserved_ += bytes;
  return absl::OkStatus();
}

absl::Status SpoolFile::Append(std::string_view bytes) {
  if (!file_.is_open()) file_ = OpenNameless(spool_.directory_);
  if (!file_.is_open()) return DiskError(errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskError(errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SpoolFile::Read(int64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  ssize_t count = -1;
  do {
    count = ::pread(file_.get(), bytes.data(), size, offset);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return DiskError(errno);
  bytes.resize(static_cast<size_t>(count));
  return bytes;
}

absl::Status SpoolFile::DiskError(int error) const {
  if (error == ENOSPC || error == EDQUOT) {
    return WithRetryDelay(SpoolFull("The disk with the daemon's --spool-dir is full. Free some space on it."),
                          kRetryDelay);
  }
  if (IsExhaustion(error)) return ExhaustionError(error, "use its --spool-dir");
  return MakeError(absl::StatusCode::kInternal, "SPOOL_BROKEN",
                   absl::StrCat("The daemon's --spool-dir does not work: ", std::strerror(error), "."));
}

}  // namespace daytonad
