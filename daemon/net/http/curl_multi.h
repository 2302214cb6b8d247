#ifndef DAYTONAD_DAEMON_NET_HTTP_CURL_MULTI_H_
#define DAYTONAD_DAEMON_NET_HTTP_CURL_MULTI_H_

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/net/socket_poller.h"

namespace daytonad {

// A libcurl multi handle (a set of connections), driven by the event loop. Loop thread only.
class CurlMulti final : private SocketPoller::Listener {
 public:
  // Notified of a transfer's end, on the loop and outside of libcurl. By then the easy handle has been removed from the
  // multi handle (but see KeepsConnection).
  class Transfer {
   public:
    virtual CURL* easy() = 0;
    virtual void OnFinished(CURLcode result) = 0;
    // Whether libcurl only opens the connection, for use outside of HTTP. The easy handle then stays in the multi
    // handle until Remove, because removing it closes the connection.
    virtual bool KeepsConnection() const { return false; }
    // The client is shutting down.
    virtual void OnAbandoned() = 0;

   protected:
    ~Transfer() = default;

   private:
    friend class CurlMulti;
    LoopTimer::time_point sent_at_;  // over HTTP/2
  };

  // Keeps up to `max_connections` idle connections. UNAVAILABLE (DAEMON_EXHAUSTED) if no descriptor is available.
  static absl::StatusOr<std::unique_ptr<CurlMulti>> Make(const Executor& executor, size_t max_connections);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;
  ~CurlMulti();

  // Starts a transfer, in the next iteration of the loop. It must not move, and must live until OnFinished, OnAbandoned
  // or Remove.
  void Start(Transfer& transfer);

  // Aborts a transfer at once, without OnFinished. An HTTP/1.1 connection in the middle of an answer is closed.
  void Remove(Transfer& transfer);

  // Call this when a peer speaks HTTP/1.1, so that each request needs its own connection. Before, connections are few,
  // as HTTP/2 needs: without a limit a burst would open hundreds of them. This and the next two may be called from
  // within libcurl.
  void NoteHttp1() { limits_changed_ = !std::exchange(http1_noted_, true) || limits_changed_; }
  // A request is being sent over HTTP/2; the head of its answer has arrived.
  void NoteSent(Transfer& transfer);
  void NoteAnswered(Transfer& transfer);

  // Whether an HTTP/2 request has been unanswered for this long, or a series of requests that each gave up earlier.
  // libcurl does not notice a connection that a router has dropped, and would send all further requests over it.
  bool IsSuspect(std::chrono::milliseconds patience) const;

  // The errno of the last failure to create a socket; 0 if it succeeded. libcurl does not report it.
  int last_socket_error() const { return last_socket_error_; }

  // Abandons all transfers and closes all connections. After this the object can only be destroyed.
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
  // Over HTTP/2: the requests and when they were sent.
  std::set<std::pair<LoopTimer::time_point, Transfer*>> unanswered_;
  // When the first request after the last answer was sent; max() if all are answered.
  LoopTimer::time_point silent_since_ = LoopTimer::time_point::max();
  // Concurrent requests per HTTP/2 connection; 1 until the first one has the peer's settings.
  size_t streams_ = 1;
  bool limits_changed_ = true;  // set by the first Start, on the loop
  bool awaits_settings_ = false;
  bool has_settings_ = false;
  LoopTimer settings_timer_;
  size_t sockets_ = 0;
  std::unique_ptr<SocketPoller> poller_;
  CURLM* multi_;
  absl::flat_hash_set<Transfer*> transfers_;

  LoopTimer timer_;
  LoopTimer::time_point due_ = LoopTimer::time_point::max();          // when libcurl needs to be called
  LoopTimer::time_point armed_until_ = LoopTimer::time_point::max();  // when the timer expires; never later than due_
  bool drive_posted_ = false;
  // Expires with this object, so that handlers posted just before its end do not use it.
  std::shared_ptr<CurlMulti*> self_ = std::make_shared<CurlMulti*>(this);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CURL_MULTI_H_
