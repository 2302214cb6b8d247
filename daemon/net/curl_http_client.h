#ifndef DAYTONAD_DAEMON_NET_CURL_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_NET_CURL_HTTP_CLIENT_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/net/admission.h"
#include "daemon/net/body_budget.h"
#include "daemon/net/curl_handles.h"
#include "daemon/net/curl_multi.h"
#include "daemon/net/http_client.h"

namespace daytonad {

struct HttpClientOptions {
  // Requests in flight, and thus connections, per pool. Further ones wait their turn within their deadline.
  size_t max_calls = 250;  // the SDKs' connection_pool_maxsize
  size_t max_creates = 250;
  size_t max_streams = 1000;
  size_t max_storage = 8;
  // What bodies may take of memory, all together: those that are kept whole, until they were read, and those of streams
  // that nobody took yet.
  size_t max_bodies = size_t{64} << 20;
  size_t max_stream_bodies = size_t{32} << 20;
  // A connection idle for longer is not used again: a balancer might be closing it just then.
  std::chrono::seconds idle_lifetime{25};
  // How long an HTTP/2 request may be without an answer before further ones are sent over another connection. Creates
  // are held by Daytona for up to 30 s.
  std::chrono::milliseconds patience{10'000};
  std::chrono::milliseconds patience_with_creates{40'000};
  // For name resolution, TCP and TLS together.
  std::chrono::milliseconds connect_timeout{10'000};
  // Certificate authorities in PEM, instead of the system's.
  std::string ca_file;
  // Proxy for every request, "http://proxy:3128". Empty: as the environment says, by libcurl's rules (http_proxy, in
  // lower case only; HTTPS_PROXY and ALL_PROXY in either case).
  std::string proxy;
  // Hosts that need no proxy, separated by commas. Empty: NO_PROXY in either case.
  std::string no_proxy;
  std::string user_agent;
};

// Those of them that concern each connection by itself.
CurlHandleOptions HandleOptions(const HttpClientOptions& options);

// HttpClient on libcurl.
//
// - Connections are kept alive and reused, per pool. Over TLS, HTTP/2 is used where the peer offers it, except for
// Open,
//   which has a connection to itself.
// - Answers are decompressed (gzip, deflate). A compressed answer's Content-Length header speaks of the compressed
// bytes.
// - A request other than GET and HEAD is written to a connection at most once; see CurlTransfer.
// - The credential is copied into the request's header list when it is sent, and wiped from there when the answer is
//   in. Copies in buffers of libcurl and OpenSSL are theirs. What signs a storage request is not kept in a handle
//   beyond it.
class CurlHttpClient final : public HttpClient {
 public:
  // Made once, at the start of a program: throws if the system has no descriptors for it, since there is nothing to go
  // on with.
  CurlHttpClient(const Executor& executor, HttpClientOptions options);
  // Like Shutdown. To be destroyed on the loop thread, or when the loop no longer runs.
  ~CurlHttpClient() override;

  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) override;
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) override;

  // Ends everything in flight with UNAVAILABLE (reason SHUTTING_DOWN), refuses what comes later, and leaves nothing on
  // the loop that would keep it from ending. Streams may outlive it. The coroutines that were ended still have to run,
  // so do not destroy the client before the loop has.
  void Shutdown();

 private:
  class Pool {
   public:
    Pool(const Executor& executor, size_t limit, std::chrono::milliseconds patience);
    Admission& admission() { return admission_; }
    // The connections for the next request. When those there are give no answers, they are left to the requests that
    // are on them, and there are new ones.
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

#endif  // DAYTONAD_DAEMON_NET_CURL_HTTP_CLIENT_H_
