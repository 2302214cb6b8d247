#include "daemon/server/connection_table.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

namespace daytonad {
namespace {

// Identifies an open socket.
ino_t InodeOf(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

// The bytes that a TCP connection has received so far; 0 for other sockets.
uint64_t BytesReceived(int fd) {
  tcp_info info{};
  socklen_t length = sizeof(info);
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_bytes_received : 0;
}

// SIOCINQ: received and not read; SIOCOUTQ: sent and not read by the peer.
uint64_t BytesQueued(int fd, unsigned long queue) {
  int count = 0;
  return ::ioctl(fd, queue, &count) == 0 && count > 0 ? static_cast<uint64_t>(count) : 0;
}

// After a shutdown gRPC would still read what was received: thousands of small calls.
void DiscardUnread(int fd) {
  std::array<char, 16 << 10> ignored;
  while (::recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0) {
  }
}

}  // namespace

ConnectionTable::Room ConnectionTable::RoomFor(uid_t user) const {
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= limits_.connections) return Room::kFull;
  const auto count = per_user_.find(user);
  return count != per_user_.end() && count->second >= limits_.per_user ? Room::kUserFull : Room::kYes;
}

ConnectionTable::Id ConnectionTable::Add(int socket, FileDescriptor own, Peer peer) {
  const std::lock_guard lock(mutex_);
  const Id id = ++last_id_;
  Connection& connection = connections_[id];
  connection.socket = socket;
  connection.inode = InodeOf(socket);
  connection.own = std::move(own);
  connection.since = std::chrono::steady_clock::now();
  if (peer.user != kUnknownUser) ++per_user_[peer.user];
  connection.peer = std::move(peer);
  return id;
}

ConnectionTable::TimePoint ConnectionTable::PenaltyEnd(const Peer& peer) const {
  const std::lock_guard lock(mutex_);
  const auto found = penalties_.find(peer);
  return found == penalties_.end() ? TimePoint::min() : found->second;
}

int ConnectionTable::OwnDescriptor(Id id) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  return found == connections_.end() ? -1 : found->second.own.get();
}

void ConnectionTable::MarkEnded(Id id) {
  const std::lock_guard lock(mutex_);
  ended_.push_back(id);
}

bool ConnectionTable::Sweep() {
  const std::lock_guard lock(mutex_);
  std::erase_if(ended_, [this](Id id) {
    const auto found = connections_.find(id);
    const Connection& connection = found->second;
    // The descriptor's number may belong to another file by now.
    if (InodeOf(connection.socket) == connection.inode) return false;
    const uid_t user = connection.peer.user;
    if (user != kUnknownUser && --per_user_[user] == 0) per_user_.erase(user);
    connections_.erase(found);
    return true;
  });
  return !ended_.empty();
}

std::vector<ConnectionTable::Load> ConnectionTable::TakeLoads() {
  const std::lock_guard lock(mutex_);
  std::vector<Load> loads;
  loads.reserve(connections_.size());
  for (auto& [id, connection] : connections_) {
    Load& load = loads.emplace_back();
    load.id = id;
    load.peer = connection.peer;
    load.since = connection.since;
    const uint64_t received = BytesReceived(connection.own.get());
    load.bytes_in = std::max(received - connection.received, BytesQueued(connection.own.get(), SIOCINQ));
    load.bytes_untaken = BytesQueued(connection.own.get(), SIOCOUTQ);
    connection.received = received;
  }
  return loads;
}

void ConnectionTable::ShutDown(Id id) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  ::shutdown(found->second.own.get(), SHUT_RDWR);
  DiscardUnread(found->second.own.get());
}

void ConnectionTable::Penalize(Id id) {
  ShutDown(id);
  const std::lock_guard lock(mutex_);
  const TimePoint now = std::chrono::steady_clock::now();
  std::erase_if(penalties_, [now](const auto& entry) { return entry.second <= now; });
  const auto found = connections_.find(id);
  if (found != connections_.end()) penalties_[found->second.peer] = now + limits_.penalty;
}

size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

}  // namespace daytonad
