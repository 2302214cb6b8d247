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

// A 429 as the server gives it: with its wait in Retry-After-{throttler} only, and without X-RateLimit headers.
Response TooManyRequests(std::string_view throttler, std::int64_t retry_after_s, std::string_view target, WallTime now);

// One way to misbehave, for the requests that it matches.
struct Fault {
  std::uint64_t id = 0;
  Json definition;  // as it was asked for

  std::string method;  // empty: any
  std::optional<std::regex> path;
  std::int64_t times_left = -1;  // -1: for ever
  std::uint64_t matched = 0;

  // Before the request is processed, or after: its effect is there, its answer is not.
  bool after = false;
  milliseconds delay{0};
  bool hold = false;  // instead of a delay: until the faults are removed
  std::optional<Response> response;
  std::optional<std::size_t> cut_after_bytes;
  std::optional<std::uint64_t> cut_request_after_bytes;
  bool drop = false;
  std::string throttler;  // not empty: answer as if its budget were spent
  std::int64_t retry_after_s = 1;
  bool malformed_body = false;
  bool extra_fields = false;
};

class Faults {
 public:
  explicit Faults(Scheduler& scheduler) : scheduler_(scheduler) {}

  // Takes {match: {method, path_regex, times}, fault: {...}}; the README lists the members. Returns its id.
  Outcome<std::uint64_t> Add(const Json& definition);
  Json List() const;
  // Removes all, and lets go of what they hold.
  void Clear();

  // Who watches a request's body as it comes: a function that is told how much there is, and says false once the
  // connection shall be cut. Null if no fault asks for that.
  std::function<bool(std::uint64_t)> WatchBody(std::string_view method, std::string_view path);

  // Runs `process` at once if no fault is in the way; else does what the first matching one says.
  void Apply(const std::shared_ptr<Exchange>& exchange, std::function<void()> process);

 private:
  // The first fault for such a request, whose strike is not counted yet.
  std::shared_ptr<Fault> Find(std::string_view method, std::string_view path) const;
  // Takes the step when the fault's time is over.
  void AfterPause(const Fault& fault, std::function<void()> step);
  Response Altered(const Fault& fault, const Exchange& exchange, Response response) const;
  // The answer that stands in for the real one, if there is such.
  std::optional<Response> Substitute(const Fault& fault, const Exchange& exchange) const;

  Scheduler& scheduler_;
  std::list<std::shared_ptr<Fault>> faults_;
  std::vector<std::function<void()>> held_;
  std::uint64_t next_id_ = 1;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_FAULTS_H_
