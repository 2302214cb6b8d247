#include "daemon/operations/requests/idempotency_store.h"

#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {
namespace {

// The least time limit of a mutation. Calls with later deadlines than the first caller's may join it.
constexpr std::chrono::minutes kLeastLimit(2);
// An estimate of an entry's size besides its answer.
constexpr size_t kEntryOverhead = 512;

bool OutcomeUnknown(const absl::Status& status) { return ErrorMetadataValue(status, "outcome") == "unknown"; }

// The stored digest of a request. It includes the id as a salt: equal requests have different digests, and precomputed
// digests of likely requests are useless.
std::string KeptDigest(const RequestKey& key) {
  constexpr size_t kKept = 16;
  const std::string bytes = absl::StrCat(key.id, "\n", key.digest);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  digest.resize(kKept);
  return digest;
}

// Whether the same request would end the same way if it were repeated.
bool IsFinal(const absl::Status& status) {
  if (OutcomeUnknown(status) || RetryDelay(status).has_value()) return false;
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

Task<IdempotencyStore::Outcome> IdempotencyStore::OnceAsAnswer(CallContext context, AnswerMutation mutation,
                                                               bool& concluded) {
  DropExpired();
  const std::string id = context.request_key()->id;
  const std::string digest = KeptDigest(*context.request_key());
  while (true) {
    std::unique_ptr<Entry>& slot = entries_[id];
    if (slot == nullptr) {
      slot = std::make_unique<Entry>();
      slot->digest = digest;
    }
    if (slot->digest != digest) co_return ReusedError();
    concluded = slot->concluded;
    if (slot->outcome.has_value()) co_return *slot->outcome;
    std::shared_ptr<OutcomeFlight> flight = slot->flight;
    if (flight == nullptr) {
      const Clock::TimePoint limit = std::max(context.latest_deadline(), clock_.Now() + kLeastLimit);
      OutcomeFlight::Work work = [this, mutation](CallContext own) { return Run(std::move(own), mutation); };
      flight = OutcomeFlight::Start(executor_, context, limit, std::move(work));
      // A mutation that was rejected at once is finished by now, and its entry may be gone.
      if (!flight->finished()) entries_[id]->flight = flight;
    }
    const Outcome result = co_await OutcomeFlight::Join(flight, clock_, context);
    // It was cancelled because all other callers had left: start it again for this one.
    const bool given_up = absl::IsCancelled(result.status()) || (flight->abandoned() && !IsFinal(result.status()));
    if (!given_up || !context.Check(clock_.Now()).ok()) co_return result;
  }
}

Task<IdempotencyStore::Outcome> IdempotencyStore::Run(CallContext context, AnswerMutation mutation) {
  RequestKey key = *context.request_key();
  key.earlier = entries_[key.id]->earlier;
  const auto since = key.earlier.has_value() ? key.earlier->since : std::chrono::system_clock::now();
  StoredRequest intent;
  intent.id = key.id;
  intent.digest = KeptDigest(key);
  intent.earlier.since = since;
  const bool done = key.earlier.has_value() && key.earlier->done;
  if (persistence_ != nullptr && !done) co_await persistence_->NoteIntent(context, std::move(intent));
  Outcome result = co_await mutation(context.WithRequestKey(key));
  if (!key.earlier.has_value()) key.earlier = EarlierRequest{.since = since};
  std::optional<StoredRequest> end = NoteEnd(key, result, context.progress()->may_have_mutated());
  if (persistence_ != nullptr && end.has_value())
    co_await persistence_->NoteOutcome(std::move(context), *std::move(end));
  co_return result;
}

std::optional<StoredRequest> IdempotencyStore::NoteEnd(const RequestKey& key, const Outcome& result,
                                                       bool may_have_mutated) {
  Entry& entry = *entries_[key.id];
  entry.flight.reset();
  StoredRequest end;
  end.id = key.id;
  end.digest = entry.digest;
  end.earlier = *key.earlier;
  if (IsFinal(result.status())) {
    entry.outcome = result;
    Keep(key.id, entry);
    end.refusal = result.status();
    end.concluded = entry.concluded;
    if (result.ok()) {
      end.earlier.object_id = result->id;
      end.earlier.object_name = result->name;
    }
    return end;
  }
  if (entry.earlier.has_value() || may_have_mutated || OutcomeUnknown(result.status())) {
    if (!entry.earlier.has_value()) entry.earlier = key.earlier;
    Keep(key.id, entry);
  } else {
    entries_.erase(key.id);
    if (persistence_ != nullptr) persistence_->Withdraw(std::move(end));
  }
  return std::nullopt;
}

void IdempotencyStore::Note(const std::string& id, Answer answer) {
  const auto found = entries_.find(id);
  // Dropped early, or not final: the next call with the id reads the state itself.
  if (found == entries_.end() || !found->second->outcome.has_value()) return;
  Entry& entry = *found->second;
  if (persistence_ != nullptr && !entry.concluded) {
    StoredRequest end;
    end.id = id;
    end.digest = entry.digest;
    end.earlier = entry.earlier.value_or(EarlierRequest{.since = std::chrono::system_clock::now()});
    end.earlier.object_id = answer.id;
    end.earlier.object_name = answer.name;
    end.concluded = true;
    persistence_->NoteConclusion(std::move(end));
  }
  entry.outcome = std::move(answer);
  entry.concluded = true;
  Keep(id, entry);
}

void IdempotencyStore::Restore(std::vector<StoredRequest> stored) {
  const auto now = std::chrono::system_clock::now();
  for (StoredRequest& request : stored) {
    const auto age = std::chrono::duration_cast<Clock::Duration>(now - request.when);
    if (age >= options_.keep_for) continue;
    std::unique_ptr<Entry>& slot = entries_[request.id];
    slot = std::make_unique<Entry>();
    slot->digest = std::move(request.digest);
    slot->concluded = request.concluded;
    if (request.refusal.ok()) {
      slot->earlier = std::move(request.earlier);
    } else {
      slot->outcome.emplace(request.refusal);
    }
    Keep(request.id, *slot, std::max(age, Clock::Duration::zero()));
  }
}

void IdempotencyStore::Keep(const std::string& id, Entry& entry, Clock::Duration age) {
  entry.serial = ++last_serial_;
  bytes_ -= entry.size;
  entry.size = kEntryOverhead;
  if (entry.outcome.has_value()) {
    entry.size += entry.outcome->ok() ? (*entry.outcome)->bytes.size() : entry.outcome->status().message().size();
  }
  bytes_ += entry.size;
  expiries_.push_back(Expiry{clock_.Now() + options_.keep_for - age, id, entry.serial});
  if (bytes_ <= options_.max_bytes) return;
  Log(LogLevel::kWarning, "outcomes of request ids are forgotten before their time: there are too many");
  while (bytes_ > options_.max_bytes && !expiries_.empty()) DropOldest();
}

void IdempotencyStore::DropOldest() {
  const Expiry oldest = std::move(expiries_.front());
  expiries_.pop_front();
  const auto found = entries_.find(oldest.id);
  if (found == entries_.end() || found->second->serial != oldest.serial) return;  // recorded again since
  if (found->second->flight != nullptr) return;  // in progress again, and recorded when that ends
  bytes_ -= found->second->size;
  entries_.erase(found);
}

void IdempotencyStore::DropExpired() {
  while (!expiries_.empty() && expiries_.front().when <= clock_.Now()) DropOldest();
}

}  // namespace daytonad
