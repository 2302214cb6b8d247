#include "daemon/server/socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {
namespace {

// 0, or the errno of connecting to the socket.
int TryToConnect(const std::string& path) {
  // Non-blocking: a listener with a full queue would block the connect.
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int error = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

absl::Status CheckDirectory(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the directory ", directory, " cannot be used (", std::strerror(errno), "): create it first"));
  }
  if (!S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(directory, " is not a directory"));
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("user id ", ::geteuid(), " may not create files in ", directory, ": give it write permission"));
  }
  return absl::OkStatus();
}

// Locks the directory itself, because a lock file would stay behind. Every process that may read the directory can hold
// that lock, so it only guards against accidents: after `patience`, or without file locks, it continues without.
SocketPathClaim ClaimDirectory(const std::string& directory, std::chrono::milliseconds patience) {
  SocketPathClaim claim(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!claim.TryToLock()) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || std::chrono::steady_clock::now() >= end) {
      Log(LogLevel::kWarning, "the directory of a socket cannot be locked: do not start another daemon there now",
          {{"directory", directory}, {"error", std::strerror(errno)}});
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return claim;
}

absl::Status MakeWay(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(path, " cannot be checked: ", std::strerror(errno)));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " exists and is not a socket: remove it or choose another path"));
  }
  const int error = TryToConnect(path);
  if (error == 0 || error == EAGAIN) {
    return absl::FailedPreconditionError(
        absl::StrCat("another process already answers on ", path, ": stop it or choose another path"));
  }
  if (error != ECONNREFUSED) {
    return absl::FailedPreconditionError(absl::StrCat("the socket ", path,
                                                      " exists, and whether it is still in use cannot", " be told (",
                                                      std::strerror(error), "): remove it or choose another path"));
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::PermissionDeniedError(
        absl::StrCat("the stale socket ", path, " cannot be removed: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace

SocketPathClaim::SocketPathClaim(SocketPathClaim&& other) noexcept : directory_(std::exchange(other.directory_, -1)) {}

SocketPathClaim::~SocketPathClaim() {
  if (directory_ >= 0) ::close(directory_);
}

bool SocketPathClaim::TryToLock() const { return ::flock(directory_, LOCK_EX | LOCK_NB) == 0; }

absl::StatusOr<SocketPathClaim> PrepareSocketPath(const std::string& path, std::chrono::milliseconds patience) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  if (absl::Status status = CheckDirectory(directory); !status.ok()) return status;
  SocketPathClaim claim = ClaimDirectory(directory, patience);
  if (absl::Status status = MakeWay(path); !status.ok()) return status;
  return claim;
}

}  // namespace daytonad
