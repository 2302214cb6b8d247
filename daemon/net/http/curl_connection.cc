#include "daemon/net/http/curl_connection.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <utility>

#include "daemon/base/exhaustion.h"
#include "daemon/net/http/curl_error.h"

namespace daytonad {
namespace {

boost::system::error_code ErrorOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return {};
    case CURLE_AGAIN:
      return boost::asio::error::would_block;
    default:
      return boost::asio::error::connection_reset;
  }
}

}  // namespace

CurlConnection::CurlConnection(const Executor& executor, std::shared_ptr<CurlHandles> handles)
    : handles_(std::move(handles)), easy_(handles_->Take()), wakeup_(executor), descriptor_(executor) {}

CurlConnection::~CurlConnection() { Close(); }

Task<absl::Status> CurlConnection::Connect(CallContext context, std::string url) {
  absl::StatusOr<std::unique_ptr<CurlMulti>> multi = CurlMulti::Make(descriptor_.get_executor(), /*max_connections=*/1);
  if (!multi.ok()) co_return multi.status();
  multi_ = *std::move(multi);
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());  // libcurl copies strings
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL,
                   1L);  // for http origins, too: a proxy must not interpret this protocol
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  started_ = true;
  multi_->Start(*this);
  while (!finished_) {
    absl::Status waited = co_await wakeup_.Wait(context);
    if (!waited.ok()) {
      Close();
      co_return waited;
    }
  }
  absl::Status status = absl::OkStatus();
  if (!started_) {
    status = ClientShutDownError();
  } else if (result_ != CURLE_OK) {
    status = TransferError(result_, /*sending=*/false, url,
                           FailureText(result_, error_text_.data(), multi_->last_socket_error()));
  } else {
    status = UseConnection();
  }
  if (!status.ok()) Close();
  co_return status;
}

absl::Status CurlConnection::UseConnection() {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket);
  constexpr char kWhat[] = "use a new connection";
  const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return ExhaustionError(errno, kWhat);
  boost::system::error_code error;
  descriptor_.assign(copy, error);
  if (!error) return absl::OkStatus();
  ::close(copy);
  return ExhaustionError(error.value(), kWhat);
}

void CurlConnection::OnFinished(CURLcode result) {
  result_ = result;
  finished_ = true;
  wakeup_.Set();
}

void CurlConnection::OnAbandoned() {
  started_ = false;
  finished_ = true;
  wakeup_.Set();
}

size_t CurlConnection::Receive(void* data, size_t size, boost::system::error_code& error) {
  if (!descriptor_.is_open()) {
    error = boost::asio::error::bad_descriptor;
    return 0;
  }
  size_t count = 0;
  error = ErrorOf(curl_easy_recv(easy_.get(), data, size, &count));
  if (!error && count == 0 && size > 0) error = boost::asio::error::eof;
  return count;
}

size_t CurlConnection::Send(const void* data, size_t size, boost::system::error_code& error) {
  if (!descriptor_.is_open()) {
    error = boost::asio::error::bad_descriptor;
    return 0;
  }
  size_t count = 0;
  error = ErrorOf(curl_easy_send(easy_.get(), data, size, &count));
  return count;
}

void CurlConnection::Close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  if (std::exchange(started_, false)) multi_->Remove(*this);
}

}  // namespace daytonad
