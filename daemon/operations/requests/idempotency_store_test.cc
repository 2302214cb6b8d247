#include "daemon/operations/requests/idempotency_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daytonad/v1/volume.pb.h"

namespace daytonad {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

v1::Volume Named(const std::string& name) {
  v1::Volume volume;
  volume.set_name(name);
  return volume;
}

// A mutation that ends when the test says so, and that counts its runs.
class IdempotencyStoreTest : public ::testing::Test {
 protected:
  struct Call {
    std::stop_source stop;
    MutationResult<v1::Volume> result;
    std::optional<absl::Status> status;
  };

  // Starts a call with this request id and content.
  void Begin(Call& call, const std::string& id, const std::string& digest = "digest",
             Clock::Duration limit = minutes(10)) {
    CallContext context =
        CallContext::Background("test").WithStopToken(call.stop.get_token()).WithDeadline(clock_.Now() + limit);
    if (!id.empty()) {
      RequestKey key{id, digest};
      context = context.WithRequestKey(std::move(key));
    }
    Spawn(io_.get_executor(), Keep(this, std::move(context), &call));
    Run();
  }

  void Run() {
    io_.restart();
    io_.poll();
  }

  // Makes a call that completes at once.
  absl::Status CallNow(const std::string& id, const std::string& digest = "digest") {
    Call call;
    Begin(call, id, digest);
    EXPECT_TRUE(call.status.has_value());
    return *call.status;
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  IdempotencyStoreOptions options_;
  std::unique_ptr<IdempotencyStore> store_ = std::make_unique<IdempotencyStore>(io_.get_executor(), clock_, options_);
  std::shared_ptr<Event> answer_ = std::make_shared<Event>();
  absl::StatusOr<v1::Volume> outcome_ = Named("made");
  int begun_ = 0;
  int cancelled_ = 0;

 private:
  static Task<void> Keep(IdempotencyStoreTest* test, CallContext context, Call* call) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    IdempotencyStore::Mutation<v1::Volume> mutation = [test](CallContext own) { return test->Mutate(std::move(own)); };
    call->status = co_await test->store_->Once(std::move(context), std::move(mutation), call->result);
  }

  Task<absl::StatusOr<v1::Volume>> Mutate(CallContext context) {
    ++begun_;
    const std::shared_ptr<Event> answer = answer_;
    absl::Status waited = co_await answer->Wait(clock_, std::move(context));
    if (!waited.ok()) {
      ++cancelled_;
      co_return waited;
    }
    co_return outcome_;
  }
};

TEST_F(IdempotencyStoreTest, WithoutARequestIdEachCallMutates) {
  answer_->Fire();
  EXPECT_TRUE(CallNow("").ok());
  EXPECT_TRUE(CallNow("").ok());
  EXPECT_EQ(begun_, 2);
}

TEST_F(IdempotencyStoreTest, ACallJoinsTheMutationInProgress) {
  Call first;
  Call second;
  Begin(first, "r");
  Begin(second, "r");
  answer_->Fire();
  Run();
  EXPECT_EQ(begun_, 1);
  EXPECT_TRUE(first.status->ok());
  EXPECT_TRUE(second.status->ok());
  EXPECT_EQ(second.result.object.name(), "made");
  EXPECT_FALSE(second.result.concluded);
}

TEST_F(IdempotencyStoreTest, ALaterCallGetsTheOutcome) {
  answer_->Fire();
  EXPECT_TRUE(CallNow("r").ok());
  Call later;
  Begin(later, "r");
  EXPECT_EQ(later.result.object.name(), "made");
  EXPECT_EQ(begun_, 1);
}

TEST_F(IdempotencyStoreTest, ALaterCallGetsTheConclusion) {
  answer_->Fire();
  EXPECT_TRUE(CallNow("r").ok());
  RequestKey key{"r", "digest"};
  store_->Conclude(CallContext::Background("test").WithRequestKey(std::move(key)), Named("ready"));
  Call later;
  Begin(later, "r");
  EXPECT_EQ(later.result.object.name(), "ready");
  EXPECT_TRUE(later.result.concluded);
}

TEST_F(IdempotencyStoreTest, AnotherIdIsAnotherMutation) {
  answer_->Fire();
  EXPECT_TRUE(CallNow("r").ok());
  EXPECT_TRUE(CallNow("s").ok());
  EXPECT_EQ(begun_, 2);
}

TEST_F(IdempotencyStoreTest, AnotherRequestUnderTheSameIdIsRefused) {
  Call first;
  Begin(first, "r", "create a");
  EXPECT_EQ(ErrorReason(CallNow("r", "create b")), "REQUEST_ID_REUSED");  // while it is in progress,
  answer_->Fire();
  Run();
  EXPECT_EQ(ErrorReason(CallNow("r", "create b")), "REQUEST_ID_REUSED");  // and afterwards
  EXPECT_EQ(begun_, 1);
}

TEST_F(IdempotencyStoreTest, AMutationOutlivesItsFirstCaller) {
  Call first;
  Call second;
  Begin(first, "r");
  Begin(second, "r");
  first.stop.request_stop();
  Run();
  EXPECT_TRUE(absl::IsCancelled(*first.status));
  answer_->Fire();
  Run();
  EXPECT_TRUE(second.status->ok());
  EXPECT_EQ(cancelled_, 0);
}

TEST_F(IdempotencyStoreTest, WhenAllCallersHaveLeftTheMutationIsCancelledAndMayRunAgain) {
  Call first;
  Begin(first, "r");
  first.stop.request_stop();
  Run();
  EXPECT_EQ(cancelled_, 1);
  answer_->Fire();
  EXPECT_TRUE(CallNow("r").ok());
  EXPECT_EQ(begun_, 2);
}

TEST_F(IdempotencyStoreTest, ACallersShorterDeadlineEndsOnlyItsOwnCall) {
  Call first;
  Call second;
  Begin(first, "r", "digest", seconds(5));
  Begin(second, "r", "digest", minutes(1));
  clock_.Advance(seconds(5));
  Run();
  EXPECT_TRUE(absl::IsDeadlineExceeded(*first.status));
  EXPECT_FALSE(second.status.has_value());
  answer_->Fire();
  Run();
  EXPECT_TRUE(second.status->ok());
}

TEST_F(IdempotencyStoreTest, ARejectionIsAnOutcome) {
  answer_->Fire();
  outcome_ = MakeError(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "taken");
  EXPECT_EQ(ErrorReason(CallNow("r")), "NAME_TAKEN");
  EXPECT_EQ(ErrorReason(CallNow("r")), "NAME_TAKEN");
  EXPECT_EQ(begun_, 1);
}

TEST_F(IdempotencyStoreTest, ATransientFailureIsRetried) {
  answer_->Fire();
  for (const absl::StatusCode code : {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
                                      absl::StatusCode::kAborted, absl::StatusCode::kPermissionDenied}) {
    begun_ = 0;
    outcome_ = MakeError(code, "PASSES", "passes");
    EXPECT_EQ(ErrorReason(CallNow("r")), "PASSES");
    EXPECT_EQ(ErrorReason(CallNow("r")), "PASSES");
    EXPECT_EQ(begun_, 2) << code;
  }
}

TEST_F(IdempotencyStoreTest, AnOutcomeIsKeptForAnHour) {
  answer_->Fire();
  EXPECT_TRUE(CallNow("r").ok());
  clock_.Advance(minutes(59));
  EXPECT_TRUE(CallNow("r").ok());
  EXPECT_EQ(begun_, 1);
  clock_.Advance(minutes(2));
  EXPECT_TRUE(CallNow("r", "another request").ok());
  EXPECT_EQ(begun_, 2);
}

TEST_F(IdempotencyStoreTest, WhenThereAreTooManyTheOldestAreDropped) {
  options_.max_bytes = 4096;
  store_ = std::make_unique<IdempotencyStore>(io_.get_executor(), clock_, options_);
  answer_->Fire();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(CallNow("r" + std::to_string(i)).ok());
  EXPECT_EQ(begun_, 100);
  EXPECT_TRUE(CallNow("r99").ok());
  EXPECT_EQ(begun_, 100);
  EXPECT_TRUE(CallNow("r0").ok());
  EXPECT_EQ(begun_, 101);
}

// --- Earlier calls ---

// Keeps records in memory, as the journal does on disk.
class FakePersistence final : public RequestPersistence {
 public:
  Task<void> NoteIntent(CallContext, StoredRequest request) override {
    lines.push_back("intent " + request.id);
    stored[request.id] = request;
    co_return;
  }
  Task<void> NoteOutcome(CallContext, StoredRequest request) override {
    NoteConclusion(std::move(request));
    co_return;
  }
  void NoteConclusion(StoredRequest request) override {
    lines.push_back("outcome " + request.id + (request.concluded ? " concluded" : ""));
    request.earlier.done = request.refusal.ok();
    request.when = std::chrono::system_clock::now();
    stored[request.id] = std::move(request);
  }
  void Withdraw(StoredRequest request) override {
    lines.push_back("withdrawn " + request.id);
    stored.erase(request.id);
  }

  std::vector<std::string> lines;
  std::map<std::string, StoredRequest> stored;
};

// A mutation that records its RequestKey::earlier, and may have been carried out when it fails.
class EarlierRequestsTest : public IdempotencyStoreTest {
 protected:
  EarlierRequestsTest() { Restart(); }

  // A new daemon with the records of the first one.
  void Restart() {
    std::vector<StoredRequest> stored;
    for (const auto& [id, request] : persistence_.stored) stored.push_back(request);
    for (StoredRequest& request : stored) request.when = std::chrono::system_clock::now();
    store_ = std::make_unique<IdempotencyStore>(io_.get_executor(), clock_, options_, &persistence_);
    store_->Restore(std::move(stored));
  }

  absl::Status CallOnce(const std::string& id, const std::string& digest = "digest") {
    RequestKey key{id, digest};
    CallContext context = CallContext::Background("test").WithRequestKey(std::move(key));
    IdempotencyStore::Mutation<v1::Volume> mutation = [this](CallContext own) { return Tell(std::move(own)); };
    result_ = MutationResult<v1::Volume>();
    return RunTask(io_, store_->Once(std::move(context), std::move(mutation), result_));
  }
  Task<absl::StatusOr<v1::Volume>> Tell(CallContext context) {
    ++begun_;
    earlier_ = context.request_key()->earlier;
    if (sends_) context.progress()->MutationSent();
    co_return outcome_;
  }

  FakePersistence persistence_;
  bool sends_ = true;
  std::optional<EarlierRequest> earlier_;
  MutationResult<v1::Volume> result_;
};

TEST_F(EarlierRequestsTest, TheNextCallLearnsThatTheMutationMayHaveBeenCarriedOut) {
  outcome_ = absl::UnavailableError("lost");
  EXPECT_FALSE(CallOnce("r").ok());
  EXPECT_FALSE(earlier_.has_value());
  outcome_ = Named("made");
  EXPECT_TRUE(CallOnce("r").ok());
  ASSERT_TRUE(earlier_.has_value());
  EXPECT_FALSE(earlier_->done);
  EXPECT_EQ(ErrorReason(CallOnce("r", "another")), "REQUEST_ID_REUSED");
}

TEST_F(EarlierRequestsTest, AMutationThatWasNotSentIsForgotten) {
  sends_ = false;
  outcome_ = absl::UnavailableError("no connection");
  EXPECT_FALSE(CallOnce("r").ok());
  EXPECT_THAT(persistence_.lines, ElementsAre("intent r", "withdrawn r"));
  EXPECT_FALSE(CallOnce("r", "another").ok());
  EXPECT_EQ(begun_, 2);
  EXPECT_FALSE(earlier_.has_value());
}

TEST_F(EarlierRequestsTest, AfterARestartTheMutationLearnsItsObject) {
  outcome_ = Named("made");
  outcome_->set_id("an-id");
  EXPECT_TRUE(CallOnce("r").ok());
  RequestKey key{"r", "digest"};
  store_->Conclude(CallContext::Background("test").WithRequestKey(std::move(key)), *outcome_);
  EXPECT_THAT(persistence_.lines, ElementsAre("intent r", "outcome r", "outcome r concluded"));
  Restart();
  EXPECT_EQ(ErrorReason(CallOnce("r", "another")), "REQUEST_ID_REUSED");
  EXPECT_TRUE(CallOnce("r").ok());
  EXPECT_EQ(begun_, 2);
  ASSERT_TRUE(earlier_.has_value());
  EXPECT_TRUE(earlier_->done);
  EXPECT_EQ(earlier_->object_id, "an-id");
  EXPECT_TRUE(result_.concluded);
  EXPECT_TRUE(CallOnce("r").ok());  // from memory
  EXPECT_EQ(begun_, 2);
}

TEST_F(EarlierRequestsTest, AfterACrashTheMutationLearnsThatItMayHaveBeenCarriedOut) {
  outcome_ = absl::UnavailableError("killed");
  EXPECT_FALSE(CallOnce("r").ok());
  Restart();
  outcome_ = Named("made");
  EXPECT_TRUE(CallOnce("r").ok());
  ASSERT_TRUE(earlier_.has_value());
  EXPECT_FALSE(earlier_->done);
  EXPECT_FALSE(result_.concluded);
}

TEST_F(EarlierRequestsTest, ARejectionSurvivesARestart) {
  outcome_ = MakeError(absl::StatusCode::kAlreadyExists, "NAME_TAKEN", "taken");
  EXPECT_FALSE(CallOnce("r").ok());
  Restart();
  EXPECT_EQ(ErrorReason(CallOnce("r")), "NAME_TAKEN");
  EXPECT_EQ(begun_, 1);
}

}  // namespace
}  // namespace daytonad
