#ifndef DAYTONAD_DAEMON_NET_CURL_MULTI_H_
#define DAYTONAD_DAEMON_NET_CURL_MULTI_H_

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "daemon/base/task.h"
#include "daemon/net/socket_poller.h"
#include "daemon/net/wakeup.h"

namespace daytonad {

// A libcurl multi handle, that is a set of connections, driven by the event loop. Used on the loop thread only.
class CurlMulti final : private SocketPoller::Listener {
 public:
  // Told of a transfer's end on the loop, outside of libcurl. When that is called the multi handle has let go of the
  // easy handle (but see KeepsConnection).
  class Transfer {
   public:
    virtual CURL* easy() = 0;
    virtual void OnFinished(CURLcode result) = 0;
    // Whether libcurl only connects for it, and it then uses the connection by itself: the multi handle keeps the easy
    // handle until Remove, since taking it out closes the connection.
    virtual bool KeepsConnection() const { return false; }
    // The client shuts down.
    virtual void OnAbandoned() = 0;

   protected:
    ~Transfer() = default;

   private:
    friend class CurlMulti;
    LoopTimer::time_point sent_at_;  // over HTTP/2
  };

  // Keeps up to `max_connections` idle connections. UNAVAILABLE (DAEMON_EXHAUSTED) if the system has no descriptor for
  // it.
  static absl::StatusOr<std::unique_ptr<CurlMulti>> Make(const Executor& executor, size_t max_connections);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  ~CurlMulti();

  // Begins a transfer, in the next turn of the loop. It must not move, and live until OnFinished, OnAbandoned or
  // Remove.
  void Start(Transfer& transfer);

  // Ends a transfer at once, without OnFinished. An HTTP/1.1 connection in the middle of an answer is closed.
  void Remove(Transfer& transfer);

  // A peer speaks HTTP/1.1, so each request needs a connection to itself. Until that is known there are few, which is
  // right for HTTP/2: without a limit a burst opens hundreds of connections that nobody needs. May be called from
  // within libcurl, as the next two may.
  void NoteHttp1() { limits_changed_ = !std::exchange(http1_noted_, true) || limits_changed_; }
  // A request is going out over HTTP/2; the head of its answer is there.
  void NoteSent(Transfer& transfer);
  void NoteAnswered(Transfer& transfer);

  // Has an HTTP/2 request waited for its answer for so long, or a series of them that each gave up earlier? libcurl
  // notices nothing of a connection that a router has forgotten, and would send all further requests over it, too.
  bool IsSuspect(std::chrono::milliseconds patience) const;

  // Why the last socket could not be had, an errno; 0 if it could. libcurl says nothing of it.
  int last_socket_error() const { return last_socket_error_; }

  // Abandons all transfers and closes all connections. The object is then good for nothing but being destroyed.
  void Shutdown();

 private:
  CurlMulti(const Executor& executor, size_t max_connections);

  static int OnSocketCallback(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int OnTimerCallback(CURLM* multi, long timeout_ms, void* self);
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* self, curl_socket_t fd);

  void OnSocketReady(int fd, unsigned ready) override;
  void OnBatchDone() override;
  void Drive();
  void DriveSoon();
  void ArmTimer();
  void OnTimer();
  void CollectFinished();
  void AwaitSettings();
  void NoteFurtherConnection();
  void NoteAnswerOrEnd(Transfer& transfer);
  void SetStreams(size_t streams);
  void ApplyLimits();

  Executor executor_;
  size_t max_connections_;
  bool http1_noted_ = false;
  int last_socket_error_ = 0;
  // Over HTTP/2: what was sent and when.
  std::set<std::pair<LoopTimer::time_point, Transfer*>> unanswered_;
  // When the first request went out after the last answer; max() if there is an answer to all.
  LoopTimer::time_point silent_since_ = LoopTimer::time_point::max();
  // How many requests each HTTP/2 connection gets at a time; 1 until the first of them had the peer's settings.
  size_t streams_ = 1;
  bool limits_changed_ = true;  // so that the first Start, on the loop, sets them
  bool awaits_settings_ = false;
  bool has_settings_ = false;
  LoopTimer settings_timer_;
  size_t sockets_ = 0;
  std::unique_ptr<SocketPoller> poller_;
  CURLM* multi_;
  absl::flat_hash_set<Transfer*> transfers_;

  LoopTimer timer_;
  LoopTimer::time_point due_ = LoopTimer::time_point::max();          // when libcurl wants to be called
  LoopTimer::time_point armed_until_ = LoopTimer::time_point::max();  // when the timer goes off; never later than due_
  bool drive_posted_ = false;
  // Expires with this object: what was posted just before must not find it.
  std::shared_ptr<CurlMulti*> self_ = std::make_shared<CurlMulti*>(this);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_CURL_MULTI_H_
