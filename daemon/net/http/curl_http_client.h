#ifndef DAYTONAD_DAEMON_NET_HTTP_CURL_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_NET_HTTP_CURL_HTTP_CLIENT_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/admission.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/net/http/body_budget.h"
#include "daemon/net/http/curl_handles.h"
#include "daemon/net/http/curl_multi.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

struct HttpClientOptions {
  // Requests in flight, and thus connections, per pool. Further ones queue within their deadline.
  size_t max_calls = 250;  // the SDKs' connection_pool_maxsize
  size_t max_creates = 250;
  size_t max_streams = 1000;
  size_t max_storage = 8;
  // The memory limit of all bodies: complete ones until they are consumed, and unread parts of streams.
  size_t max_bodies = size_t{64} << 20;
  size_t max_stream_bodies = size_t{32} << 20;
  // A connection that was idle for longer is not reused: a load balancer might be closing it.
  std::chrono::seconds idle_lifetime{25};
  // How long an HTTP/2 request may go unanswered before further ones use another connection. Daytona may hold creates
  // for 30 s.
  std::chrono::milliseconds patience{10'000};
  std::chrono::milliseconds patience_with_creates{40'000};
  // For name resolution, TCP and TLS together.
  std::chrono::milliseconds connect_timeout{10'000};
  // Certificate authorities (PEM) that replace the system's.
  std::string ca_file;
  // Proxy for all requests, "http://proxy:3128". Empty: from the environment, by libcurl's rules (http_proxy in lower
  // case only; HTTPS_PROXY and ALL_PROXY in either case).
  std::string proxy;
  // Hosts without a proxy, separated by commas. Empty: NO_PROXY in either case.
  std::string no_proxy;
  std::string user_agent;
};

// The options that concern single connections.
CurlHandleOptions HandleOptions(const HttpClientOptions& options);

// HttpClient on libcurl.
//
// - Connections are kept alive and reused, per pool. Over TLS, HTTP/2 is used if the peer offers it, except for Open,
//   which uses a connection of its own.
// - Answers are decompressed (gzip, deflate). A compressed answer's Content-Length header counts the compressed bytes.
// - A request other than GET and HEAD is written to a connection at most once; see CurlTransfer.
// - The credential is copied into the request's header list when it is sent, and wiped from there when the transfer
//   ends. Copies in buffers of libcurl and OpenSSL are beyond our control. Signing keys of a storage request do not
//   stay in a handle.
class CurlHttpClient final : public HttpClient {
 public:
  // Created once, at the start of the program. Throws if no descriptors are available: the program cannot go on then.
  CurlHttpClient(const Executor& executor, HttpClientOptions options);
  // Like Shutdown. Destroy it on the loop thread, or when the loop no longer runs.
  ~CurlHttpClient() override;

  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) override;
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) override;

  // Fails all requests in flight and all later ones with UNAVAILABLE (SHUTTING_DOWN), and leaves nothing on the loop
  // that would keep it running. Streams may outlive it. The failed coroutines still have to run, so the loop must be
  // finished before the client is destroyed.
  void Shutdown();

 private:
  class Pool {
   public:
    Pool(const Executor& executor, size_t limit, std::chrono::milliseconds patience);
    Admission& admission() { return admission_; }
    // The connections for the next request. If the current ones give no answers, they keep their requests, and new ones
    // are created.
    std::shared_ptr<CurlMulti> Connections();
    void Shutdown(const absl::Status& reason);

   private:
    const Executor executor_;
    const size_t limit_;
    const std::chrono::milliseconds patience_;
    Admission admission_;
    std::shared_ptr<CurlMulti> multi_;
    std::vector<std::weak_ptr<CurlMulti>> left_;
  };

  Pool& PoolOf(const HttpRequest& request) { return *pools_[static_cast<size_t>(request.pool)]; }

  Executor executor_;
  CurlHandles handles_;
  // Answers and streams may outlive the client.
  const std::shared_ptr<BodyBudget> bodies_;
  const std::shared_ptr<BodyBudget> stream_bodies_;
  std::array<std::unique_ptr<Pool>, 4> pools_;  // by ConnectionPool
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CURL_HTTP_CLIENT_H_
