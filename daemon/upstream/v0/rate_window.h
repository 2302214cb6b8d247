#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_RATE_WINDOW_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_RATE_WINDOW_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

#include "daemon/base/clock.h"

namespace daytonad {

// What is known of one of upstream's rate limits: so many requests in a window of time, counted there, for everybody
// who has the same credential. Other processes use it up, too, so only answers tell what is left. Times come in as
// arguments; nothing here waits.
//
// Answers are of different ages, and upstream rounds the time to a window's end up to whole seconds. So the end is kept
// as the two times between which it surely lies. Reports whose bounds overlap speak of the same window, and then the
// lowest count is the latest one; a report that ends before is too old to tell anything; one that ends after is of a
// new window.
class RateWindow {
 public:
  using Duration = Clock::Duration;
  using TimePoint = Clock::TimePoint;

  // One request that was sent.
  struct Request {
    uint64_t number = 0;  // they are numbered as they are sent; 0 for one that does not count against this limit
    TimePoint sent;
  };

  // What an answer's headers say.
  struct Report {
    int64_t limit = 0;      // requests in a window
    int64_t remaining = 0;  // of them
    Duration reset{};       // until the window's end
  };

  // So many requests in a window of this length, as long as no answer has told better.
  void Suppose(int64_t limit, Duration length);

  // May a request be sent now? Background work may not have the last part of a window: that is for callers.
  bool Allows(TimePoint now, bool background);
  // Counts one request as sent.
  Request Send(TimePoint now);

  // What became of a request. Each of them ends it; those that return a bool say whether waiting takes longer than it
  // seemed before.
  // An answer that does not speak of this limit may have been counted all the same.
  bool Answered(const Request& request, const std::optional<Report>& report, TimePoint now);
  // No answer, and perhaps counted.
  void Lost(const Request& request, TimePoint now);
  // Surely not counted.
  void NotSent(const Request& request, TimePoint now);
  // How long a refusal may ask to wait: for the length of a window at most, for that is when the count begins anew. One
  // header shall not stop everybody for hours.
  Duration Believed(Duration wait) const;
  // 429. One request goes alone when the wait is over; the others follow when that was not refused.
  bool Refused(const Request& request, Duration wait, TimePoint now);

  // When Allows() may change by time alone; TimePoint::max() if it won't.
  TimePoint NextChange(TimePoint now);
  // The earliest time at which a request may be sent before which `ahead` others are. Exact for the present window; for
  // those after it, as good as their length is known.
  TimePoint EarliestSend(size_t ahead, bool background, TimePoint now);

  // Requests in a window, if that is known.
  std::optional<int64_t> limit() const { return limit_; }

 private:
  // Takes note of it that time has passed.
  void Roll(TimePoint now);
  // Nothing if the report is of a window that is over.
  void Learn(const Request& request, const Report& report, TimePoint now);
  // How many more may be sent, as far as is known; nullopt for any number.
  std::optional<int64_t> Available() const;
  int64_t Reserve(bool background) const;

  std::optional<int64_t> limit_;
  // The longest time to a window's end that was seen: how long a window is, at least.
  Duration length_{};
  // How long it is, if that was supposed; no answer makes it longer.
  std::optional<Duration> supposed_length_;

  // The present window. There is none before the first report; when one is over, the next one begins with a request.
  bool known_ = false;
  bool over_ = false;
  TimePoint earliest_end_;
  TimePoint latest_end_ = TimePoint::min();
  int64_t remaining_ = 0;
  // Requests in flight that `remaining_` does not count yet: those sent after the one whose answer told it.
  std::set<uint64_t> uncounted_;
  uint64_t last_number_ = 0;

  // There was a 429, and no request has got through since. Nothing is sent before this.
  bool refused_ = false;
  TimePoint refused_until_ = TimePoint::min();
  uint64_t probe_ = 0;  // the request that went alone afterwards; 0 if there is none
  TimePoint probe_limit_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_RATE_WINDOW_H_
