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
#include "daemon/operations/request_persistence.h"

namespace daytonad {

// Keeps request ids in a journal, so that they survive the daemon (--state-dir).
//
// Nothing on the loop waits for the disk: a thread writes. An intent is in the kernel's hands before the request goes
// out, and its outcome before it is told, so that both survive however the process ends; what a machine loses that
// loses power is bounded by a second, since the file is synced that often while it is written to. A disk that is slow
// or full costs the promise, not the call: what is not written within kLongestWrite is not waited for, and what can't
// be written is left out. Both are logged.
class RequestJournal final : public RequestPersistence {
 public:
  // Nobody waits longer for the disk, and no more records wait for it.
  static constexpr auto kLongestWrite = std::chrono::seconds(1);
  static constexpr size_t kMostWaiting = 10'000;
  static constexpr auto kSyncInterval = std::chrono::seconds(1);

  // `owner` says whose requests these are: they are not given to anybody else.
  RequestJournal(Executor executor, Clock& clock, std::unique_ptr<JournalFile> file, std::string owner);
  RequestJournal(const RequestJournal&) = delete;
  RequestJournal& operator=(const RequestJournal&) = delete;
  // Writes what waits.
  ~RequestJournal() override;

  // What an earlier daemon left for this owner, by id. Once.
  std::vector<StoredRequest> TakeStored();

  Task<void> NoteIntent(CallContext context, StoredRequest request) override;
  Task<void> NoteOutcome(CallContext context, StoredRequest request) override;
  void NoteConclusion(StoredRequest request) override;
  void Withdraw(StoredRequest request) override;

 private:
  // Fired on the loop when the record is written.
  using Written = std::shared_ptr<Event>;
  struct Waiting {
    std::string bytes;
    Written written;  // null if nobody waits
  };

  Task<void> WriteAndWait(CallContext context, journal::Record record);
  void Write(const journal::Record& record, Written written);
  void WriteInTurn();
  // On the thread.
  void WriteBatch(std::vector<Waiting> batch);
  void Report(const absl::Status& status);

  Executor executor_;
  Clock& clock_;
  const std::unique_ptr<JournalFile> file_;  // the thread's, once it runs
  const std::string owner_;
  Clock::TimePoint next_warning_;  // the loop's

  std::mutex mutex_;
  std::condition_variable something_;
  std::vector<Waiting> waiting_;  // guarded by mutex_
  bool ending_ = false;           // guarded by mutex_

  std::chrono::steady_clock::time_point next_report_;  // the thread's
  std::thread thread_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_JOURNAL_REQUEST_JOURNAL_H_
