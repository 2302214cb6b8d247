#include "daemon/auth/credential_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"

namespace daytonad {
namespace {

constexpr std::chrono::seconds kLookInterval{1};
constexpr char kUnreadable[] = "CREDENTIAL_FILE_UNREADABLE";
// More than a key may have, so that CheckToken rejects longer ones.
constexpr size_t kReadAtMost = size_t{32} << 10;

absl::Status Unreadable(const std::string& path, int error) {
  return MakeError(absl::StatusCode::kFailedPrecondition, kUnreadable,
                   absl::StrCat("Cannot read the API key file ", path, ": ", std::strerror(error), "."));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileCredential>> FileCredential::Open(std::string path, Clock& clock) {
  std::unique_ptr<FileCredential> source(new FileCredential(std::move(path), clock));
  source->seen_ = source->VersionNow();
  absl::StatusOr<Credential> credential = source->Read();
  if (!credential.ok()) return credential.status();
  source->credential_ = *std::move(credential);
  source->next_look_ = clock.Now() + kLookInterval;
  return source;
}

const Credential& FileCredential::Current() {
  const Clock::TimePoint now = clock_.Now();
  if (now < next_look_) return credential_;
  next_look_ = now + kLookInterval;
  // Take the version before the read: a file that is replaced in between is then read again, not missed.
  const std::optional<Version> version = VersionNow();
  if (version == seen_) return credential_;
  absl::StatusOr<Credential> credential = Read();
  // An unreadable file may become readable without a new version: permissions and descriptors are not part of it.
  const bool was_read = ErrorReason(credential.status()) != kUnreadable;
  seen_ = was_read ? version : std::nullopt;
  if (credential.ok()) {
    warning_.clear();
    credential_ = *std::move(credential);
    Log(LogLevel::kInfo, "the API key file has changed, the new key is in use", {{"file", path_}});
  } else {
    Warn(credential.status());
  }
  return credential_;
}

void FileCredential::Warn(const absl::Status& problem) {
  if (std::exchange(warning_, std::string(problem.message())) == warning_) return;
  Log(LogLevel::kWarning, "the API key file has changed and cannot be used, the old key stays in use",
      {{"file", path_}, {"reason", warning_}});
}

std::optional<FileCredential::Version> FileCredential::VersionNow() const {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return std::nullopt;
  return Version{info.st_dev, info.st_ino, info.st_size,
                 int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

// On the loop: it is one small local file.
absl::StatusOr<Credential> FileCredential::Read() const {
  // Non-blocking, in case the path is a pipe.
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Unreadable(path_, errno);
  std::string text(kReadAtMost, '\0');
  size_t size = 0;
  ssize_t count = 0;
  do {
    count = ::read(fd, text.data() + size, text.size() - size);
    if (count > 0) size += static_cast<size_t>(count);
  } while (count > 0 || (count < 0 && errno == EINTR));
  const int error = errno;
  ::close(fd);
  if (count < 0) return Unreadable(path_, error);

  while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) --size;
  text.resize(size);
  if (absl::Status status = CheckToken(text); !status.ok()) {
    WipeString(text);
    return WithErrorMessage(status,
                            absl::StrCat("The API key in the file ", path_, " cannot be used: ", status.message()));
  }
  Credential credential;
  credential.token = Secret(std::move(text));
  return credential;
}

}  // namespace daytonad
