// Unary calls, and the steps that every call passes before its handler.
#include "daemon/services/rpc/unary.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/services/rpc/testing/fake_rpc.h"

namespace daytonad {
namespace {

using std::chrono::seconds;
using ::testing::EndsWith;

class UnaryTest : public RpcTest {
 protected:
  UnaryTest() {
    handlers_.change = [this](CallContext context, fake::ChangeRequest request) {
      return Answer(std::move(context), std::move(request));
    };
  }

  Task<absl::StatusOr<fake::ChangeResponse>> Answer(CallContext context, fake::ChangeRequest request) {
    ++handled_;
    context.facts().upstream_attempts = 3;
    context_.emplace(context);
    absl::Status status = outcome_;
    if (hold_) status = co_await release_.Wait(clock_, context);
    if (!status.ok()) co_return status;
    fake::ChangeResponse response;
    response.mutable_thing()->set_name(request.spec().name());
    co_return response;
  }

  static fake::ChangeRequest RequestFor(const std::string& name) {
    fake::ChangeRequest request;
    request.mutable_spec()->set_name(name);
    request.set_request_id("id-1");
    return request;
  }
  grpc::Status Change(const std::string& name, grpc::ClientContext& context) {
    return stub_->Change(&context, RequestFor(name), &response_);
  }
  grpc::Status Change(const std::string& name) {
    grpc::ClientContext context;
    return Change(name, context);
  }
  std::future<grpc::Status> BeginChange(grpc::ClientContext& context) {
    hold_ = true;
    auto call = std::async(std::launch::async, [this, &context] { return Change("box", context); });
    WaitForCalls(1);
    return call;
  }

  std::atomic<int> handled_ = 0;
  bool hold_ = false;
  Event release_;  // loop thread
  absl::Status outcome_;
  std::optional<CallContext> context_;  // of the last call, on the loop
  fake::ChangeResponse response_;
};

TEST_F(UnaryTest, TheHandlerAnswers) {
  Start();
  EXPECT_TRUE(Change("box").ok());
  EXPECT_EQ(response_.thing().name(), "box");
}

TEST_F(UnaryTest, TheRecordHasWhatIsKnownOfTheCall) {
  Start();
  grpc::ClientContext context;
  context.AddMetadata("daytonad-client", "worker-7");
  EXPECT_TRUE(Change("box", context).ok());
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.method, "daytonad.fake.FakeService/Change");
  EXPECT_EQ(record.effect, Effect::kMutation);
  EXPECT_EQ(record.caller.listener, "unix:/fake.sock");
  EXPECT_THAT(record.caller.client, EndsWith("/worker-7"));
  EXPECT_EQ(record.object, "box");
  EXPECT_TRUE(record.status.ok());
  EXPECT_GT(record.duration, Clock::Duration::zero());
  EXPECT_EQ(record.read_source, std::nullopt);
  EXPECT_EQ(record.upstream_attempts, 3);
  EXPECT_EQ(record.call_id.size(), 16U);
  EXPECT_EQ(record.request_id, "id-1");
  EXPECT_TRUE(records_.empty()) << "one record per call";
}

TEST_F(UnaryTest, AnErrorIsAnsweredAndRecorded) {
  outcome_ = MakeError(absl::StatusCode::kNotFound, "THING_NOT_FOUND", "There is no such thing.");
  Start();
  const grpc::Status status = Change("box");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "THING_NOT_FOUND");
  const KeptRecord record = records_.Take();
  EXPECT_EQ(ErrorReason(record.status), "THING_NOT_FOUND");
  EXPECT_EQ(ErrorMetadataValue(record.status, "request_id"), "id-1");
}

TEST_F(UnaryTest, ADeniedCallReachesNoHandler) {
  std::vector<std::string> asked;
  access_ = [&](const AccessRequest& request) {
    asked.push_back(std::string(request.method) + " " + request.caller.listener + " " + std::string(request.object));
    EXPECT_EQ(request.effect, Effect::kMutation);
    return MakeError(absl::StatusCode::kPermissionDenied, "DENIED", "No.");
  };
  Start();
  const grpc::Status status = Change("box");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOf(status), "DENIED");
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(asked, std::vector<std::string>{"daytonad.fake.FakeService/Change unix:/fake.sock box"});
  const KeptRecord record = records_.Take();
  EXPECT_EQ(ErrorReason(record.status), "DENIED");
  EXPECT_EQ(record.object, "box");
  OnLoop([this] { EXPECT_EQ(calls_.size(), 0U); });
}

TEST_F(UnaryTest, BytesThatAreNoRequestAreRejectedBeforeAccessIsAsked) {
  access_ = [](const AccessRequest&) { return absl::PermissionDeniedError("No."); };
  Start();
  const grpc::Status status = CallRaw("Change", "\x0a\xff");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "UNPARSABLE_REQUEST");
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.method, "daytonad.fake.FakeService/Change");
  EXPECT_EQ(record.effect, Effect::kMutation);
  EXPECT_EQ(ErrorReason(record.status), "UNPARSABLE_REQUEST");
  EXPECT_EQ(record.object, "");
  EXPECT_EQ(record.call_id, "");
}

TEST_F(UnaryTest, TheGateRejectsBeforeAnythingElse) {
  limits_.calls = 0;
  limits_.few = 0;
  access_ = [](const AccessRequest&) { return absl::PermissionDeniedError("No."); };
  Start();
  EXPECT_EQ(ReasonOf(CallRaw("Change", "\x0a\xff")), "TOO_MANY_CALLS");
  EXPECT_EQ(ErrorReason(records_.Take().status), "TOO_MANY_CALLS");
}

TEST_F(UnaryTest, APlaceIsFreedWhenTheCallHasEnded) {
  limits_.calls = 1;
  limits_.few = 1;
  Start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Change("box").ok());
    while (gate_->calls() > 0) std::this_thread::yield();
    EXPECT_EQ(CallRaw("Change", "\x0a\xff").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    while (gate_->calls() > 0) std::this_thread::yield();
  }
}

TEST_F(UnaryTest, ACallerWithoutABackendIsToldSo) {
  backend_ = "another";
  Start();
  const grpc::Status status = Change("box");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "The daemon has no backend called default.");
  EXPECT_EQ(records_.Take().status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(gate_->calls(), 0U);
}

TEST_F(UnaryTest, ADrainRejectsNewCallsBeforeAccessIsAsked) {
  access_ = [](const AccessRequest&) { return absl::PermissionDeniedError("No."); };
  Start();
  BeginDrain();
  const grpc::Status status = Change("box");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "SHUTTING_DOWN");
  EXPECT_EQ(ErrorReason(records_.Take().status), "SHUTTING_DOWN");
  EXPECT_EQ(handled_, 0);
}

TEST_F(UnaryTest, ADrainLetsACallInProgressFinish) {
  Start();
  grpc::ClientContext context;
  std::future<grpc::Status> call = BeginChange(context);
  BeginDrain();
  OnLoop([this] {
    EXPECT_FALSE(context_->cancelled());
    release_.Fire();
  });
  EXPECT_TRUE(call.get().ok());
}

TEST_F(UnaryTest, ACallIsCancelledWhenItsClientLeaves) {
  Start();
  grpc::ClientContext context;
  std::future<grpc::Status> call = BeginChange(context);
  context.TryCancel();
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(records_.Take().status.code(), absl::StatusCode::kCancelled);
}

TEST_F(UnaryTest, TheClientsDeadlineIsTheContexts) {
  Start();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(1000));
  EXPECT_TRUE(Change("box", context).ok());
  // gRPC sends the time that is left, rounded up.
  EXPECT_LT(context_->deadline(), clock_.Now() + seconds(1100));
  EXPECT_GT(context_->deadline(), clock_.Now() + seconds(900));
  EXPECT_EQ(context_->progress(), nullptr) << "time in queues counts";
}

TEST_F(UnaryTest, MaxWaitBoundsTheClientsDeadline) {
  max_wait_ = seconds(500);
  Start();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(1000));
  EXPECT_TRUE(Change("box", context).ok());
  EXPECT_LE(context_->deadline(), clock_.Now() + seconds(500));
  EXPECT_GT(context_->deadline(), clock_.Now() + seconds(400));
}

TEST_F(UnaryTest, ACallWithoutADeadlineHasTheLimitOfASingleRequest) {
  Start();
  EXPECT_TRUE(Change("box").ok());
  EXPECT_NE(context_->progress(), nullptr);
  EXPECT_LE(context_->deadline(), clock_.Now() + kSingleRequestLimit);
}

}  // namespace
}  // namespace daytonad
