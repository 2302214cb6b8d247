#include "daemon/server/socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

namespace daytonad {
namespace {

// 0, or the errno of connecting to the socket.
int TryToConnect(const std::string& path) {
  // A listener with a full queue shall not make us wait for it.
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

}  // namespace

absl::Status PrepareSocketPath(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (absl::Status status = CheckDirectory(slash == 0 ? "/" : path.substr(0, slash)); !status.ok()) return status;

  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(path, " cannot be looked at: ", std::strerror(errno)));
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

}  // namespace daytonad
