#ifndef DAYTONAD_DAEMON_STATE_TESTING_POLLED_UPSTREAM_H_
#define DAYTONAD_DAEMON_STATE_TESTING_POLLED_UPSTREAM_H_

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/absent.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daemon/state/object_cache.h"
#include "daemon/state/testing/objects.h"
#include "daemon/state/watch_hub.h"

namespace daytonad {

// An upstream to poll. Its answers go into the ObjectCache, as they do behind the real api. An answer shows the state
// at the time of the request, however late it comes.
class PolledUpstream {
 public:
  PolledUpstream(ObjectCache<v1::Sandbox>& cache, Clock& clock) : cache_(cache), clock_(clock) {}

  PollSource<v1::Sandbox> source() {
    PollSource<v1::Sandbox> source;
    source.get = [this](CallContext context, std::string id) { return Get(std::move(context), std::move(id)); };
    source.list = [this](CallContext context, std::string cursor) {
      return List(std::move(context), std::move(cursor));
    };
    return source;
  }

  // The existing objects, by id.
  std::map<std::string, v1::Sandbox> objects;
  // The objects that the list shows; empty: `objects`.
  std::map<std::string, v1::Sandbox> listed;
  size_t page_size = 200;
  absl::Status get_error;
  absl::Status list_error;
  // If set, answers wait for it.
  std::shared_ptr<Event> gate;
  std::shared_ptr<Event> list_gate;

  // When each was sent.
  std::vector<Clock::TimePoint> gets;
  std::vector<Clock::TimePoint> lists;
  // The cursor of each list.
  std::vector<std::string> cursors;
  int in_flight = 0;
  int most_in_flight = 0;

 private:
  Task<absl::StatusOr<v1::Sandbox>> Get(CallContext context, std::string id) {
    gets.push_back(clock_.Now());
    const Revision since = cache_.NextRevision();
    const Clock::TimePoint at = clock_.Now();
    absl::StatusOr<v1::Sandbox> answer = AbsentError("sandbox", "none");
    for (const auto& [key, object] : objects) {
      if (key == id || object.name() == id) answer = object;
    }
    if (!get_error.ok()) answer = get_error;
    most_in_flight = std::max(most_in_flight, ++in_flight);
    absl::Status waited = co_await Wait(gate, std::move(context));
    --in_flight;
    if (!waited.ok()) co_return waited;
    if (answer.ok()) {
      cache_.Observe(*answer, ObservationSource::kRead, since, at);
    } else if (IsAbsent(answer.status())) {
      cache_.ObserveNotFound(id, since);
    }
    co_return answer;
  }

  Task<absl::StatusOr<RecentChanges>> List(CallContext context, std::string cursor) {
    lists.push_back(clock_.Now());
    cursors.push_back(cursor);
    const Revision since = cache_.NextRevision();
    const Clock::TimePoint at = clock_.Now();
    std::vector<v1::Sandbox> all;
    for (const auto& [id, object] : listed.empty() ? objects : listed) all.push_back(object);
    std::ranges::stable_sort(
        all, [](const auto& a, const auto& b) { return a.updated_at().seconds() > b.updated_at().seconds(); });
    const absl::Status error = list_error;
    absl::Status waited = co_await Wait(list_gate, std::move(context));
    if (!waited.ok()) co_return waited;
    if (!error.ok()) co_return error;
    RecentChanges changes;
    const size_t first = cursor.empty() ? 0 : std::stoul(cursor);
    const size_t end = std::min(first + page_size, all.size());
    for (size_t i = first; i < end; ++i) {
      cache_.Observe(ItemIn(all[i].id(), all[i].state_text(), static_cast<int>(all[i].updated_at().seconds())),
                     ObservationSource::kListItem, since, at);
      changes.states.emplace_back(all[i].id(), all[i].state_text());
    }
    if (end < all.size()) changes.next_cursor = std::to_string(end);
    co_return changes;
  }

  Task<absl::Status> Wait(std::shared_ptr<Event> event, CallContext context) {
    if (event == nullptr) co_return absl::OkStatus();
    co_return co_await event->Wait(clock_, std::move(context));
  }

  ObjectCache<v1::Sandbox>& cache_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_TESTING_POLLED_UPSTREAM_H_
