#ifndef DAYTONAD_DAEMON_NET_CURL_CONNECTION_H_
#define DAYTONAD_DAEMON_NET_CURL_CONNECTION_H_

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
#include "daemon/net/curl_handles.h"
#include "daemon/net/curl_multi.h"
#include "daemon/net/wakeup.h"

namespace daytonad {

// A connection to a URL's origin that libcurl makes, and that then carries something other than libcurl's HTTP.
//
// Naively a WebSocket client opens a socket of its own. Then it also needs TLS with a choice of authorities, CONNECT
// through proxies, libcurl's many variables for those, and a race between IPv6 and IPv4, all of it the same as for the
// REST calls. Here libcurl does that (CURLOPT_CONNECT_ONLY) and hands the bytes in and out.
//
// Each has a multi handle of its own: one that is shared closes connections that look idle to it, and this one does
// while nobody reads. Loop thread only.
class CurlConnection final : private CurlMulti::Transfer {
 public:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  CurlConnection(const Executor& executor, std::shared_ptr<CurlHandles> handles);
  CurlConnection(const CurlConnection&) = delete;
  CurlConnection& operator=(const CurlConnection&) = delete;
  // As Close.
  ~CurlConnection();

  // Called once. `url` is http or https; its path is of no matter. UNAVAILABLE (UPSTREAM_UNREACHABLE,
  // UPSTREAM_TLS_FAILED, DAEMON_EXHAUSTED), or as the context says.
  Task<absl::Status> Connect(CallContext context, std::string url);

  // Move what can be moved at once; `would_block` if that is nothing, `eof` at the end. Then wait on the descriptor,
  // but try first: TLS may hold bytes that the socket does not show any more.
  size_t Receive(void* data, size_t size, boost::system::error_code& error);
  size_t Send(const void* data, size_t size, boost::system::error_code& error);

  // Tells when there is something to read, or room to write. For waiting only.
  Descriptor& descriptor() { return descriptor_; }

  // Ends the connection at once. Waits on the descriptor end with `operation_aborted`, later calls with
  // `bad_descriptor`.
  void Close();

 private:
  CURL* easy() override { return easy_.get(); }
  bool KeepsConnection() const override { return true; }
  void OnFinished(CURLcode result) override;
  void OnAbandoned() override;

  absl::Status UseConnection();

  // In this order: the handle goes first, and what it shares with others last.
  std::shared_ptr<CurlHandles> handles_;
  std::unique_ptr<CurlMulti> multi_;  // null until Connect
  CurlHandle easy_;
  Wakeup wakeup_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  bool started_ = false;
  bool finished_ = false;
  CURLcode result_ = CURLE_OK;
  // The same socket by a number of its own: libcurl's own number is registered with the multi handle's poller.
  Descriptor descriptor_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_CURL_CONNECTION_H_
