#ifndef DAYTONAD_DAEMON_NET_HTTP_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_NET_HTTP_HTTP_CLIENT_H_

#include <any>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/secret.h"
#include "daemon/base/task.h"
#include "daemon/net/http/body_budget.h"

namespace daytonad {

// The body of an answer whose status is not 2xx is cut at this size; the rest is not read.
inline constexpr size_t kMaxErrorBody = size_t{256} << 10;

enum class HttpMethod { kGet, kPost, kPut, kPatch, kDelete, kHead };
std::string_view HttpMethodName(HttpMethod method);

// Header names are case-insensitive; a name may occur more than once.
class HttpHeaders {
 public:
  void Add(std::string_view name, std::string_view value);
  // The first value with that name, or empty.
  std::string_view Get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

// Each kind of request has its own connection pool and limit, so that kinds cannot starve each other: a create holds
// its connection for up to 30 s, a log stream for the duration of the build, an upload until its bytes are sent.
enum class ConnectionPool { kCalls, kCreates, kStreams, kStorage };

// Keys for AWS Signature Version 4, which S3-compatible stores use instead of a bearer token.
struct StorageSignature {
  std::string region;  // 1 to 64 letters, digits, `-` and `_`
  std::string access_key;
  Secret secret_key;
  // For temporary keys; empty otherwise.
  Secret session_token;
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;
  HttpHeaders headers;
  std::string body;
  // Sent instead of `body` if not null: a large body that its owner keeps for retries, without a copy.
  std::shared_ptr<const std::string> shared_body;
  // Sent as `Authorization: Bearer ...` if not empty. The caller decides which origins may receive it.
  Secret bearer;
  // Signs the request for a storage service, without its body. Not together with `bearer`. The URL is signed as it is,
  // so its path must be percent-encoded except for letters, digits and `-._~`, and its query parameters must be sorted
  // by name, each with a `=`.
  std::optional<StorageSignature> storage_signature;
  ConnectionPool pool = ConnectionPool::kCalls;
  // The answer to this GET may be cached and revalidated by its ETag (RevalidatingHttpClient). Not for Open.
  bool revalidate = false;
  // For a mutation: after its first byte was sent, only the deadline ends it, not cancellation. Before that, while it
  // waits for a connection, it can be cancelled.
  bool irrevocable_once_sent = false;
  // Called just before the first byte is sent. May be empty.
  std::function<void()> when_sent;
  // A larger answer ends the request with RESOURCE_EXHAUSTED; so does a compression ratio above 100. Counted after
  // decompression. Not applied to streams.
  size_t max_body_bytes = size_t{1} << 20;

  // The bytes to send.
  std::string_view Content() const { return shared_body != nullptr ? *shared_body : body; }
};

// Every complete answer is a response, whatever its status code: HTTP errors are not errors here. Redirects are not
// followed.
struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  // The body's share of the memory budget, until the last copy of the answer is destroyed. Null: none.
  std::shared_ptr<BodyBudget::Share> memory{};
  // Where the parser of the body may store its result, for the next reader of the same body; null if there will be
  // none.
  std::shared_ptr<std::any> reading{};
};

// How far a request without an answer got. Attached to the errors of HttpClient's methods.
enum class Delivery {
  kNotSent,  // certainly not processed: there was no connection, or no byte was written to it
  kUnknown,  // some bytes were sent; whether they were processed is unknown
};
// kUnknown if the status has none.
Delivery DeliveryOf(const absl::Status& status);
absl::Status WithDelivery(absl::Status status, Delivery delivery);

// A response whose body is read as it arrives. Destroying it aborts the transfer at once.
class HttpStream {
 public:
  virtual ~HttpStream() = default;

  virtual int status() const = 0;
  virtual const HttpHeaders& headers() const = 0;

  // Returns the next bytes as soon as there are any; an empty string at the end of the body. UNAVAILABLE if the
  // connection broke before the body was complete. Unread bytes cause back-pressure on the peer. A Read that ends with
  // CANCELLED or DEADLINE_EXCEEDED consumes nothing: the stream can be read on.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;
};

// An HTTP client: HTTP/1.1 and, over TLS if the peer offers it, HTTP/2. Loop thread only.
//
// Errors, all with a Delivery:
// - UNAVAILABLE: UPSTREAM_UNREACHABLE, no connection; UPSTREAM_TLS_FAILED, no trusted one;
//   UPSTREAM_CONNECTION_LOST, it broke before the answer was complete; DAEMON_EXHAUSTED, no memory for the answer;
//   SHUTTING_DOWN, the client was shut down;
// - DEADLINE_EXCEEDED, CANCELLED: the context ended; the transfer is gone when the coroutine resumes;
// - RESOURCE_EXHAUSTED: UPSTREAM_ANSWER_TOO_LARGE, more than max_body_bytes, or a compression ratio above 100;
//   UPSTREAM_HEADERS_TOO_LARGE;
// - INVALID_ARGUMENT: INVALID_URL, INVALID_HEADER or INVALID_SIGNATURE, the request cannot be expressed in HTTP.
//
// Only GET and HEAD are ever repeated automatically: over a new connection, if a kept-alive one broke before any byte
// of the answer. For other methods the caller decides, by DeliveryOf().
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  virtual Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) = 0;

  // Returns when the response headers have arrived. The context bounds this call only; each Read has its own.
  virtual Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_HTTP_CLIENT_H_
