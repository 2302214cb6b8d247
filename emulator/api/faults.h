#ifndef DAYTONAD_EMULATOR_API_FAULTS_H_
#define DAYTONAD_EMULATOR_API_FAULTS_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/base/scheduler.h"
#include "emulator/http/api_error.h"
#include "emulator/http/http.h"

namespace daytonad::emulator {

// A 429 like the server's: the wait is in Retry-After-{throttler} only, without X-RateLimit headers.
Response TooManyRequests(std::string_view throttler, std::int64_t retry_after_s, std::string_view target, WallTime now);

// One fault, for the requests that it matches.
struct Fault {
  std::uint64_t id = 0;
  Json definition;  // as requested

  std::string method;  // empty: any
  std::optional<std::regex> path;
  std::int64_t times_left = -1;  // -1: for ever
  std::uint64_t matched = 0;

  // Strikes before the request is processed, or after: then it took effect, but its answer is lost.
  bool after = false;
  milliseconds delay{0};
  bool hold = false;  // waits until the faults are removed, instead of a delay
  std::optional<Response> response;
  std::optional<std::size_t> cut_after_bytes;
  std::optional<std::uint64_t> cut_request_after_bytes;
  bool drop = false;
  std::string throttler;  // not empty: answers as if its budget were used up
  std::int64_t retry_after_s = 1;
  bool malformed_body = false;
  bool extra_fields = false;
};

class Faults {
 public:
  explicit Faults(Scheduler& scheduler) : scheduler_(scheduler) {}

  // Adds {match: {method, path_regex, times}, fault: {...}}; the README lists the members. Returns the fault's id.
  Outcome<std::uint64_t> Add(const Json& definition);
  Json List() const;
  // Removes all faults and releases the requests that they hold.
  void Clear();

  // A function that watches a request's body: it takes the bytes received so far and returns false to cut the
  // connection. Null if no fault asks for that.
  std::function<bool(std::uint64_t)> WatchBody(std::string_view method, std::string_view path);

  // Runs `process` at once if no fault matches, else applies the first one that does.
  void Apply(const std::shared_ptr<Exchange>& exchange, std::function<void()> process);

 private:
  // The first fault that matches, without counting the strike.
  std::shared_ptr<Fault> Find(std::string_view method, std::string_view path) const;
  // Runs the step after the fault's delay or hold.
  void AfterPause(const Fault& fault, std::function<void()> step);
  Response Altered(const Fault& fault, const Exchange& exchange, Response response) const;
  // The answer that replaces the real one, if any.
  std::optional<Response> Substitute(const Fault& fault, const Exchange& exchange) const;

  Scheduler& scheduler_;
  std::list<std::shared_ptr<Fault>> faults_;
  std::vector<std::function<void()>> held_;
  std::uint64_t next_id_ = 1;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_FAULTS_H_
