#include "daemon/operations/journal/request_journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/operations/journal/testing/state_directory.h"

namespace daytonad {
namespace {

class RequestJournalTest : public ::testing::Test {
 protected:
  void Open(const std::string& owner = "full/us") {
    journal_.reset();
    JournalOptions options;
    options.directory = directory_.path();
    auto file = JournalFile::Open(std::move(options), std::chrono::system_clock::now());
    ASSERT_TRUE(file.ok()) << file.status();
    journal_ = std::make_unique<RequestJournal>(io_.get_executor(), clock_, *std::move(file), owner);
  }
  StoredRequest Request(const std::string& id) {
    StoredRequest request;
    request.id = id;
    request.digest = "digest";
    request.earlier.since = std::chrono::system_clock::now();
    return request;
  }
  void Intend(const std::string& id) {
    RunTask(io_, journal_->NoteIntent(CallContext::Background("test"), Request(id)));
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  StateDirectory directory_;
  std::unique_ptr<RequestJournal> journal_;
};

TEST_F(RequestJournalTest, AnIntentIsOnFileWhenItReturns) {
  Open();
  Intend("r");
  EXPECT_NE(directory_.Read().find("full/us"), std::string::npos);
  Open();
  const std::vector<StoredRequest> stored = journal_->TakeStored();
  ASSERT_EQ(stored.size(), 1);
  EXPECT_EQ(stored[0].id, "r");
  EXPECT_EQ(stored[0].digest, "digest");
  EXPECT_FALSE(stored[0].earlier.done);
  EXPECT_TRUE(stored[0].refusal.ok());
}

TEST_F(RequestJournalTest, AnOutcomeReplacesItsIntent) {
  Open();
  Intend("made");
  StoredRequest made = Request("made");
  made.earlier.object_id = "an-id";
  made.earlier.object_name = "a-name";
  made.concluded = true;
  RunTask(io_, journal_->NoteOutcome(CallContext::Background("test"), made));
  Intend("refused");
  StoredRequest refused = Request("refused");
  refused.refusal = MakeError(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "what upstream said, and nobody keeps");
  RunTask(io_, journal_->NoteOutcome(CallContext::Background("test"), refused));
  Intend("withdrawn");
  journal_->Withdraw(Request("withdrawn"));

  Open();
  EXPECT_EQ(directory_.Read().find("nobody keeps"), std::string::npos);
  std::vector<StoredRequest> stored = journal_->TakeStored();
  ASSERT_EQ(stored.size(), 2);
  std::ranges::sort(stored, {}, &StoredRequest::id);  // both may be of the same millisecond
  EXPECT_EQ(stored[0].id, "made");
  EXPECT_TRUE(stored[0].earlier.done);
  EXPECT_EQ(stored[0].earlier.object_id, "an-id");
  EXPECT_EQ(stored[0].earlier.object_name, "a-name");
  EXPECT_TRUE(stored[0].concluded);
  EXPECT_EQ(stored[1].id, "refused");
  EXPECT_EQ(ErrorReason(stored[1].refusal), "NAME_TAKEN");
  EXPECT_FALSE(stored[1].earlier.done);
}

TEST_F(RequestJournalTest, RecordsOfAnotherOwnerAreNotReturned) {
  Open("full/us");
  Intend("r");
  Open("full/them");
  EXPECT_TRUE(journal_->TakeStored().empty());
  Open("full/us");
  EXPECT_EQ(journal_->TakeStored().size(), 1);
}

}  // namespace
}  // namespace daytonad
