#ifndef DAYTONAD_DAEMON_STATE_RECORD_H_
#define DAYTONAD_DAEMON_STATE_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "daemon/base/clock.h"
#include "daemon/state/cache_index.h"
#include "daemon/state/lru_list.h"
#include "daemon/state/stale_read_detector.h"

namespace daytonad {

// The order of observations: a counter that grows with each one.
using Revision = std::uint64_t;

// Where an observation comes from.
enum class ObservationSource {
  kRead,      // the answer to a read of this object
  kListItem,  // an item of a list, which may lag
  kEvent,     // an upstream event
  kMutation,  // the answer to a mutation that this daemon sent
};

// Before everything, yet close enough that `now - kLongAgo` does not overflow.
inline constexpr Clock::TimePoint kLongAgo{Clock::Duration::min() / 2};

// The last known state of an object.
template <typename T>
struct Known {
  std::shared_ptr<const T> object;
  // When this state was last confirmed; kLongAgo if it is unconfirmed.
  Clock::TimePoint confirmed_at = kLongAgo;
  // The object was deleted. Final: upstream never reuses an id.
  bool gone = false;
  // Upstream's NOT_FOUND, if a read found out; else OK.
  absl::Status gone_error;
};

// What ObjectCache keeps per object.
template <typename T>
struct Record {
  // Is an observation of this revision newer than the cached state, and no older than the last mutation?
  bool Counts(Revision since) const { return since >= floor && since > as_of; }

  Known<T> known;
  Revision as_of = 0;                       // the revision of the cached state
  Revision floor = 0;                       // reads of lower revisions may not show the last mutation
  Revision last_mutation = 0;               // when a mutation was last answered
  Clock::TimePoint observed_at = kLongAgo;  // when the cached state was observed, confirmed or not
  StaleReadDetector stale_reads;
  bool deleting = false;  // upstream accepted its deletion
  int pending_mutations = 0;
  size_t digest = 0;  // hash of the object without its times; collisions are as good as impossible
  int pins = 0;
  size_t bytes = 0;
  std::shared_ptr<const typename CacheIndex<T>::Entry> published;
  LruList::Place place;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RECORD_H_
