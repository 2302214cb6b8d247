#ifndef DAYTONAD_DAEMON_SERVER_ACCEPTOR_H_
#define DAYTONAD_DAEMON_SERVER_ACCEPTOR_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/file_descriptor.h"
#include "daemon/server/connection_table.h"

namespace daytonad {

// Accepts the connections of one listener, on a thread of its own. gRPC 1.51's own listener never accepts again after
// one accept() failed for lack of descriptors, and does not limit connections.
//
// It continues after any error of accept(). When descriptors run out, it pauses briefly and closes queued connections
// with the help of a reserve descriptor, so that clients get an answer and can retry. Connections above the table's
// limits are accepted and closed, too. Connections of a penalized peer are accepted and handed over later.
class Acceptor {
 public:
  // Takes over a new connection; `listening` is the socket that accepted it. On the acceptor's thread.
  using HandOver = std::function<void(int listening, int connection)>;

  // `name` is the listener's, for the log.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Start(std::string name, std::vector<FileDescriptor> listening,
                                                         ConnectionTable::Limits limits, HandOver hand_over);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // Closes the listening sockets; no connection is handed over from then on. Thread-safe and idempotent.
  void StopAccepting();
  // Whether no connection is open, and none will be.
  bool drained() const { return !accepting_ && connections_.size() == 0; }

  ConnectionTable& connections() { return connections_; }

 private:
  using TimePoint = ConnectionTable::TimePoint;

  Acceptor(std::string name, std::vector<FileDescriptor> listening, ConnectionTable::Limits limits, HandOver hand_over);

  bool Watch(int fd, uint32_t events, uint64_t what) const;
  void Run();
  void Handle(uint64_t what);
  // Hands over delayed connections that are due.
  void HandOverDue();
  // Time until the next timed action; -1 if there is none.
  std::chrono::milliseconds TimeToWait(bool sweeping) const;
  // Accepts the queued connections of one socket.
  void AcceptFrom(int listening);
  void Refuse(std::string_view why) const;
  void Take(int listening, FileDescriptor connection);
  void HandOverTo(int listening, ConnectionTable::Id id, FileDescriptor connection);
  void AcceptAndClose(int listening);
  void Pause(int error);
  void SetPaused(bool paused);
  void CloseListeningSockets();

  const std::string name_;
  const HandOver hand_over_;
  ConnectionTable connections_;
  std::vector<FileDescriptor> listening_;  // used by the thread only, once it runs
  FileDescriptor epoll_;
  FileDescriptor wakeup_;
  FileDescriptor reserve_;
  struct Delayed {
    int listening;
    ConnectionTable::Id id;
    FileDescriptor connection;
  };
  std::multimap<TimePoint, Delayed> delayed_;  // by the time at which each may be handed over
  bool paused_ = false;
  TimePoint resume_;
  std::chrono::milliseconds pause_;
  std::atomic<bool> accepting_ = true;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_ACCEPTOR_H_
