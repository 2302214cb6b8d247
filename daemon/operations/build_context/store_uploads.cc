#include "daemon/operations/build_context/store_uploads.h"

#include <chrono>
#include <memory>
#include <utility>

namespace daytonad {
namespace {

// How long an upload that failed may take to have its parts removed from the store, also if its call has ended.
constexpr auto kTimeToAbort = std::chrono::seconds(10);

Task<absl::Status> SendAll(CallContext context, ByteStream& tar, ContextUpload& upload) {
  while (true) {
    absl::StatusOr<std::string> bytes = co_await tar.Read(context);
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return co_await upload.Finish(std::move(context));
    absl::Status written = co_await upload.Write(context, *std::move(bytes));
    if (!written.ok()) co_return written;
  }
}

}  // namespace

// Stands in the line of a hash; the line goes with the last one.
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

 private:
  Lines& lines_;
  const Lines::iterator line_;
};

Task<absl::StatusOr<bool>> StoreUploads::MakePresent(CallContext context, ContextStore& store, std::string hash,
                                                     ByteStream& tar) {
  Place place(lines_, hash);
  const absl::StatusOr<Admission::Permit> turn = co_await place.turns().Acquire(context);
  if (!turn.ok()) co_return turn.status();
  absl::StatusOr<bool> exists = co_await store.Contains(context, hash);
  if (!exists.ok() || *exists) co_return exists;
  // Nobody who is admitted waits for a turn, so this ends.
  const absl::StatusOr<Admission::Permit> admitted = co_await sending_.Acquire(context);
  if (!admitted.ok()) co_return admitted.status();
  const std::unique_ptr<ContextUpload> upload = store.Upload(std::move(hash));
  absl::Status sent = co_await SendAll(context, tar, *upload);
  if (sent.ok()) co_return false;
  co_await upload->Abort(context.Detached(clock_.Now() + kTimeToAbort));
  co_return sent;
}

}  // namespace daytonad
