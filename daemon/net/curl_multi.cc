#include "daemon/net/curl_multi.h"

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

// Peers commonly allow 100 to 128 requests at a time on an HTTP/2 connection; half of that leaves room.
constexpr size_t kRequestsPerHttp2Connection = 50;

long Http2Connections(size_t requests) {
  return static_cast<long>(std::max<size_t>(2, requests / kRequestsPerHttp2Connection));
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
    : executor_(executor), max_connections_(max_connections), multi_(curl_multi_init()), timer_(executor) {
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, OnSocketCallback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, OnTimerCallback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, Http2Connections(max_connections));
  // How many requests run at a time is Admission's affair; this is how many idle connections are kept.
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
  AllowForHttp1();
  transfers_.insert(&transfer);
  curl_multi_add_handle(multi_, easy);  // sets a timer of 0 ms, which drives it
}

void CurlMulti::Remove(Transfer& transfer) {
  transfers_.erase(&transfer);
  curl_multi_remove_handle(multi_, transfer.easy());
}

// The limit is per host, but one for all hosts: as soon as one of them speaks HTTP/1.1 it has to be generous.
void CurlMulti::AllowForHttp1() {
  if (!http1_noted_ || std::exchange(http1_allowed_for_, true)) return;
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(max_connections_));
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
    // A little late is fine. Early is not: libcurl would find nothing to do and not ask again.
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
  multi->poller_->Announce(fd);
  return fd;
}

int CurlMulti::CloseSocket(void* self, curl_socket_t fd) {
  static_cast<CurlMulti*>(self)->poller_->Remove(fd);
  return ::close(fd);
}

void CurlMulti::OnSocketReady(int fd, unsigned ready) {
  int flags = 0;
  if ((ready & SocketPoller::kReadable) != 0) flags |= CURL_CSELECT_IN;
  if ((ready & SocketPoller::kWritable) != 0) flags |= CURL_CSELECT_OUT;
  int running = 0;
  curl_multi_socket_action(multi_, fd, flags, &running);
}

void CurlMulti::OnBatchDone() { CollectFinished(); }

void CurlMulti::Drive() {
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
  AllowForHttp1();
  int queued = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    if (!transfer->KeepsConnection()) Remove(*transfer);  // the message is gone with it
    transfer->OnFinished(result);
  }
}

}  // namespace daytonad
