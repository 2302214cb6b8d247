#ifndef DAYTONAD_DAEMON_NET_HTTP_CURL_CONNECTION_H_
#define DAYTONAD_DAEMON_NET_HTTP_CURL_CONNECTION_H_

#include <curl/curl.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/base/wakeup.h"
#include "daemon/net/http/curl_handles.h"
#include "daemon/net/http/curl_multi.h"

namespace daytonad {

// A connection to a URL's origin that libcurl opens, for a protocol other than libcurl's HTTP.
//
// A WebSocket client with a socket of its own would need TLS with configurable authorities, CONNECT through proxies,
// libcurl's proxy variables, and happy eyeballs, all consistent with the REST calls. Here libcurl does all that
// (CURLOPT_CONNECT_ONLY), and its send and receive functions move the bytes.
//
// Each has its own multi handle: a shared one closes connections that look idle, as this one does while nobody reads.
// Loop thread only.
class CurlConnection final : private CurlMulti::Transfer {
 public:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  CurlConnection(const Executor& executor, std::shared_ptr<CurlHandles> handles);
  CurlConnection(const CurlConnection&) = delete;
  CurlConnection& operator=(const CurlConnection&) = delete;
  // Same as Close.
  ~CurlConnection();

  // Called once. `url` is http or https; its path is ignored. UNAVAILABLE (UPSTREAM_UNREACHABLE, UPSTREAM_TLS_FAILED,
  // DAEMON_EXHAUSTED), or the context's error.
  Task<absl::Status> Connect(CallContext context, std::string url);

  // Read or write without blocking; `would_block` if nothing can be moved, `eof` at the end. Try before waiting on the
  // descriptor: TLS may have buffered bytes that the socket no longer shows.
  size_t Receive(void* data, size_t size, boost::system::error_code& error);
  size_t Send(const void* data, size_t size, boost::system::error_code& error);

  // For waiting until the socket is readable or writable; not for I/O.
  Descriptor& descriptor() { return descriptor_; }

  // Closes the connection at once. Waits on the descriptor end with `operation_aborted`, later calls with
  // `bad_descriptor`.
  void Close();

 private:
  CURL* easy() override { return easy_.get(); }
  bool KeepsConnection() const override { return true; }
  void OnFinished(CURLcode result) override;
  void OnAbandoned() override;

  absl::Status UseConnection();

  // The order matters: the handle is destroyed first, and what it shares last.
  std::shared_ptr<CurlHandles> handles_;
  std::unique_ptr<CurlMulti> multi_;  // null until Connect
  CurlHandle easy_;
  Wakeup wakeup_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  bool started_ = false;
  bool finished_ = false;
  CURLcode result_ = CURLE_OK;
  // A duplicate descriptor of the socket: libcurl's is registered with the multi handle's poller.
  Descriptor descriptor_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CURL_CONNECTION_H_
