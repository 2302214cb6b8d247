#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RATE_WINDOW_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RATE_WINDOW_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

#include "daemon/base/clock.h"

namespace daytonad {

// The daemon's view of one upstream rate limit: a number of requests per window of time. Upstream counts per
// credential, so other processes use it up, too, and only answers tell what is left. Time is passed in; nothing here
// waits.
//
// Answers are of different ages, and upstream rounds the time until a window's end up to whole seconds. So the window's
// end is kept as lower and upper bounds. Reports with overlapping bounds are about the same window, and the lowest
// count is the latest. A report that ends earlier is outdated; one that ends later is about a new window.
class RateWindow {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  // One request that was sent.
  struct Request {
    uint64_t number = 0;  // in the order of sending; 0 if the request does not count against this limit
    TimePoint sent;
  };

  // What an answer's headers report.
  struct Report {
    int64_t limit = 0;      // requests in a window
    int64_t remaining = 0;  // of these
    Duration reset{};       // until the window's end
  };

  // Sets the limit per window of this length, until an answer reports one.
  void Suppose(int64_t limit, Duration length);

  // Whether a request may be sent now. The last part of a window is reserved for callers; background work may not use
  // it.
  bool Allows(TimePoint now, bool background);
  // Counts one request as sent.
  Request Send(TimePoint now);

  // The outcome of a request: exactly one of these is called. A bool result says whether the expected wait got longer.

  // An answer. Even without a report about this limit, the request may have been counted.
  bool Answered(const Request& request, const std::optional<Report>& report, TimePoint now);
  // No answer; perhaps counted.
  void Lost(const Request& request, TimePoint now);
  // Certainly not counted.
  void NotSent(const Request& request, TimePoint now);
  // The plausible part of a 429's wait: at most a window's length, after which the count restarts. One header must not
  // stop all requests for hours.
  Duration Believed(Duration wait) const;
  // 429. After the wait one request is sent as a probe; the others follow if it is not rejected.
  bool Refused(const Request& request, Duration wait, TimePoint now);

  // When Allows() may change with time alone; TimePoint::max() if it will not.
  TimePoint NextChange(TimePoint now);
  // The earliest time at which a request with `ahead` others in front may be sent. Exact for the current window; for
  // later ones, an estimate from their length.
  TimePoint EarliestSend(size_t ahead, bool background, TimePoint now);

  // Requests per window, if known.
  std::optional<int64_t> limit() const { return limit_; }

 private:
  // Ends the window if its time is over.
  void Roll(TimePoint now);
  // Does nothing if the report is about an earlier window.
  void Learn(const Request& request, const Report& report, TimePoint now);
  // How many more requests may be sent; nullopt: no known limit.
  std::optional<int64_t> Available() const;
  int64_t Reserve(bool background) const;

  std::optional<int64_t> limit_;
  // The longest reported time until a window's end: the least length of a window.
  Duration length_{};
  // The supposed length, an upper bound, if one was set.
  std::optional<Duration> supposed_length_;

  // The current window. There is none before the first report; after one ends, the next begins with a request.
  bool known_ = false;
  bool over_ = false;
  TimePoint earliest_end_;
  TimePoint latest_end_ = TimePoint::min();
  int64_t remaining_ = 0;
  // Requests in flight that `remaining_` does not include yet: those sent after the request whose answer reported it.
  std::set<uint64_t> uncounted_;
  uint64_t last_number_ = 0;

  // After a 429, until a request succeeds: nothing is sent before this time.
  bool refused_ = false;
  TimePoint refused_until_ = TimePoint::min();
  uint64_t probe_ = 0;  // the probe's number; 0 if there is none
  TimePoint probe_limit_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_TRANSPORT_RATE_WINDOW_H_
