#ifndef DAYTONAD_DAEMON_STATE_POLLER_OPTIONS_H_
#define DAYTONAD_DAEMON_STATE_POLLER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"

// How a WatchHub polls upstream, and how often.
namespace daytonad {

// A page of a list of what changed last: ids, with the state that the list shows.
struct RecentChanges {
  std::vector<std::pair<std::string, std::string>> states;
  // Of the next page; empty on the last.
  std::string next_cursor;
};

// How to look at objects of one kind. What is seen also goes into ObjectCache, by itself.
template <typename T>
struct PollSource {
  std::function<Task<absl::StatusOr<T>>(CallContext, std::string id_or_name)> get;
  // The page at a cursor; "" is the first.
  std::function<Task<absl::StatusOr<RecentChanges>>(CallContext, std::string cursor)> list;
};

// How often to look.
struct PollerOptions {
  // While no events arrive: quickly at first, because most changes come soon, then slower.
  Clock::Duration first = std::chrono::milliseconds(100);
  Clock::Duration longest = std::chrono::seconds(1);
  Clock::Duration list_interval = std::chrono::milliseconds(250);
  double growth = 1.25;
  // While they arrive, to notice what they missed.
  Clock::Duration first_with_events = std::chrono::seconds(1);
  Clock::Duration longest_with_events = std::chrono::seconds(15);
  Clock::Duration list_interval_with_events = std::chrono::seconds(10);
  double growth_with_events = 1.5;
  // Up to so many objects are looked at one by one; more share a list.
  size_t few = 4;
  // Pages of a list that are read in one round.
  int max_pages = 4;
  // What is not shown by a list that was read to its end is looked at by itself at once, and again after a pause that
  // grows up to this: it may be gone, or new. So is what a list that is too long to be read to its end has not shown
  // for so long, some in each round.
  Clock::Duration unseen_limit = std::chrono::seconds(20);
  size_t unseen_per_round = 3;
  // How many such polls there are in a second, those of objects that are being deleted included, whatever the number of
  // objects: a part of what upstream allows in a minute.
  size_t single_polls_per_second = 50;
  // Requests for one object that are under way at a time.
  size_t max_polls_in_flight = 16;
  // How long a look may take. One that hangs is not waited for any longer.
  Clock::Duration limit = std::chrono::seconds(20);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLLER_OPTIONS_H_
