#ifndef DAYTONAD_DAEMON_NET_HTTP_REVALIDATING_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_NET_HTTP_REVALIDATING_HTTP_CLIENT_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "daemon/net/http/http_client.h"

namespace daytonad {

// Makes repeated reads cheap: caches the answer to a GET that has an ETag, and revalidates it next time
// (If-None-Match). A "304 Not Modified" is returned as the cached 200, with the headers of the 304 only, because their
// rate limits are current. The parsed form of the body is cached, too (HttpResponse::reading), so that it need not be
// parsed again.
//
// It never answers on its own: each request goes upstream, so no answer is older than its request. Only requests with
// HttpRequest::revalidate are cached, by URL, headers and credential; all others pass through.
class RevalidatingHttpClient : public HttpClient {
 public:
  struct Options {
    // The limit of all answers; the least recently used ones are evicted first.
    size_t max_bytes = size_t{8} << 20;
    // Larger answers are not cached.
    size_t max_body_bytes = size_t{256} << 10;
    // The parsed form of larger answers is not cached: for a list it would cost more memory than it saves time.
    size_t max_read_bytes = size_t{16} << 10;
  };

  // `inner` must outlive this.
  RevalidatingHttpClient(HttpClient& inner, Options options) : inner_(inner), options_(options) {}

  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) override;
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) override;

  // The size of the cache in bytes.
  size_t bytes() const { return bytes_; }

 private:
  struct Answer {
    std::string key;
    std::string etag;
    std::string body;
    std::shared_ptr<std::any> reading;
  };
  using Answers = std::list<std::shared_ptr<const Answer>>;  // the most recently used first

  static size_t SizeOf(const Answer& answer);

  Task<absl::StatusOr<HttpResponse>> Revalidate(CallContext context, HttpRequest request);

  std::shared_ptr<const Answer> Find(const std::string& key);
  void Remember(std::string key, HttpResponse& response);
  void Forget(const std::string& key);

  HttpClient& inner_;
  const Options options_;
  Answers answers_;
  absl::flat_hash_map<std::string, Answers::iterator> by_key_;
  size_t bytes_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_REVALIDATING_HTTP_CLIENT_H_
