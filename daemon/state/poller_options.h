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

// What a Poller reads, and how often.
namespace daytonad {

// A page of a list, sorted by the latest change: ids, and the states that the list shows.
struct RecentChanges {
  std::vector<std::pair<std::string, std::string>> states;
  // Of the next page; empty on the last one.
  std::string next_cursor;
};

// The reads of one kind of object. The api behind them also feeds each answer into the ObjectCache.
template <typename T>
struct PollSource {
  std::function<Task<absl::StatusOr<T>>(CallContext, std::string id_or_name)> get;
  // The page at a cursor; "" is the first page.
  std::function<Task<absl::StatusOr<RecentChanges>>(CallContext, std::string cursor)> list;
};

// How often to poll.
struct PollerOptions {
  // While events are down: quickly at first, because most changes come soon, then slower.
  Clock::Duration first = std::chrono::milliseconds(100);
  Clock::Duration longest = std::chrono::seconds(1);
  Clock::Duration list_interval = std::chrono::milliseconds(250);
  double growth = 1.25;
  // While events are up: to find what they missed.
  Clock::Duration first_with_events = std::chrono::seconds(1);
  Clock::Duration longest_with_events = std::chrono::seconds(15);
  Clock::Duration list_interval_with_events = std::chrono::seconds(10);
  double growth_with_events = 1.5;
  // Up to this many objects are polled one by one; more share a list.
  size_t few = 4;
  // Pages of a list that one round reads.
  int max_pages = 4;
  // An object that a complete list does not show may be gone, or too new for the list. It is polled singly, at once and
  // then after pauses that grow up to this. While a list is too long for one round, each round also polls some objects
  // singly that no list has shown for this long.
  Clock::Duration unseen_limit = std::chrono::seconds(20);
  size_t unseen_per_round = 3;
  // Single polls per second for all such objects, and for those that are being deleted: a part of upstream's rate
  // limit.
  size_t single_polls_per_second = 50;
  // Single polls in flight at a time.
  size_t max_polls_in_flight = 16;
  // The deadline of a poll.
  Clock::Duration limit = std::chrono::seconds(20);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_POLLER_OPTIONS_H_
