#include "tests/integration/tls_front.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/integration/daemon_process.h"

namespace daytonad::testing {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Free now; another process may take it before it is used.
std::uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool Listens(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

bool HasEnded(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

void End(pid_t& pid) {
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  pid = -1;
}

pid_t Run(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t pid = ::fork();
  if (pid == 0) {
    // It must not outlive the test, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
    ::close_range(3, ~0U, 0);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(nothing);
  return pid;
}

}  // namespace

TlsFront::TlsFront(Options options) : options_(std::move(options)) { Start(); }

TlsFront::~TlsFront() {
  Kill();
  End(going_);
}

void TlsFront::Start() {
  for (int attempt = 0; attempt < 20; ++attempt) {
    port_ = FreePort();
    if (TryToStart()) return;
  }
  throw std::runtime_error("nghttpx does not start: is Debian's package nghttp2-proxy installed?");
}

bool TlsFront::TryToStart() {
  const auto number = [](int value) { return std::to_string(value); };
  pid_ = Run({"nghttpx", "--conf=/dev/null", "--single-process", "--workers=1", "--log-level=FATAL",
              "--errorlog-file=/dev/null", "--frontend=127.0.0.1," + number(port_),
              "--backend=127.0.0.1," + number(options_.backend_port), "--no-ocsp",
              options_.http2 ? "--npn-list=h2,http/1.1" : "--npn-list=http/1.1",
              "--frontend-http2-max-concurrent-streams=" + number(options_.max_streams), options_.server.key_file,
              options_.server.certificate_file});
  // If another process has the port, it listens there while ours ends.
  if (Eventually([this] { return HasEnded(pid_) || Listens(port_); }) && !HasEnded(pid_)) return true;
  End(pid_);
  return false;
}

void TlsFront::BeginGoingAway() {
  End(going_);
  going_ = std::exchange(pid_, -1);
  ::kill(going_, SIGQUIT);
}

void TlsFront::Kill() { End(pid_); }

void TlsFront::StartAgain(const TestAuthority::Server& server) {
  options_.server = server;
  Start();
}

}  // namespace daytonad::testing
