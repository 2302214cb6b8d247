#include "daemon/net/http/curl_multi.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <new>
#include <utility>
#include <vector>

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Peers commonly allow 100 to 128 requests at a time on an HTTP/2 connection.
constexpr size_t kUsualStreams = 100;
// Until it is known what the peer speaks and allows.
constexpr size_t kFirstConnections = 2;
// After the first bytes of the connection have come.
constexpr milliseconds kSettingsDelay(20);

// What was sent and is not acknowledged by the peer's machine after this time ends the connection. The system itself
// would try for a quarter of an hour.
constexpr unsigned kUnacknowledgedMs = 20'000;

// Enough for so many requests; half of what the peer allows on each leaves room.
size_t Http2Connections(size_t requests, size_t streams) {
  return std::max<size_t>(kFirstConnections, requests / std::max<size_t>(1, streams / 2));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CurlMulti>> CurlMulti::Make(const Executor& executor, size_t max_connections) {
  std::unique_ptr<CurlMulti> multi(new CurlMulti(executor, max_connections));
  absl::StatusOr<std::unique_ptr<SocketPoller>> poller = SocketPoller::Make(executor, *multi);
  if (!poller.ok()) return poller.status();
  multi->poller_ = *std::move(poller);
  return multi;
}

CurlMulti::CurlMulti(const Executor& executor, size_t max_connections)
    : executor_(executor),
      max_connections_(max_connections),
      settings_timer_(executor),
      multi_(curl_multi_init()),
      timer_(executor) {
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, OnSocketCallback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, OnTimerCallback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  // The number of idle connections. Admission limits the concurrent requests.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(max_connections));
}

CurlMulti::~CurlMulti() { Shutdown(); }

void CurlMulti::Start(Transfer& transfer) {
  CURL* easy = transfer.easy();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, CloseSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  ApplyLimits();
  transfers_.insert(&transfer);
  curl_multi_add_handle(multi_, easy);  // sets a timer of 0 ms, which drives it
}

void CurlMulti::Remove(Transfer& transfer) {
  transfers_.erase(&transfer);
  NoteAnswerOrEnd(transfer);
  curl_multi_remove_handle(multi_, transfer.easy());
}

void CurlMulti::NoteSent(Transfer& transfer) {
  unanswered_.erase({transfer.sent_at_, &transfer});
  transfer.sent_at_ = steady_clock::now();
  unanswered_.emplace(transfer.sent_at_, &transfer);
  silent_since_ = std::min(silent_since_, transfer.sent_at_);
}

void CurlMulti::NoteAnswered(Transfer& transfer) {
  NoteAnswerOrEnd(transfer);
  silent_since_ = LoopTimer::time_point::max();
}

void CurlMulti::NoteAnswerOrEnd(Transfer& transfer) {
  unanswered_.erase({transfer.sent_at_, &transfer});
  // A further connection may have another reason, such as a peer that is shutting down. So each burst determines it
  // again.
  if (unanswered_.empty() && has_settings_) SetStreams(kUsualStreams);
}

bool CurlMulti::IsSuspect(milliseconds patience) const {
  LoopTimer::time_point since = silent_since_;
  if (!unanswered_.empty()) since = std::min(since, unanswered_.begin()->first);
  return since != LoopTimer::time_point::max() && steady_clock::now() - since >= patience;
}

// libcurl supposes that a peer takes a hundred requests at a time on a connection until the peer has said otherwise,
// just after the connection is up. By then a burst would be queued behind one request. So one goes first.
void CurlMulti::AwaitSettings() {
  if (unanswered_.empty() || std::exchange(awaits_settings_, true)) return;
  settings_timer_.expires_after(kSettingsDelay);
  settings_timer_.async_wait([weak = std::weak_ptr<CurlMulti*>(self_)](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || self == nullptr || (*self)->multi_ == nullptr) return;
    (*self)->has_settings_ = true;
    (*self)->SetStreams(kUsualStreams);
  });
}

// libcurl does not tell what a peer allows. But it opens a further connection only if all others are full: if they have
// one request each, then that is what the peer allows.
void CurlMulti::NoteFurtherConnection() {
  if (has_settings_ && !http1_noted_ && sockets_ > 0 && unanswered_.size() <= sockets_) SetStreams(1);
}

void CurlMulti::SetStreams(size_t streams) {
  if (streams == streams_) return;
  streams_ = streams;
  limits_changed_ = true;
  DriveSoon();
}

// Not from within libcurl.
void CurlMulti::ApplyLimits() {
  if (!std::exchange(limits_changed_, false)) return;
  size_t connections = kFirstConnections;
  if (http1_noted_) {
    connections = max_connections_;
  } else if (has_settings_) {
    // Always one more than exist: if libcurl opens it, the others are full (NoteFurtherConnection).
    connections = std::max(Http2Connections(max_connections_, streams_), std::min(sockets_ + 1, max_connections_));
  }
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(streams_));
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(connections));
  // libcurl starts queued transfers when another one is removed.
  CURL* const nobody = curl_easy_init();
  if (nobody != nullptr && curl_multi_add_handle(multi_, nobody) == CURLM_OK) curl_multi_remove_handle(multi_, nobody);
  curl_easy_cleanup(nobody);
}

void CurlMulti::Shutdown() {
  if (multi_ == nullptr) return;
  const std::vector<Transfer*> transfers(transfers_.begin(), transfers_.end());
  for (Transfer* transfer : transfers) {
    Remove(*transfer);
    transfer->OnAbandoned();
  }
  curl_multi_cleanup(std::exchange(multi_, nullptr));  // closes the connections, through CloseSocket
  poller_.reset();
  timer_.cancel();
  settings_timer_.cancel();
}

int CurlMulti::OnSocketCallback(CURL*, curl_socket_t fd, int what, void* self, void*) {
  unsigned wanted = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) wanted |= SocketPoller::kReadable;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) wanted |= SocketPoller::kWritable;
  static_cast<CurlMulti*>(self)->poller_->SetInterest(fd, wanted);
  return 0;
}

int CurlMulti::OnTimerCallback(CURLM*, long timeout_ms, void* self) {
  auto* const multi = static_cast<CurlMulti*>(self);
  if (timeout_ms == 0) {
    multi->due_ = LoopTimer::time_point::max();
    multi->DriveSoon();
  } else if (timeout_ms < 0) {
    multi->due_ = LoopTimer::time_point::max();
  } else {
    // A little late is fine. Too early is not: libcurl would find nothing to do and not set the timer again.
    multi->due_ = steady_clock::now() + milliseconds(timeout_ms + 1);
    multi->ArmTimer();
  }
  return 0;
}

curl_socket_t CurlMulti::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  auto* const multi = static_cast<CurlMulti*>(self);
  multi->last_socket_error_ = fd < 0 ? errno : 0;
  if (fd < 0) return CURL_SOCKET_BAD;
  multi->NoteFurtherConnection();
  ++multi->sockets_;
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs, sizeof(kUnacknowledgedMs));
  multi->poller_->Announce(fd);
  return fd;
}

int CurlMulti::CloseSocket(void* self, curl_socket_t fd) {
  auto* const multi = static_cast<CurlMulti*>(self);
  --multi->sockets_;
  multi->poller_->Remove(fd);
  return ::close(fd);
}

void CurlMulti::OnSocketReady(int fd, unsigned ready) {
  int flags = 0;
  if ((ready & SocketPoller::kReadable) != 0) flags |= CURL_CSELECT_IN;
  if ((ready & SocketPoller::kWritable) != 0) flags |= CURL_CSELECT_OUT;
  int running = 0;
  curl_multi_socket_action(multi_, fd, flags, &running);
}

void CurlMulti::OnBatchDone() {
  CollectFinished();
  AwaitSettings();
}

void CurlMulti::Drive() {
  ApplyLimits();
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  CollectFinished();
}

// Posted, since libcurl must not be called from within its own callback, and once for all who ask in one turn of the
// loop.
void CurlMulti::DriveSoon() {
  if (std::exchange(drive_posted_, true)) return;
  boost::asio::post(executor_, [weak = std::weak_ptr<CurlMulti*>(self_)] {
    const auto self = weak.lock();
    if (self == nullptr || (*self)->multi_ == nullptr) return;
    (*self)->drive_posted_ = false;
    (*self)->Drive();
  });
}

// libcurl moves its timer with nearly every request, mostly to later. Ours is only moved to earlier; when it goes off
// too soon it is armed again.
void CurlMulti::ArmTimer() {
  if (due_ >= armed_until_) return;
  armed_until_ = due_;
  timer_.expires_at(due_);
  timer_.async_wait([weak = std::weak_ptr<CurlMulti*>(self_)](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || self == nullptr || (*self)->multi_ == nullptr) return;
    (*self)->OnTimer();
  });
}

void CurlMulti::OnTimer() {
  armed_until_ = LoopTimer::time_point::max();
  if (steady_clock::now() < due_) {
    ArmTimer();
    return;
  }
  due_ = LoopTimer::time_point::max();
  Drive();
}

void CurlMulti::CollectFinished() {
  ApplyLimits();
  int queued = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    if (!transfer->KeepsConnection()) Remove(*transfer);  // this invalidates the message
    transfer->OnFinished(result);
  }
}

}  // namespace daytonad
