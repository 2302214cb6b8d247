#ifndef DAYTONAD_DAEMON_NET_REVALIDATING_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_NET_REVALIDATING_HTTP_CLIENT_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "daemon/net/http_client.h"

namespace daytonad {

// Makes repeated reads cheap: remembers the answer to a GET that has an ETag, and asks next time only whether it still
// holds (If-None-Match). A "304 Not Modified" comes out as the remembered 200, with the headers of the 304 alone, since
// what they say of rate limits is of now. With the body it keeps what a reader made of it (HttpResponse::reading),
// which then need not be read again.
//
// It never answers by itself: each request goes upstream, so nothing that comes out is older than its request. Only
// requests that ask for it (HttpRequest::revalidate) are remembered, by their URL, all their headers and their
// credential; everything else passes through.
class RevalidatingHttpClient : public HttpClient {
 public:
  struct Options {
    // For all answers together; the least recently used ones go first.
    size_t max_bytes = size_t{8} << 20;
    // A larger answer is not kept.
    size_t max_body_bytes = size_t{256} << 10;
    // Nor is the reading of one that is larger than this: a list's would need more memory than it saves time.
    size_t max_read_bytes = size_t{16} << 10;
  };

  // `inner` must outlive this.
  RevalidatingHttpClient(HttpClient& inner, Options options) : inner_(inner), options_(options) {}

  Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) override;
  Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) override;

  // What is remembered, in bytes.
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

#endif  // DAYTONAD_DAEMON_NET_REVALIDATING_HTTP_CLIENT_H_
