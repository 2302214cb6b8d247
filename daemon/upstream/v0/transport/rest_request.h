#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REST_REQUEST_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REST_REQUEST_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/http/http_client.h"
#include "daemon/upstream/v0/codecs/json_fields.h"

namespace daytonad {

// Whether a request with an unknown outcome may be repeated.
enum class Idempotency {
  // Has no side effects.
  kRead,
  // Sending it twice has the same effect and answer as sending it once.
  kIdempotentWrite,
  // Repeated only if it was certainly not processed.
  kNotIdempotent,
};

// The kind of object that a request's path names.
enum class Subject { kNone, kSandbox, kSnapshot, kVolume, kBuildLog, kContextStore };

struct Refusal;

// Most requests are answered promptly. Upstream holds some, as long polls, for up to 30 s.
enum class Latency { kPrompt, kLongPoll };

// The expected size of an answer, which bounds it.
enum class AnswerSize {
  kObject,  // one object, or nothing
  kList,    // a page of objects, or all of them
};

// The names of upstream's rate limits, as in its headers.
inline constexpr std::string_view kGeneralThrottler = "authenticated";
inline constexpr std::string_view kAnonymousThrottler = "anonymous";    // requests without a credential, per address
inline constexpr std::string_view kCreateThrottler = "sandbox-create";  // create and fork
inline constexpr std::string_view kLifecycleThrottler = "sandbox-lifecycle";  // start, stop, delete and the like

// One request to Daytona's API, before it becomes HTTP. The constructor requires its idempotency class.
//
//   RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"sandbox", id, "stop"});
//   request.AddQuery("force", "false").About(Subject::kSandbox);
class RestRequest {
 public:
  // `segments` are the path segments below the API's base URL, not encoded.
  RestRequest(HttpMethod method, Idempotency idempotency, std::vector<std::string> segments)
      : method_(method), idempotency_(idempotency), segments_(std::move(segments)) {}

  // A GET of a URL from an answer, instead of a path below the base URL.
  static RestRequest ForUrl(std::string url) {
    RestRequest request(HttpMethod::kGet, Idempotency::kRead, {});
    request.url_ = std::move(url);
    request.throttler_ = "";  // it is another server's
    return request;
  }

  // The path is below this URL, which an answer named, and not below the API's. It counts against no rate limit.
  RestRequest& Below(std::string base_url) {
    base_url_ = std::move(base_url);
    throttler_ = "";
    return *this;
  }
  RestRequest& AddQuery(std::string name, std::string value) {
    query_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  RestRequest& SetBody(OrderedJson body) {
    body_ = std::move(body);
    return *this;
  }
  // The object that the path names, by id or name. It tells a 404 about this object from one about something else.
  RestRequest& About(Subject subject, std::string object = "") {
    subject_ = subject;
    object_ = std::move(object);
    return *this;
  }
  RestRequest& Through(ConnectionPool pool, Latency latency) {
    pool_ = pool;
    latency_ = latency;
    return *this;
  }
  // The answer is a list. All others are one object at most.
  RestRequest& Lists() {
    answer_size_ = AnswerSize::kList;
    return *this;
  }
  // The rate limit that it counts against; kGeneralThrottler by default; empty for none.
  RestRequest& CountedAgainst(std::string_view throttler) {
    throttler_ = throttler;
    return *this;
  }
  // What some of Daytona's refusals mean for this request only. They count before those that all requests have in
  // common (refusals.h), and outlive the request.
  RestRequest& RefusedAs(const std::vector<Refusal>& refusals) {
    refusals_ = &refusals;
    return *this;
  }
  // The answer may be cached and revalidated by its ETag. Not for answers that contain secrets.
  RestRequest& Revalidate() {
    revalidate_ = true;
    return *this;
  }
  // Adds a metadata entry to each error of this request, such as the name of the object to create. Ignored if `value`
  // is empty.
  RestRequest& Tag(std::string_view key, std::string_view value) {
    if (!value.empty()) tags_.emplace(key, value);
    return *this;
  }

  HttpMethod method() const { return method_; }
  Idempotency idempotency() const { return idempotency_; }
  const std::vector<std::string>& segments() const { return segments_; }
  // Empty unless made by ForUrl.
  const std::string& url() const { return url_; }
  // Empty unless set by Below.
  const std::string& base_url() const { return base_url_; }
  const std::vector<std::pair<std::string, std::string>>& query() const { return query_; }
  // Null if there is none.
  const OrderedJson& body() const { return body_; }
  Subject subject() const { return subject_; }
  const std::string& object() const { return object_; }
  ConnectionPool pool() const { return pool_; }
  Latency latency() const { return latency_; }
  AnswerSize answer_size() const { return answer_size_; }
  const std::string& throttler() const { return throttler_; }
  bool revalidate() const { return revalidate_; }
  const ErrorMetadata& tags() const { return tags_; }
  // Null if there are none.
  const std::vector<Refusal>* refusals() const { return refusals_; }

 private:
  HttpMethod method_;
  Idempotency idempotency_;
  std::vector<std::string> segments_;
  std::string url_;
  std::string base_url_;
  std::vector<std::pair<std::string, std::string>> query_;
  OrderedJson body_;
  Subject subject_ = Subject::kNone;
  std::string object_;
  ConnectionPool pool_ = ConnectionPool::kCalls;
  Latency latency_ = Latency::kPrompt;
  AnswerSize answer_size_ = AnswerSize::kObject;
  std::string throttler_{kGeneralThrottler};
  bool revalidate_ = false;
  ErrorMetadata tags_;
  const std::vector<Refusal>* refusals_ = nullptr;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_REST_REQUEST_H_
