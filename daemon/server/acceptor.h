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

// Accepts the connections of one listener, on a thread of its own: gRPC 1.51's own listener never accepts again after
// one accept() for which there was no descriptor, and takes as many connections as come.
//
// It goes on whatever accept() says. When descriptors run out, it pauses for a moment and closes what waits in the
// queue by means of one that it keeps in reserve, so that clients get an answer and may try again. What exceeds the
// limits of the table is accepted and closed, too. Connections of a peer that the table shuns are taken, and handed
// over later.
class Acceptor {
 public:
  // Takes over a new connection; `listening` is the socket that it came in at. On the acceptor's thread.
  using HandOver = std::function<void(int listening, int connection)>;

  // `name` is the listener's, for the log.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Start(std::string name, std::vector<FileDescriptor> listening,
                                                         ConnectionTable::Limits limits, HandOver hand_over);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // Closes the listening sockets. Nothing is handed over from then on. From any thread, any number of times.
  void StopAccepting();
  // No connection is open, and none will be.
  bool drained() const { return !accepting_ && connections_.size() == 0; }

  ConnectionTable& connections() { return connections_; }

 private:
  using TimePoint = ConnectionTable::TimePoint;

  Acceptor(std::string name, std::vector<FileDescriptor> listening, ConnectionTable::Limits limits, HandOver hand_over);

  bool Watch(int fd, uint32_t events, uint64_t what) const;
  void Run();
  void Handle(uint64_t what);
  // Hands over what had to wait, and whose time has come.
  void HandOverDue();
  // Until something has to be done without an event; -1 if nothing has.
  std::chrono::milliseconds TimeToWait(bool sweeping) const;
  // Takes what waits at one socket.
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
  std::vector<FileDescriptor> listening_;  // the thread's, once it runs
  FileDescriptor epoll_;
  FileDescriptor wakeup_;
  FileDescriptor reserve_;
  struct Held {
    int listening;
    ConnectionTable::Id id;
    FileDescriptor connection;
  };
  std::multimap<TimePoint, Held> held_;  // by when each may be handed over
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
