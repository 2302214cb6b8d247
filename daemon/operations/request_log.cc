#include "daemon/operations/request_log.h"

#include <algorithm>

#include "daemon/base/log.h"

namespace daytonad {
namespace {

// The least time that a change is given, whatever its first caller's limit is. Others may join with later ones.
constexpr std::chrono::minutes kLeastLimit(2);
// A guess at what an entry needs besides its bytes.
constexpr size_t kEntryOverhead = 512;

size_t SizeOf(const absl::StatusOr<std::string>& outcome) {
  return kEntryOverhead + (outcome.ok() ? outcome->size() : outcome.status().message().size());
}

// Would the same request, sent again, end the same way?
bool IsFinal(const absl::Status& status) {
  if (ErrorMetadataValue(status, "outcome") == "unknown" || RetryDelay(status).has_value()) return false;
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return true;
    default:
      return false;
  }
}

absl::Status ReusedError() {
  return MakeError(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED",
                   "This request_id was used for a different request. Use a new one for each intent.");
}

}  // namespace

Task<RequestLog::Bytes> RequestLog::OnceAsBytes(CallContext context, std::function<Task<Bytes>(CallContext)> change,
                                                bool& concluded) {
  DropExpired();
  const std::string id = context.request_key()->id;
  while (true) {
    std::unique_ptr<Entry>& slot = entries_[id];
    if (slot == nullptr) {
      slot = std::make_unique<Entry>();
      slot->digest = context.request_key()->digest;
    }
    if (slot->digest != context.request_key()->digest) co_return ReusedError();
    if (slot->outcome.has_value()) {
      concluded = slot->concluded;
      co_return *slot->outcome;
    }
    std::shared_ptr<Flight<Bytes>> flight = slot->flight;
    if (flight == nullptr) {
      const Clock::TimePoint limit = std::max(context.latest_deadline(), clock_.Now() + kLeastLimit);
      Flight<Bytes>::Work work = [this, id, change](CallContext own) { return Run(std::move(own), id, change); };
      flight = Flight<Bytes>::Start(executor_, context, limit, std::move(work));
      // What is refused at once is over by now, and its entry may be gone.
      if (!flight->finished()) entries_[id]->flight = flight;
    }
    const Bytes result = co_await Flight<Bytes>::Join(flight, clock_, context);
    // It was given up because all others had left: for this caller it begins anew.
    const bool given_up = absl::IsCancelled(result.status()) && context.Check(clock_.Now()).ok();
    if (!given_up) co_return result;
  }
}

Task<RequestLog::Bytes> RequestLog::Run(CallContext context, std::string id,
                                        std::function<Task<Bytes>(CallContext)> change) {
  Bytes result = co_await change(std::move(context));
  const auto found = entries_.find(id);
  found->second->flight.reset();
  if (IsFinal(result.status())) {
    found->second->outcome = result;
    Keep(id, *found->second);
  } else {
    entries_.erase(found);
  }
  co_return result;
}

void RequestLog::Note(const std::string& id, std::string object) {
  const auto found = entries_.find(id);
  // Gone before its time, or not final: then the next call with the id looks for itself.
  if (found == entries_.end() || !found->second->outcome.has_value()) return;
  Entry& entry = *found->second;
  bytes_ -= SizeOf(*entry.outcome);
  entry.outcome = std::move(object);
  entry.concluded = true;
  Keep(id, entry);
}

void RequestLog::Keep(const std::string& id, Entry& entry) {
  entry.serial = ++last_serial_;
  bytes_ += SizeOf(*entry.outcome);
  expiries_.push_back(Expiry{clock_.Now() + options_.keep_for, id, entry.serial});
  if (bytes_ <= options_.max_bytes) return;
  Log(LogLevel::kWarning, "outcomes of request ids are forgotten before their time: there are too many");
  while (bytes_ > options_.max_bytes && !expiries_.empty()) DropOldest();
}

void RequestLog::DropOldest() {
  const Expiry oldest = std::move(expiries_.front());
  expiries_.pop_front();
  const auto found = entries_.find(oldest.id);
  if (found == entries_.end() || found->second->serial != oldest.serial) return;  // noted again since
  bytes_ -= SizeOf(*found->second->outcome);
  entries_.erase(found);
}

void RequestLog::DropExpired() {
  while (!expiries_.empty() && expiries_.front().when <= clock_.Now()) DropOldest();
}

}  // namespace daytonad
