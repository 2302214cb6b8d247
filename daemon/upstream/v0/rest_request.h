#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_REST_REQUEST_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_REST_REQUEST_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/net/http_client.h"
#include "daemon/upstream/v0/json_fields.h"

namespace daytonad {

// What may be done about a request whose outcome is not known.
enum class Idempotency {
  // Changes nothing.
  kRead,
  // Sending it twice has the effect of sending it once, and gets the same answer.
  kIdempotentWrite,
  // Sent again only if it was surely not processed.
  kNotIdempotent,
};

// What kind of thing the path of a request names.
enum class Subject { kNone, kSandbox, kSnapshot, kVolume, kBuildLog, kContextStore };

// How long upstream takes to answer: most requests at once; some are held, up to 30 s, until something has happened.
enum class Latency { kPrompt, kLongPoll };

// How large an answer may be.
enum class AnswerSize {
  kObject,  // one object, or nothing
  kList,    // a page of them, or all that there are
};

// Upstream's rate limits, by the names that its headers have.
inline constexpr std::string_view kGeneralThrottler = "authenticated";
inline constexpr std::string_view kAnonymousThrottler = "anonymous";          // what needs no credential, by address
inline constexpr std::string_view kCreateThrottler = "sandbox-create";        // creates and forks
inline constexpr std::string_view kLifecycleThrottler = "sandbox-lifecycle";  // start, stop, delete and their like

// One request to Daytona's API, before it is turned into HTTP. One that does not say whether it may be repeated does
// not compile.
//
//   RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"sandbox", id, "stop"});
//   request.AddQuery("force", "false").About(Subject::kSandbox);
class RestRequest {
 public:
  // `segments` are the parts of the path below the API's base URL, not encoded.
  RestRequest(HttpMethod method, Idempotency idempotency, std::vector<std::string> segments)
      : method_(method), idempotency_(idempotency), segments_(std::move(segments)) {}

  // A GET of a URL that an answer gave, instead of a path below the base URL.
  static RestRequest ForUrl(std::string url) {
    RestRequest request(HttpMethod::kGet, Idempotency::kRead, {});
    request.url_ = std::move(url);
    request.throttler_ = "";  // it leads to another server
    return request;
  }

  RestRequest& AddQuery(std::string name, std::string value) {
    query_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  RestRequest& SetBody(OrderedJson body) {
    body_ = std::move(body);
    return *this;
  }
  // The object that the path names, by its id or name: a 404 may be about that, or about something else.
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
  // Its answer is a list. All others are answered with an object at most.
  RestRequest& Lists() {
    answer_size_ = AnswerSize::kList;
    return *this;
  }
  // The rate limit that upstream counts it against, kGeneralThrottler unless said; empty for none.
  RestRequest& CountedAgainst(std::string_view throttler) {
    throttler_ = throttler;
    return *this;
  }
  // Its answer may be remembered, and asked for again by its ETag. Not for answers with secrets in them.
  RestRequest& Revalidate() {
    revalidate_ = true;
    return *this;
  }
  // A metadata entry of each error of this request, such as the name of what it was to create. Nothing if `value` is
  // empty.
  RestRequest& Tag(std::string_view key, std::string_view value) {
    if (!value.empty()) tags_.emplace(key, value);
    return *this;
  }

  HttpMethod method() const { return method_; }
  Idempotency idempotency() const { return idempotency_; }
  const std::vector<std::string>& segments() const { return segments_; }
  // Empty unless made by ForUrl.
  const std::string& url() const { return url_; }
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

 private:
  HttpMethod method_;
  Idempotency idempotency_;
  std::vector<std::string> segments_;
  std::string url_;
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
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_REST_REQUEST_H_
