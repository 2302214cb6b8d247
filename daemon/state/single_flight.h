#ifndef DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_
#define DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/flight.h"

namespace daytonad {

// Identical reads in flight are one upstream request. Loop thread only.
template <typename T>
class SingleFlight {
 public:
  SingleFlight(Executor executor, Clock& clock, Clock::Duration limit)
      : executor_(executor), clock_(clock), limit_(limit) {}

  // Joins the read of that key that is under way, or starts `work`.
  Task<T> Do(CallContext context, std::string key, typename Flight<T>::Work work) {
    std::shared_ptr<Flight<T>> flight = Find(key);
    if (flight == nullptr) {
      flight = Flight<T>::Start(executor_, context, clock_.Now() + limit_, std::move(work));
      flights_[key] = flight;
    }
    T result = co_await Flight<T>::Join(flight, clock_, std::move(context));
    const auto entry = flights_.find(key);
    if (entry != flights_.end() && entry->second == flight && (flight->finished() || flight->abandoned())) {
      flights_.erase(entry);
    }
    co_return result;
  }

  // What is under way may not see a change that is made now: later readers shall not join it. Who has joined, stays.
  void Forget() { flights_.clear(); }

 private:
  std::shared_ptr<Flight<T>> Find(const std::string& key) const {
    const auto entry = flights_.find(key);
    const bool joinable = entry != flights_.end() && !entry->second->finished() && !entry->second->abandoned();
    return joinable ? entry->second : nullptr;
  }

  Executor executor_;
  Clock& clock_;
  Clock::Duration limit_;
  absl::flat_hash_map<std::string, std::shared_ptr<Flight<T>>> flights_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_
