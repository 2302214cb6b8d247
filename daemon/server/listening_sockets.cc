#include "daemon/server/listening_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace daytonad {
namespace {

// Sets the umask and restores it.
class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : before_(::umask(mask)) {}
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;
  ~ScopedUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

ino_t InodeOf(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

absl::Status Problem() { return absl::FailedPreconditionError(std::strerror(errno)); }

absl::StatusOr<FileDescriptor> BindAndListen(int family, const sockaddr* address, socklen_t length) {
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return Problem();
  const int on = 1;
  // A restart does not wait for connections of the previous daemon. (A second daemon on the port still fails.)
  if (family != AF_UNIX) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(socket.get(), address, length) != 0 || ::listen(socket.get(), SOMAXCONN) != 0) return Problem();
  return socket;
}

absl::StatusOr<ListeningSockets> OpenUnix(const std::string& path, mode_t mode) {
  const ScopedUmask umask(0777 & ~mode);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  absl::StatusOr<FileDescriptor> socket =
      BindAndListen(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (!socket.ok()) return socket.status();
  ListeningSockets opened;
  opened.sockets.push_back(*std::move(socket));
  opened.file = SocketFile(path);
  return opened;
}

uint16_t* PortOf(sockaddr* address) {
  return address->sa_family == AF_INET6 ? &reinterpret_cast<sockaddr_in6*>(address)->sin6_port
                                        : &reinterpret_cast<sockaddr_in*>(address)->sin_port;
}

uint16_t BoundPort(int socket) {
  sockaddr_storage bound{};
  socklen_t length = sizeof(bound);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &length);
  return ntohs(*PortOf(reinterpret_cast<sockaddr*>(&bound)));
}

absl::StatusOr<ListeningSockets> OpenTcp(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found);
  if (error != 0) return absl::FailedPreconditionError(::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  // A name may resolve to an address that this machine lacks, such as the IPv6 one of localhost. One address is enough.
  ListeningSockets opened;
  opened.port = port;
  absl::Status problem;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    *PortOf(one->ai_addr) = htons(opened.port);
    absl::StatusOr<FileDescriptor> socket = BindAndListen(one->ai_family, one->ai_addr, one->ai_addrlen);
    if (!socket.ok()) {
      problem.Update(socket.status());
      continue;
    }
    if (opened.port == 0) opened.port = BoundPort(socket->get());
    opened.sockets.push_back(*std::move(socket));
  }
  if (opened.sockets.empty()) return problem;
  return opened;
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)), inode_(InodeOf(path_)) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(inode_, other.inode_);
  return *this;
}

SocketFile::~SocketFile() {
  if (inode_ != 0 && InodeOf(path_) == inode_) ::unlink(path_.c_str());
}

absl::StatusOr<ListeningSockets> OpenListeningSockets(const ListenAddress& address, mode_t socket_mode) {
  return address.is_unix() ? OpenUnix(address.path, socket_mode) : OpenTcp(address.host, address.port);
}

}  // namespace daytonad
