#ifndef DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_
#define DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/flight.h"

namespace daytonad {

// Coalesces identical reads in flight into one upstream request. Loop thread only.
template <typename T>
class SingleFlight {
 public:
  SingleFlight(Executor executor, Clock& clock, Clock::Duration limit)
      : executor_(executor), clock_(clock), limit_(limit) {}

  // Joins the read in flight with that key, or starts `work`. Says which in the call's facts.
  Task<T> Do(CallContext context, std::string key, typename Flight<T>::Work work) {
    // The daemon's own polls have low priority. Callers must not join them and wait as long.
    if (context.background()) key += kBackground;
    Read read = Find(key);
    const bool joined = read.flight != nullptr;
    if (!joined) {
      read.sent = clock_.Now();
      read.flight = Flight<T>::Start(executor_, context, read.sent + limit_, std::move(work));
      reads_[key] = read;
    }
    T result = co_await Flight<T>::Join(read.flight, clock_, context);
    if (context.read_terms().has_value()) {
      if (joined) context.facts().read_source = ReadSource::kCoalesced;
      context.facts().age = clock_.Now() - read.sent;
    }
    const auto entry = reads_.find(key);
    if (entry != reads_.end() && entry->second.flight == read.flight && Over(*read.flight)) reads_.erase(entry);
    co_return result;
  }

  // Stops the sharing of reads in flight: they may not show a mutation that begins now. Callers that have joined stay.
  void ForgetAll() { reads_.clear(); }
  void Forget(const std::string& key) {
    reads_.erase(key);
    reads_.erase(absl::StrCat(key, kBackground));
  }

 private:
  struct Read {
    std::shared_ptr<Flight<T>> flight;
    Clock::TimePoint sent;
  };

  static constexpr char kBackground[] = "\nbackground";

  static bool Over(const Flight<T>& flight) { return flight.finished() || flight.abandoned(); }

  Read Find(const std::string& key) const {
    const auto entry = reads_.find(key);
    return entry == reads_.end() || Over(*entry->second.flight) ? Read() : entry->second;
  }

  Executor executor_;
  Clock& clock_;
  Clock::Duration limit_;
  absl::flat_hash_map<std::string, Read> reads_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_
