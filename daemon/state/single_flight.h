#ifndef DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_
#define DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "daemon/api/operation.h"
#include "daemon/base/flight.h"

namespace daytonad {

// Two reads with the same key are the same request.
struct ReadKey {
  ObjectKind kind = ObjectKind::kNone;
  // The object's id or name; empty for lists and other reads that are about no single object.
  std::string object;
  // The read's other parameters.
  std::string parameters;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 mistakes the zero that a defaulted <=> compares with
  auto operator<=>(const ReadKey&) const = default;
};

// Coalesces identical reads in flight into one upstream request. Loop thread only.
template <typename T>
class SingleFlight {
 public:
  SingleFlight(Executor executor, Clock& clock, Clock::Duration limit)
      : executor_(executor), clock_(clock), limit_(limit) {}

  // Joins the read in flight with that key, or starts `work`. Says which in the call's facts.
  Task<T> Do(CallContext context, ReadKey key, typename Flight<T>::Work work) {
    // The daemon's own polls have low priority. Callers must not join them and wait as long.
    if (context.background()) key.parameters += "\nbackground";
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
  // `object` is empty for lists and the like.
  void Forget(ObjectKind kind, const std::string& object) {
    auto entry = reads_.lower_bound(ReadKey{kind, object, ""});
    while (entry != reads_.end() && entry->first.kind == kind && entry->first.object == object) {
      entry = reads_.erase(entry);
    }
  }
  void ForgetAll(ObjectKind kind) {
    auto entry = reads_.lower_bound(ReadKey{kind, "", ""});
    while (entry != reads_.end() && entry->first.kind == kind) entry = reads_.erase(entry);
  }

 private:
  struct Read {
    std::shared_ptr<Flight<T>> flight;
    Clock::TimePoint sent;
  };

  static bool Over(const Flight<T>& flight) { return flight.finished() || flight.abandoned(); }

  Read Find(const ReadKey& key) const {
    const auto entry = reads_.find(key);
    return entry == reads_.end() || Over(*entry->second.flight) ? Read() : entry->second;
  }

  Executor executor_;
  Clock& clock_;
  Clock::Duration limit_;
  std::map<ReadKey, Read> reads_;  // ordered, so that the reads of one object are adjacent
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_SINGLE_FLIGHT_H_
