#include "daemon/state/shared_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/testing/fake_api.h"
#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using SandboxResult = absl::StatusOr<v1::Sandbox>;

// An upstream that answers when the test says so, and sees whether it was cancelled meanwhile.
class SlowApi : public FakeApi {
 public:
  explicit SlowApi(Clock& clock) : clock_(clock) {}

  using FakeApi::Run;
  Task<SandboxResult> Run(CallContext context, GetSandbox op) override {
    Record(op);
    co_return co_await Answer(std::move(context), false);
  }
  Task<SandboxResult> Run(CallContext context, StartSandbox op) override {
    Record(op);
    co_return co_await Answer(std::move(context), true);
  }

  Task<absl::StatusOr<SandboxPage>> Run(CallContext context, ListSandboxes) override {
    calls.emplace_back("ListSandboxes");
    absl::Status waited = co_await answer.Wait(clock_, std::move(context));
    if (!waited.ok()) co_return waited;
    co_return SandboxPage();
  }
  Task<absl::StatusOr<SnapshotPage>> Run(CallContext context, ListSnapshots) override {
    calls.emplace_back("ListSnapshots");
    absl::Status waited = co_await answer.Wait(clock_, std::move(context));
    if (!waited.ok()) co_return waited;
    co_return SnapshotPage();
  }
  Task<absl::StatusOr<v1::Snapshot>> Run(CallContext context, GetSnapshot op) override {
    Record(op);
    absl::Status waited = co_await answer.Wait(clock_, std::move(context));
    if (!waited.ok()) co_return waited;
    co_return v1::Snapshot();
  }

  Event answer;
  int cancelled = 0;
  int answered = 0;

 private:
  // A mutation that was sent is not cancelled any more: net/ ensures that.
  Task<SandboxResult> Answer(CallContext context, bool sent) {
    if (sent) context = context.Detached(context.deadline());
    absl::Status waited = co_await answer.Wait(clock_, std::move(context));
    if (!waited.ok()) {
      ++cancelled;
      co_return waited;
    }
    ++answered;
    v1::Sandbox sandbox;
    sandbox.set_id("id-1");
    co_return sandbox;
  }

  Clock& clock_;
};

class SharedApiTest : public ::testing::Test {
 protected:
  SharedApiTest() {
    upstream_ = std::make_unique<SlowApi>(clock_);
    api_ = SharedApi::Make(*upstream_, caches_, io_.get_executor(), clock_, SharedApiOptions());
  }

  struct Call {
    std::stop_source stop;
    std::optional<SandboxResult> result;
  };

  void Know(const v1::Sandbox& sandbox) {
    caches_.sandboxes.Observe(sandbox, ObservationSource::kRead, caches_.sandboxes.NextRevision(), clock_.Now());
  }
  // Starts reads of all kinds, or joins those in flight.
  void ReadAll() {
    for (const char* key : {"a", "name-of-a", "b", "name-of-b", "unknown"}) {
      Spawn(api_->Run(CallContext::Background("test"), GetSandbox(key)), calls_.emplace_back());
    }
    const CallContext context = CallContext::Background("test");
    Forget(api_->Run(context, ListSandboxes(SandboxListQuery(), "")));
    Forget(api_->Run(context, GetSnapshot("a")));
    Forget(api_->Run(context, ListSnapshots(SnapshotListQuery(), 1)));
  }
  template <typename T>
  static Task<void> Drop(Task<T> task) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    (void)co_await std::move(task);
  }
  template <typename T>
  void Forget(Task<T> task) {
    daytonad::Spawn(io_.get_executor(), Drop(std::move(task)));
    Run();
  }
  // The requests that a second ReadAll sends while a mutation is in flight.
  template <typename Mutation>
  std::vector<std::string> AskedAgain(Mutation mutation) {
    ReadAll();
    Spawn(mutation(), calls_.emplace_back());
    upstream_->calls.clear();
    ReadAll();
    std::vector<std::string> asked = std::exchange(upstream_->calls, {});
    upstream_->answer.Fire();
    Run();
    return asked;
  }

  CallContext ContextOf(const Call& call) const {
    return CallContext::Background("test").WithStopToken(call.stop.get_token());
  }

  static Task<void> Keep(Task<SandboxResult> task, Call* call) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    call->result = co_await std::move(task);
  }

  void Spawn(Task<SandboxResult> task, Call& call) {
    daytonad::Spawn(io_.get_executor(), Keep(std::move(task), &call));
    Run();
  }

  void Run() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  std::unique_ptr<SlowApi> upstream_;
  ObjectCaches caches_{Lifetimes(), 1 << 20};
  std::unique_ptr<SharedApi> api_;
  std::deque<Call> calls_;
};

TEST_F(SharedApiTest, IdenticalReadsShareOneRequest) {
  Call a;
  Call b;
  Call other;
  Spawn(api_->Run(ContextOf(a), GetSandbox("box")), a);
  Spawn(api_->Run(ContextOf(b), GetSandbox("box")), b);
  Spawn(api_->Run(ContextOf(other), GetSandbox("other")), other);
  EXPECT_EQ(upstream_->calls.size(), 2U);
  upstream_->answer.Fire();
  Run();
  EXPECT_EQ(a.result.value()->id(), "id-1");
  EXPECT_EQ(b.result.value()->id(), "id-1");
}

TEST_F(SharedApiTest, ACompletedReadIsNotShared) {
  upstream_->answer.Fire();
  Call a;
  Call b;
  Spawn(api_->Run(ContextOf(a), GetSandbox("box")), a);
  Spawn(api_->Run(ContextOf(b), GetSandbox("box")), b);
  EXPECT_EQ(upstream_->calls.size(), 2U);
}

TEST_F(SharedApiTest, ASharedReadOutlivesItsFirstCaller) {
  Call first;
  Call second;
  Spawn(api_->Run(ContextOf(first), GetSandbox("box")), first);
  Spawn(api_->Run(ContextOf(second), GetSandbox("box")), second);
  first.stop.request_stop();
  Run();
  EXPECT_TRUE(absl::IsCancelled(first.result->status()));
  EXPECT_FALSE(second.result.has_value());
  EXPECT_EQ(upstream_->cancelled, 0);
  upstream_->answer.Fire();
  Run();
  EXPECT_TRUE(second.result.value().ok());
}

TEST_F(SharedApiTest, ASharedReadEndsWithItsLastCaller) {
  Call first;
  Call second;
  Spawn(api_->Run(ContextOf(first), GetSandbox("box")), first);
  Spawn(api_->Run(ContextOf(second), GetSandbox("box")), second);
  first.stop.request_stop();
  second.stop.request_stop();
  Run();
  EXPECT_EQ(upstream_->cancelled, 1);
  // A new caller gets a request of its own instead of the one that is being cancelled.
  Call third;
  Spawn(api_->Run(ContextOf(third), GetSandbox("box")), third);
  upstream_->answer.Fire();
  Run();
  EXPECT_TRUE(third.result.value().ok());
}

TEST_F(SharedApiTest, AReadAfterAMutationDoesNotJoinOneFromBeforeIt) {
  Call before;
  Call mutation;
  Call after;
  Spawn(api_->Run(ContextOf(before), GetSandbox("box")), before);
  Spawn(api_->Run(ContextOf(mutation), StartSandbox("box")), mutation);
  Spawn(api_->Run(ContextOf(after), GetSandbox("box")), after);
  EXPECT_EQ(upstream_->calls, (std::vector<std::string>{"GetSandbox box", "StartSandbox box", "GetSandbox box"}));
  upstream_->answer.Fire();
  Run();
  EXPECT_TRUE(before.result.has_value());
  EXPECT_TRUE(after.result.has_value());
}

TEST_F(SharedApiTest, AMutationAffectsReadsOfItsObjectAndListsOfItsKindOnly) {
  Know(SandboxIn("a", "started"));
  Know(SandboxIn("b", "started"));
  EXPECT_THAT(AskedAgain([&] { return api_->Run(CallContext::Background("test"), StartSandbox("a")); }),
              ElementsAre("GetSandbox a", "GetSandbox name-of-a", "ListSandboxes"));
}

TEST_F(SharedApiTest, AMutationOfAnUncachedObjectAffectsAllReadsOfItsKind) {
  EXPECT_THAT(AskedAgain([&] { return api_->Run(CallContext::Background("test"), StartSandbox("a")); }),
              ElementsAre("GetSandbox a", "GetSandbox name-of-a", "GetSandbox b", "GetSandbox name-of-b",
                          "GetSandbox unknown", "ListSandboxes"));
}

TEST_F(SharedApiTest, ACreateAffectsReadsOfItsName) {
  CreateSandbox sandbox;
  sandbox.spec.set_name("unknown");
  EXPECT_THAT(AskedAgain([&] { return api_->Run(CallContext::Background("test"), sandbox); }),
              ElementsAre("GetSandbox unknown", "ListSandboxes"));
}

TEST_F(SharedApiTest, AfterACreateNobodyJoinsAnEarlierReadOfItsObject) {
  Call before;
  Spawn(api_->Run(ContextOf(before), GetSandbox("id-1")), before);
  upstream_->answers<CreateSandbox>().Add(SandboxIn("id-1", "started"));
  Call create;
  Spawn(api_->Run(ContextOf(create), CreateSandbox()), create);
  ASSERT_TRUE(create.result.has_value());
  upstream_->calls.clear();
  Call after;
  Spawn(api_->Run(ContextOf(after), GetSandbox("id-1")), after);
  EXPECT_THAT(upstream_->calls, ElementsAre("GetSandbox id-1"));
  upstream_->answer.Fire();
  Run();
}

TEST_F(SharedApiTest, AMutationRunsToItsAnswerWithoutItsCaller) {
  Call mutation;
  Spawn(api_->Run(ContextOf(mutation), StartSandbox("box")), mutation);
  mutation.stop.request_stop();
  Run();
  EXPECT_TRUE(absl::IsCancelled(mutation.result->status()));
  EXPECT_EQ(upstream_->answered, 0);
  upstream_->answer.Fire();
  Run();
  EXPECT_EQ(upstream_->answered, 1);
}

// The IdempotencyStore has to record the outcome.
TEST_F(SharedApiTest, ACallerWithARequestIdLearnsTheOutcomeOfItsMutation) {
  Call call;
  RequestKey key{"r", "digest"};
  Spawn(api_->Run(ContextOf(call).WithRequestKey(std::move(key)), StartSandbox("box")), call);
  call.stop.request_stop();
  Run();
  EXPECT_FALSE(call.result.has_value());
  upstream_->answer.Fire();
  Run();
  EXPECT_EQ(call.result.value()->id(), "id-1");
}

TEST_F(SharedApiTest, WaitForMutationsReturnsWhenAllAreAnswered) {
  Call mutation;
  Spawn(api_->Run(ContextOf(mutation), StartSandbox("box")), mutation);
  mutation.stop.request_stop();
  Run();
  std::optional<absl::Status> settled;
  boost::asio::co_spawn(io_, api_->WaitForMutations(CallContext::Background("drain")),
                        [&](std::exception_ptr, absl::Status status) { settled = std::move(status); });
  Run();
  EXPECT_FALSE(settled.has_value());
  upstream_->answer.Fire();
  Run();
  EXPECT_TRUE(settled.value().ok());
}

TEST_F(SharedApiTest, AMutationMayTakeAsLongAsItsCallersDeadline) {
  Call mutation;
  Spawn(api_->Run(ContextOf(mutation).WithDeadline(clock_.Now() + std::chrono::minutes(10)), StartSandbox("box")),
        mutation);
  clock_.Advance(std::chrono::minutes(9));
  Run();
  EXPECT_FALSE(mutation.result.has_value()) << "it may be in a queue all the time";
  upstream_->answer.Fire();
  Run();
  EXPECT_TRUE(mutation.result.value().ok());
}

TEST_F(SharedApiTest, ACallersDeadlineEndsOnlyItsOwnCall) {
  Call patient;
  Call hurried;
  Spawn(api_->Run(ContextOf(patient), GetSandbox("box")), patient);
  Spawn(api_->Run(ContextOf(hurried).WithDeadline(clock_.Now() + std::chrono::seconds(1)), GetSandbox("box")), hurried);
  clock_.Advance(std::chrono::seconds(1));
  Run();
  EXPECT_TRUE(absl::IsDeadlineExceeded(hurried.result->status()));
  EXPECT_FALSE(patient.result.has_value());
}

}  // namespace
}  // namespace daytonad
