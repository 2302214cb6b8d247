#ifndef DAYTONAD_DAEMON_NET_HTTP_CLIENT_H_
#define DAYTONAD_DAEMON_NET_HTTP_CLIENT_H_

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
#include "daemon/net/body_budget.h"

namespace daytonad {

// Of the body of an answer whose status is not 2xx no more than this is kept; the rest is not waited for.
inline constexpr size_t kMaxErrorBody = size_t{256} << 10;

enum class HttpMethod { kGet, kPost, kPut, kPatch, kDelete, kHead };
std::string_view HttpMethodName(HttpMethod method);

// Header names are compared without case; a name may occur more than once.
class HttpHeaders {
 public:
  void Add(std::string_view name, std::string_view value);
  // The first value of that name, or empty.
  std::string_view Get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

// Requests of one kind share a pool of connections and its limit, and cannot starve another kind: a create holds its
// connection for up to 30 s, a log stream for as long as the build takes, an upload for as long as its bytes do.
enum class ConnectionPool { kCalls, kCreates, kStreams, kStorage };

// Keys for the signature that S3 and its like want instead of a bearer (AWS Signature Version 4).
struct StorageSignature {
  std::string region;  // letters, digits, `-` and `_`; 1 to 64 of them
  std::string access_key;
  Secret secret_key;
  // Of keys that were lent for a while; empty otherwise.
  Secret session_token;
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;
  HttpHeaders headers;
  std::string body;
  // Sent instead of `body` if not null: a large one, which its owner keeps for another attempt without copying it.
  std::shared_ptr<const std::string> shared_body;
  // Sent as `Authorization: Bearer ...` if not empty. The caller of this class decides which origins may have it.
  Secret bearer;
  // Signs the request for a storage service; the body is not part of what is signed. Not together with `bearer`. The
  // URL is signed as it stands, so its path is percent-encoded but for letters, digits and `-._~`, and its query has
  // its names in alphabetical order, each with a `=`.
  std::optional<StorageSignature> storage_signature;
  ConnectionPool pool = ConnectionPool::kCalls;
  // The answer to this GET may be kept and asked for again by its ETag (RevalidatingHttpClient). Not for Open.
  bool revalidate = false;
  // For a mutation: once its first byte is out, cancellation no longer ends it, only the deadline does. Before that
  // (while it waits for a connection) it can be cancelled like any other.
  bool irrevocable_once_sent = false;
  // Called when the first byte is about to go out. May be empty.
  std::function<void()> when_sent;
  // A larger answer ends the request with RESOURCE_EXHAUSTED; so does one of which a hundredth came over the wire.
  // Counted after decompression. Not applied to streams.
  size_t max_body_bytes = size_t{1} << 20;

  // The bytes to send.
  std::string_view Content() const { return shared_body != nullptr ? *shared_body : body; }
};

// Any answer that was received whole is a response, whatever its status code: HTTP errors are values for the caller.
// Redirects are not followed.
struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  // What the body takes of the client's memory for bodies, until the last copy of the answer is gone. Null: nothing.
  std::shared_ptr<BodyBudget::Share> memory{};
  // Where who reads the body may leave what came of it, for whoever gets the same body again; null if nobody will.
  std::shared_ptr<std::any> reading{};
};

// How far a request came that got no answer. Attached to the error of HttpClient's methods.
enum class Delivery {
  kNotSent,  // surely not processed: there was no connection, or not a byte was written to it
  kUnknown,  // the bytes, or part of them, went out; who read them, nobody knows
};
// kUnknown if the status does not say.
Delivery DeliveryOf(const absl::Status& status);
absl::Status WithDelivery(absl::Status status, Delivery delivery);

// A response whose body is read as it arrives. Destroying it ends the transfer at once.
class HttpStream {
 public:
  virtual ~HttpStream() = default;

  virtual int status() const = 0;
  virtual const HttpHeaders& headers() const = 0;

  // The next bytes, as soon as there are any; an empty string at the end of the body. UNAVAILABLE if the connection
  // broke before the body was complete. The peer is slowed down when nobody reads. A Read that ends with CANCELLED or
  // DEADLINE_EXCEEDED took nothing: the stream is whole, and may be read on.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;
};

// HTTP/1.1 and, over TLS where the peer offers it, HTTP/2. Used on the loop thread only.
//
// Errors, all with a Delivery:
// - UNAVAILABLE: UPSTREAM_UNREACHABLE, no connection; UPSTREAM_TLS_FAILED, no trustworthy one;
//   UPSTREAM_CONNECTION_LOST, it broke before the answer was complete; DAEMON_EXHAUSTED, there was no memory for the
//   answer just now; SHUTTING_DOWN, the client was shut down;
// - DEADLINE_EXCEEDED, CANCELLED: the context ended; the transfer is gone when the coroutine resumes;
// - RESOURCE_EXHAUSTED: UPSTREAM_ANSWER_TOO_LARGE, more than max_body_bytes, or compressed beyond belief;
//   UPSTREAM_HEADERS_TOO_LARGE;
// - INVALID_ARGUMENT: INVALID_URL, INVALID_HEADER or INVALID_SIGNATURE, the request cannot be expressed in HTTP.
//
// Only GET and HEAD are ever sent a second time without the caller's doing: over a new connection, if a kept one broke
// before any byte of the answer. Whether to try another method again is for the caller, who looks at DeliveryOf().
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  virtual Task<absl::StatusOr<HttpResponse>> Send(CallContext context, HttpRequest request) = 0;

  // Returns when the response headers are there. The context bounds this call only; each Read has its own.
  virtual Task<absl::StatusOr<std::unique_ptr<HttpStream>>> Open(CallContext context, HttpRequest request) = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_CLIENT_H_
