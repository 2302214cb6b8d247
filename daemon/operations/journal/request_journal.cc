#include "daemon/operations/journal/request_journal.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/operations/journal/segment.h"

namespace daytonad {
namespace {

using WallTime = std::chrono::system_clock::time_point;

constexpr auto kBetweenWarnings = std::chrono::minutes(1);
// Upstream's names are shorter; this bounds a record.
constexpr size_t kMaxText = 512;

int64_t Millis(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
WallTime FromMillis(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

journal::Record RecordOf(journal::Record::Kind kind, const StoredRequest& request, const std::string& owner) {
  journal::Record record;
  record.set_kind(kind);
  record.set_request_id(request.id);
  record.set_owner(owner);
  record.set_digest(request.digest);
  record.set_since_ms(Millis(request.earlier.since));
  record.set_written_ms(Millis(std::chrono::system_clock::now()));
  if (kind != journal::Record::KIND_OUTCOME) return record;
  record.set_code(static_cast<int32_t>(request.refusal.code()));
  record.set_reason(ErrorReason(request.refusal).substr(0, kMaxText));
  record.set_object_id(request.earlier.object_id.substr(0, kMaxText));
  record.set_object_name(request.earlier.object_name.substr(0, kMaxText));
  record.set_concluded(request.concluded);
  return record;
}

absl::Status RefusalOf(const journal::Record& record) {
  const auto code = static_cast<absl::StatusCode>(record.code());
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  return MakeError(code, record.reason(),
                   "This request_id was refused with this reason before the daemon was restarted; the details of the "
                   "answer were not kept. Use a new request_id for another try.");
}

void Apply(const journal::Record& record, StoredRequest& request) {
  request.id = record.request_id();
  request.digest = record.digest();
  request.when = FromMillis(record.written_ms());
  request.earlier.since = FromMillis(record.since_ms());
  if (record.kind() != journal::Record::KIND_OUTCOME) return;
  request.refusal = RefusalOf(record);
  request.earlier.done = request.refusal.ok();
  request.earlier.object_id = record.object_id();
  request.earlier.object_name = record.object_name();
  request.concluded = record.concluded();
}

}  // namespace

RequestJournal::RequestJournal(Executor executor, Clock& clock, std::unique_ptr<JournalFile> file, std::string owner)
    : executor_(std::move(executor)), clock_(clock), file_(std::move(file)), owner_(std::move(owner)), thread_([this] {
        WriteInTurn();
      }) {}

RequestJournal::~RequestJournal() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  something_.notify_one();
  thread_.join();
}

std::vector<StoredRequest> RequestJournal::TakeStored() {
  absl::flat_hash_map<std::string, StoredRequest> by_id;
  for (const journal::Record& record : file_->TakeRecords()) {
    if (record.owner() != owner_ || record.request_id().empty()) continue;
    if (record.kind() == journal::Record::KIND_WITHDRAWN) {
      by_id.erase(record.request_id());
    } else {
      Apply(record, by_id[record.request_id()]);
    }
  }
  std::vector<StoredRequest> stored;
  stored.reserve(by_id.size());
  for (auto& [id, request] : by_id) stored.push_back(std::move(request));
  std::ranges::sort(stored, {}, &StoredRequest::when);
  return stored;
}

Task<void> RequestJournal::NoteIntent(CallContext context, StoredRequest request) {
  return WriteAndWait(std::move(context), RecordOf(journal::Record::KIND_INTENT, request, owner_));
}

Task<void> RequestJournal::NoteOutcome(CallContext context, StoredRequest request) {
  return WriteAndWait(std::move(context), RecordOf(journal::Record::KIND_OUTCOME, request, owner_));
}

Task<void> RequestJournal::WriteAndWait(CallContext context, journal::Record record) {
  const auto written = std::make_shared<Event>();
  Write(record, written);
  const CallContext limited = context.Detached(clock_.Now() + kLongestWrite);
  absl::Status waited = co_await written->Wait(clock_, limited);
  if (waited.ok() || clock_.Now() < next_warning_) co_return;
  next_warning_ = clock_.Now() + kBetweenWarnings;
  Log(LogLevel::kWarning, "the disk of --state-dir is too slow: a crash would forget requests");
}

void RequestJournal::NoteConclusion(StoredRequest request) {
  Write(RecordOf(journal::Record::KIND_OUTCOME, request, owner_), nullptr);
}

void RequestJournal::Withdraw(StoredRequest request) {
  Write(RecordOf(journal::Record::KIND_WITHDRAWN, request, owner_), nullptr);
}

void RequestJournal::Write(const journal::Record& record, Written written) {
  std::string bytes = EncodeRecord(record);
  {
    const std::lock_guard lock(mutex_);
    // Its caller then waits in vain, for at most kLongestWrite.
    if (waiting_.size() >= kMostWaiting) return;
    waiting_.push_back({std::move(bytes), std::move(written)});
  }
  something_.notify_one();
}

void RequestJournal::WriteInTurn() {
  const auto due = [this] { return ending_ || !waiting_.empty(); };
  std::chrono::steady_clock::time_point last_sync;
  bool written_since = false;
  bool ending = false;
  while (!ending) {
    std::vector<Waiting> batch;
    {
      std::unique_lock lock(mutex_);
      if (written_since) {
        something_.wait_until(lock, last_sync + kSyncInterval, due);
      } else {
        something_.wait(lock, due);
      }
      batch.swap(waiting_);
      ending = ending_;
    }
    if (!batch.empty()) {
      WriteBatch(std::move(batch));
      written_since = true;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!written_since || (!ending && now - last_sync < kSyncInterval)) continue;
    Report(file_->Sync());
    last_sync = std::chrono::steady_clock::now();
    written_since = false;
  }
}

void RequestJournal::WriteBatch(std::vector<Waiting> batch) {
  std::string bytes;
  for (const Waiting& each : batch) bytes += each.bytes;
  Report(file_->Append(bytes, std::chrono::system_clock::now()));
  std::erase_if(batch, [](const Waiting& each) { return each.written == nullptr; });
  if (batch.empty()) return;
  // Even if the write failed: waiting longer does not help.
  boost::asio::post(executor_, [batch = std::move(batch)] {
    for (const Waiting& each : batch) each.written->Fire();
  });
}

void RequestJournal::Report(const absl::Status& status) {
  const auto now = std::chrono::steady_clock::now();
  if (status.ok() || now < next_report_) return;
  next_report_ = now + kBetweenWarnings;
  Log(LogLevel::kWarning, "outcomes of request ids can't be kept in --state-dir: a restart would forget them",
      {{"error", std::string(status.message())}});
}

}  // namespace daytonad
