#include "daemon/operations/build_context/store_uploads.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

// How long a failed upload may take to remove its parts from the store, even after its call has ended.
constexpr auto kTimeToAbort = std::chrono::seconds(10);

// How long to wait for another upload of the same hash.
constexpr auto kLongestLine = std::chrono::seconds(30);

// After this time other uploads may have ended.
constexpr auto kRetryDelay = std::chrono::seconds(5);

absl::Status TooMuchWaits() {
  return WithRetryDelay(MakeError(absl::StatusCode::kUnavailable, "DAEMON_EXHAUSTED",
                                  "Too many uploads wait for their turn (--max-uploads). Try "
                                  "again later, with fewer at a time."),
                        kRetryDelay);
}

Task<absl::Status> SendAll(CallContext context, std::string first, ByteStream& tar, ContextUpload& upload) {
  absl::StatusOr<std::string> bytes = std::move(first);
  while (true) {
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return co_await upload.Finish(std::move(context));
    absl::Status written = co_await upload.Write(context, *std::move(bytes));
    if (!written.ok()) co_return written;
    bytes = co_await tar.Read(context);
  }
}

}  // namespace

// A place in the queue of a hash. The last place removes the queue.
class StoreUploads::Place {
 public:
  Place(Lines& lines, std::string hash) : lines_(lines), line_(lines.try_emplace(std::move(hash)).first) {
    ++line_->second.length;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (--line_->second.length == 0) lines_.erase(line_);
  }

  Admission& turns() { return line_->second.turns; }
  // Another upload has stored it since this place was taken.
  bool stored() const { return line_->second.stored; }
  void SetStored() { line_->second.stored = true; }

 private:
  Lines& lines_;
  const Lines::iterator line_;
};

// The first bytes of a queued upload.
class StoreUploads::WaitingBytes {
 public:
  WaitingBytes(size_t& all, size_t bytes) : all_(all), bytes_(bytes) { all_ += bytes_; }
  WaitingBytes(const WaitingBytes&) = delete;
  WaitingBytes& operator=(const WaitingBytes&) = delete;
  ~WaitingBytes() { Release(); }

  void Release() { all_ -= std::exchange(bytes_, 0); }

 private:
  size_t& all_;
  size_t bytes_;
};

Task<absl::StatusOr<Presence>> StoreUploads::MakePresent(CallContext context, ContextStore& store, std::string hash,
                                                         int64_t size, ByteStream& tar, TarSource source) {
  Place place(lines_, hash);
  const absl::StatusOr<std::optional<int64_t>> stored = co_await store.Contains(context, hash);
  if (!stored.ok()) co_return stored.status();
  if (stored->has_value()) {
    const bool other = size > 0 && **stored > 0 && **stored != size;
    co_return other ? Presence::kOtherSize : Presence::kExisted;
  }
  absl::StatusOr<std::string> first = std::string();
  if (source == TarSource::kClient) first = co_await tar.Read(context);
  if (!first.ok()) co_return first.status();
  if (waiting_bytes_ + first->size() > kMaxWaitingBytes) co_return TooMuchWaits();
  WaitingBytes waiting(waiting_bytes_, first->size());
  ++in_line_;
  const absl::StatusOr<Admission::Permit> turn =
      co_await place.turns().Acquire(context.WithDeadline(clock_.Now() + kLongestLine));
  --in_line_;
  if (absl::Status going = context.Check(clock_.Now()); !going.ok()) co_return going;
  if (place.stored()) co_return Presence::kExisted;
  // No admitted upload waits for a turn, so this cannot deadlock.
  const absl::StatusOr<Admission::Permit> admitted = co_await sending_.Acquire(context);
  if (!admitted.ok()) co_return admitted.status();
  waiting.Release();
  if (source == TarSource::kDaemon) first = co_await tar.Read(context);
  if (!first.ok()) co_return first.status();
  const std::unique_ptr<ContextUpload> upload = store.Upload(std::move(hash));
  absl::Status sent = co_await SendAll(context, *std::move(first), tar, *upload);
  if (sent.ok()) {
    place.SetStored();
    co_return Presence::kStored;
  }
  co_await upload->Abort(context.Detached(clock_.Now() + kTimeToAbort));
  co_return sent;
}

}  // namespace daytonad
