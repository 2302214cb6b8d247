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

// A point in the order in which this daemon learns things.
using Revision = std::uint64_t;

// How something came to be known.
enum class ObservationSource {
  kRead,      // the answer to a request for this very object
  kListItem,  // one of many, from a list that lags
  kEvent,     // upstream said so by itself
  kMutation,  // the answer to a mutation that was made through this daemon
};

// Far enough, and still apart from now by what a Duration holds.
inline constexpr Clock::TimePoint kLongAgo{Clock::Duration::min() / 2};

// What is known of an object.
template <typename T>
struct Known {
  std::shared_ptr<const T> object;
  // Since when it is known to be so; the distant past if it is unconfirmed.
  Clock::TimePoint confirmed_at = kLongAgo;
  // It exists no more. Final: ids are not used twice.
  bool gone = false;
  // What upstream said when it was looked for then; OK if it was not asked.
  absl::Status gone_error;
};

// What ObjectCache keeps of an object.
template <typename T>
struct Record {
  // Can what was begun at this moment have seen all that is known?
  bool Counts(Revision since) const { return since >= floor && since > as_of; }

  Known<T> known;
  Revision as_of = 0;                       // what is known counts from here
  Revision floor = 0;                       // reads begun before may not have seen a mutation that was made since
  Revision last_mutation = 0;               // when a mutation was answered last
  Clock::TimePoint observed_at = kLongAgo;  // when what is known was observed, confirmed or not
  StaleReadDetector stale_reads;
  bool deleting = false;  // its deletion was accepted
  int pending_mutations = 0;
  size_t digest = 0;  // of the object without its times: two that differ share one as good as never
  int pins = 0;
  size_t bytes = 0;
  std::shared_ptr<const typename CacheIndex<T>::Entry> published;
  LruList::Place place;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RECORD_H_
