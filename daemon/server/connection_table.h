#ifndef DAYTONAD_DAEMON_SERVER_CONNECTION_TABLE_H_
#define DAYTONAD_DAEMON_SERVER_CONNECTION_TABLE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/base/file_descriptor.h"

namespace daytonad {

// The open connections of one listener. gRPC owns their descriptors and closes them without notice. The table has a
// duplicate of each, to shut the connection down and to notice its end. Thread-safe.
class ConnectionTable {
 public:
  using Id = uint64_t;

  using TimePoint = std::chrono::steady_clock::time_point;

  // Unknown for TCP.
  static constexpr uid_t kUnknownUser = static_cast<uid_t>(-1);

  // The peer, as far as the system tells: a process on a UNIX socket, a host on TCP.
  struct Peer {
    uid_t user = kUnknownUser;
    pid_t process = 0;
    std::string host;

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 of a comparison for a pointer
    auto operator<=>(const Peer&) const = default;
  };

  struct Limits {
    size_t connections = 1024;
    size_t per_user = 1024;  // for connections with a known user
    // The penalty of a peer: long enough for gRPC to process what a flood left behind.
    std::chrono::milliseconds penalty = std::chrono::seconds(1);
  };
  enum class Room { kYes, kFull, kUserFull };

  // A connection's traffic, which shows who made the memory grow.
  struct Load {
    Id id = 0;
    Peer peer;
    TimePoint since;
    // Bytes received since the last query. For TCP the system counts them. For a UNIX socket it is the unread bytes:
    // zero for a client that waits for its answers.
    uint64_t bytes_in = 0;
    // Bytes that were sent, and that the peer has not read.
    uint64_t bytes_untaken = 0;
  };

  explicit ConnectionTable(Limits limits) : limits_(limits) {}

  Room RoomFor(uid_t user) const;
  // `socket` is gRPC's descriptor, about to be handed over; `own` is a duplicate of it.
  Id Add(int socket, FileDescriptor own, Peer peer);
  // When a penalized peer may connect again; a time in the past for all others.
  TimePoint PenaltyEnd(const Peer& peer) const;
  // The table's own descriptor; -1 if there is no such connection.
  int OwnDescriptor(Id id) const;

  // The connection was shut down, by either side. It counts until gRPC has closed its descriptor.
  void MarkEnded(Id id);
  // Removes connections that gRPC has closed. True if some that were shut down remain.
  bool Sweep();

  std::vector<Load> TakeLoads();
  // Shuts the connection down: both sides notice it at once, unread data is lost, and gRPC closes it.
  void ShutDown(Id id);
  // The same, and delays new connections of the peer (PenaltyEnd): a flooding peer would reconnect at once.
  void Penalize(Id id);

  size_t size() const;
  const Limits& limits() const { return limits_; }

 private:
  struct Connection {
    int socket = -1;
    ino_t inode = 0;
    FileDescriptor own;
    Peer peer;
    TimePoint since;
    uint64_t received = 0;
  };

  const Limits limits_;
  mutable std::mutex mutex_;
  Id last_id_ = 0;
  std::map<Id, Connection> connections_;
  std::map<uid_t, size_t> per_user_;
  std::vector<Id> ended_;
  std::map<Peer, TimePoint> penalties_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_CONNECTION_TABLE_H_
