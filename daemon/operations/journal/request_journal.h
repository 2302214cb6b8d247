#ifndef DAYTONAD_DAEMON_OPERATIONS_JOURNAL_REQUEST_JOURNAL_H_
#define DAYTONAD_DAEMON_OPERATIONS_JOURNAL_REQUEST_JOURNAL_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daemon/base/task.h"
#include "daemon/operations/journal/journal_file.h"
#include "daemon/operations/requests/request_persistence.h"

namespace daytonad {

// Persists request ids in a journal (--state-dir).
//
// The loop never blocks on the disk: a thread writes. An intent is written to the kernel before its request is sent,
// and an outcome before it is returned, so both survive a crash of the process. A power failure loses at most a second,
// because the file is synced that often while it is written. A slow or full disk affects durability, not calls: a write
// is awaited for at most kLongestWrite, and records that cannot be written are skipped. Both are logged.
class RequestJournal final : public RequestPersistence {
 public:
  // The longest wait for the disk, and the most queued records.
  static constexpr auto kLongestWrite = std::chrono::seconds(1);
  static constexpr size_t kMostWaiting = 10'000;
  static constexpr auto kSyncInterval = std::chrono::seconds(1);

  // `owner` is the fingerprint of the credential: requests are restored only for the same owner.
  RequestJournal(Executor executor, Clock& clock, std::unique_ptr<JournalFile> file, std::string owner);
  RequestJournal(const RequestJournal&) = delete;
  RequestJournal& operator=(const RequestJournal&) = delete;
  // Writes the queued records.
  ~RequestJournal() override;

  // The records of an earlier daemon for this owner, by id. Call it once.
  std::vector<StoredRequest> TakeStored();

  Task<void> NoteIntent(CallContext context, StoredRequest request) override;
  Task<void> NoteOutcome(CallContext context, StoredRequest request) override;
  void NoteConclusion(StoredRequest request) override;
  void Withdraw(StoredRequest request) override;

 private:
  // Fires on the loop when the record is written.
  using Written = std::shared_ptr<Event>;
  struct Waiting {
    std::string bytes;
    Written written;  // null if no caller waits
  };

  Task<void> WriteAndWait(CallContext context, journal::Record record);
  void Write(const journal::Record& record, Written written);
  void WriteInTurn();
  // On the thread.
  void WriteBatch(std::vector<Waiting> batch);
  void Report(const absl::Status& status);

  Executor executor_;
  Clock& clock_;
  const std::unique_ptr<JournalFile> file_;  // used by the thread only, once it runs
  const std::string owner_;
  Clock::TimePoint next_warning_;  // used on the loop

  std::mutex mutex_;
  std::condition_variable something_;
  std::vector<Waiting> waiting_;  // guarded by mutex_
  bool ending_ = false;           // guarded by mutex_

  std::chrono::steady_clock::time_point next_report_;  // used by the thread
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_JOURNAL_REQUEST_JOURNAL_H_
