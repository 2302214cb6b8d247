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

// The open connections of one listener. gRPC owns and closes their descriptors without a word; the table has one of its
// own for each, by which a connection can be shut down, and by which its end is noticed. Thread-safe.
class ConnectionTable {
 public:
  using Id = uint64_t;

  using TimePoint = std::chrono::steady_clock::time_point;

  // On TCP nobody says who it is.
  static constexpr uid_t kUnknownUser = static_cast<uid_t>(-1);

  // Who is at the other end, as far as the system tells: a process on a UNIX socket, a host on TCP.
  struct Peer {
    uid_t user = kUnknownUser;
    pid_t process = 0;
    std::string host;

    auto operator<=>(const Peer&) const = default;
  };

  struct Limits {
    size_t connections = 1024;
    size_t per_user = 1024;  // of those whose user is known
    // How long a peer waits that is shunned: long enough for what a flood left in gRPC to be worked off.
    std::chrono::milliseconds shunning = std::chrono::seconds(1);
  };
  enum class Room { kYes, kFull, kUserFull };

  // What a connection has done: the measure of who made the memory grow.
  struct Load {
    Id id = 0;
    Peer peer;
    TimePoint since;
    // Bytes that came in since the last time that loads were asked for: on TCP counted by the system. A UNIX socket
    // counts nothing, and tells what has come and is not read yet: nothing, of a client that waits for its answers.
    uint64_t bytes_in = 0;
  };

  explicit ConnectionTable(Limits limits) : limits_(limits) {}

  Room RoomFor(uid_t user) const;
  // `socket` is gRPC's descriptor, about to be handed over, `own` another one of the same connection.
  Id Add(int socket, FileDescriptor own, Peer peer);
  // A peer of which a connection was just shut down may speak again from this moment on; the past, of all others.
  TimePoint WelcomeAt(const Peer& peer) const;
  // Our own descriptor; -1 if there is no such connection.
  int OwnDescriptor(Id id) const;

  // The connection is shut down, by whomever. It counts until gRPC has closed its descriptor.
  void MarkEnded(Id id);
  // Forgets those that gRPC has closed. True if some are left that are shut down.
  bool Sweep();

  std::vector<Load> TakeLoads();
  // Ends the connection: both sides notice it at once, what has come and is not read yet is lost, and gRPC closes it.
  void ShutDown(Id id);
  // The same, and new connections of the same peer have to wait (WelcomeAt): one that floods the daemon begins anew at
  // once.
  void Shun(Id id);

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
  std::map<Peer, TimePoint> shunned_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_CONNECTION_TABLE_H_
