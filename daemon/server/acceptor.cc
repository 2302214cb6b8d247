#include "daemon/server/acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kShortestPause = milliseconds(10);
constexpr auto kLongestPause = milliseconds(1000);
// How often to check whether gRPC has closed connections that were shut down.
constexpr auto kSweepInterval = milliseconds(20);
// How many connections are accepted, or closed, in one turn.
constexpr int kBatch = 64;
// A peer that does not acknowledge data for this long is dead.
constexpr unsigned kUserTimeoutMs = 20'000;

// The data of epoll events: a connection's id, or one of these.
constexpr uint64_t kWakeup = uint64_t{1} << 63;
constexpr uint64_t kListening = uint64_t{1} << 62;  // plus the index

FileDescriptor OpenReserve() { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Errors of the connection that was to be accepted, not of the listener (accept(2)).
bool IsOfConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

ConnectionTable::Peer PeerOf(int connection) {
  ConnectionTable::Peer peer;
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (::getpeername(connection, reinterpret_cast<sockaddr*>(&address), &length) == 0 && address.ss_family != AF_UNIX) {
    std::array<char, NI_MAXHOST> host{};
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host.data(), host.size(), nullptr, 0,
                  NI_NUMERICHOST);
    peer.host = host.data();
    return peer;
  }
  ucred credentials{};
  length = sizeof(credentials);
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
    peer.user = credentials.uid;
    peer.process = credentials.pid;
  }
  return peer;
}

void SetTcpOptions(int connection) {
  // Fails on a UNIX socket, which does not need it.
  const int on = 1;
  ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(connection, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof(kUserTimeoutMs));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Start(std::string name, std::vector<FileDescriptor> listening,
                                                          ConnectionTable::Limits limits, HandOver hand_over) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor(std::move(name), std::move(listening), limits, std::move(hand_over)));
  bool watched = acceptor->reserve_.is_open() && acceptor->Watch(acceptor->wakeup_.get(), EPOLLIN, kWakeup);
  for (size_t i = 0; i < acceptor->listening_.size(); ++i) {
    watched = watched && acceptor->Watch(acceptor->listening_[i].get(), EPOLLIN, kListening | i);
  }
  if (!watched) return absl::ResourceExhaustedError(std::strerror(errno));
  acceptor->thread_ = std::thread([acceptor = acceptor.get()] { acceptor->Run(); });
  ::pthread_setname_np(acceptor->thread_.native_handle(), "daytonad-accept");
  return acceptor;
}

Acceptor::Acceptor(std::string name, std::vector<FileDescriptor> listening, ConnectionTable::Limits limits,
                   HandOver hand_over)
    : name_(std::move(name)),
      hand_over_(std::move(hand_over)),
      connections_(limits),
      listening_(std::move(listening)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      reserve_(OpenReserve()),
      pause_(kShortestPause) {}

Acceptor::~Acceptor() {
  if (!thread_.joinable()) return;
  ending_ = true;
  StopAccepting();
  thread_.join();
}

void Acceptor::StopAccepting() {
  stopping_ = true;
  ::eventfd_write(wakeup_.get(), 1);
  accepting_.wait(true);
}

bool Acceptor::Watch(int fd, uint32_t events, uint64_t what) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = what;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Acceptor::Run() {
  bool sweeping = false;
  while (!ending_) {
    std::array<epoll_event, kBatch> events;
    const int wait = static_cast<int>(TimeToWait(sweeping).count());
    const int count = ::epoll_wait(epoll_.get(), events.data(), kBatch, wait);
    if (paused_ && steady_clock::now() >= resume_) SetPaused(false);
    for (int i = 0; i < count; ++i) Handle(events[static_cast<size_t>(i)].data.u64);
    if (stopping_ && accepting_) CloseListeningSockets();
    HandOverDue();
    sweeping = connections_.Sweep();
  }
  if (accepting_) CloseListeningSockets();
}

milliseconds Acceptor::TimeToWait(bool sweeping) const {
  const TimePoint now = steady_clock::now();
  TimePoint next = TimePoint::max();
  if (paused_) next = resume_;
  if (!delayed_.empty()) next = std::min(next, delayed_.begin()->first);
  if (sweeping) next = std::min(next, now + kSweepInterval);
  if (next == TimePoint::max()) return milliseconds(-1);
  return std::chrono::ceil<milliseconds>(std::max(now, next) - now);
}

void Acceptor::HandOverDue() {
  while (!delayed_.empty() && delayed_.begin()->first <= steady_clock::now()) {
    Delayed delayed = std::move(delayed_.extract(delayed_.begin()).mapped());
    HandOverTo(delayed.listening, delayed.id, std::move(delayed.connection));
  }
}

void Acceptor::Handle(uint64_t what) {
  if (what == kWakeup) {
    eventfd_t ignored = 0;
    ::eventfd_read(wakeup_.get(), &ignored);
  } else if ((what & kListening) != 0) {
    const size_t index = what & ~kListening;
    if (index < listening_.size() && !paused_) AcceptFrom(listening_[index].get());
  } else {
    // Shut down in both directions, by the peer, by gRPC or by us.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connections_.OwnDescriptor(what), nullptr);
    connections_.MarkEnded(what);
  }
}

void Acceptor::AcceptFrom(int listening) {
  for (int i = 0; i < kBatch && !paused_; ++i) {
    FileDescriptor connection(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection.is_open()) {
      pause_ = kShortestPause;
      Take(listening, std::move(connection));
      continue;
    }
    const int error = errno;
    if (error == EAGAIN) return;
    if (IsOfConnection(error)) continue;
    if (error == EMFILE || error == ENFILE) AcceptAndClose(listening);
    Pause(error);
  }
}

void Acceptor::Refuse(std::string_view why) const {
  Log(LogLevel::kWarning, "a connection is rejected: the limit of connections is reached",
      {{"listener", name_}, {"why", why}});
}

void Acceptor::Take(int listening, FileDescriptor connection) {
  ConnectionTable::Peer peer = PeerOf(connection.get());
  const ConnectionTable::Room room = connections_.RoomFor(peer.user);
  if (room == ConnectionTable::Room::kFull) {
    Refuse(absl::StrCat("--max-client-connections is ", connections_.limits().connections));
    return;
  }
  if (room == ConnectionTable::Room::kUserFull) {
    Refuse(absl::StrCat("--max-client-connections-per-user is ", connections_.limits().per_user, ", and user id ",
                        peer.user, " has them"));
    return;
  }
  FileDescriptor own(::fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  if (!own.is_open()) {
    Pause(errno);
    return;
  }
  SetTcpOptions(connection.get());
  const TimePoint penalty_end = connections_.PenaltyEnd(peer);
  const ConnectionTable::Id id = connections_.Add(connection.get(), std::move(own), std::move(peer));
  if (penalty_end > steady_clock::now()) {
    delayed_.emplace(penalty_end, Delayed{listening, id, std::move(connection)});
  } else {
    HandOverTo(listening, id, std::move(connection));
  }
}

void Acceptor::HandOverTo(int listening, ConnectionTable::Id id, FileDescriptor connection) {
  hand_over_(listening, connection.Release());
  // epoll always reports hang-ups. A connection that is not watched would be counted for ever.
  if (!Watch(connections_.OwnDescriptor(id), EPOLLONESHOT, id)) {
    connections_.ShutDown(id);
    connections_.MarkEnded(id);
  }
}

void Acceptor::AcceptAndClose(int listening) {
  for (int i = 0; i < kBatch; ++i) {
    reserve_ = FileDescriptor();
    const FileDescriptor connection(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.is_open()) break;
  }
  reserve_ = OpenReserve();
}

void Acceptor::Pause(int error) {
  Log(LogLevel::kWarning, "accepting connections is paused", {{"listener", name_}, {"why", std::strerror(error)}});
  resume_ = steady_clock::now() + pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
  SetPaused(true);
}

void Acceptor::SetPaused(bool paused) {
  paused_ = paused;
  for (size_t i = 0; i < listening_.size(); ++i) {
    epoll_event event{};
    event.events = paused ? 0U : uint32_t{EPOLLIN};
    event.data.u64 = kListening | i;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listening_[i].get(), &event);
  }
}

void Acceptor::CloseListeningSockets() {
  listening_.clear();
  for (const auto& [due, delayed] : delayed_) {
    connections_.ShutDown(delayed.id);
    connections_.MarkEnded(delayed.id);
  }
  delayed_.clear();
  accepting_ = false;
  accepting_.notify_all();
}

}  // namespace daytonad
