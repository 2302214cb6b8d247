// Operations whose effect, object and response are known at run time only, through all layers of state/.
#include "daemon/api/forwarded_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/api/testing/fake_api.h"
#include "daemon/base/absent.h"
#include "daemon/base/event.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/shared_state.h"
#include "daemon/state/testing/objects.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/sandbox_settings.pb.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;

constexpr char kUuid[] = "81f3eb83-c4cc-4291-9f22-191c8d25122c";

// An upstream with sandboxes. It answers forwarded calls when the gate opens, and finds their sandboxes by id only, as
// upstream does for a while after a deletion by name.
class Upstream final : public FakeApi {
 public:
  explicit Upstream(Clock& clock) : clock_(clock) {}

  using FakeApi::Run;
  Task<absl::StatusOr<v1::Sandbox>> Run(CallContext, GetSandbox op) override {
    Record(op);
    for (const auto& [id, sandbox] : objects) {
      if (id == op.key || sandbox.name() == op.key) co_return sandbox;
    }
    co_return AbsentError("sandbox", op.key);
  }
  Task<ForwardedCall::Result> Run(CallContext context, ForwardedCall call) override {
    Record(call);
    // A mutation that was sent is not cancelled any more: net/ ensures that.
    if (call.info().effect() == Effect::kMutation) context = context.Detached(context.deadline());
    if (gate != nullptr) {
      absl::Status waited = co_await gate->Wait(clock_, std::move(context));
      if (!waited.ok()) co_return waited;
    }
    const auto found = objects.find(call.info().key);
    if (!call.info().key.empty() && found == objects.end()) co_return AbsentError("sandbox", call.info().key);
    std::shared_ptr<google::protobuf::Message> response = call.NewResponse();
    if (auto* const with_sandbox = dynamic_cast<v1::SetSandboxTtlResponse*>(response.get())) {
      found->second.mutable_updated_at()->set_seconds(found->second.updated_at().seconds() + 1);
      found->second.set_auto_stop_minutes(7);
      *with_sandbox->mutable_sandbox() = found->second;
    }
    co_return response;
  }

  std::map<std::string, v1::Sandbox> objects;
  std::shared_ptr<Event> gate;

 private:
  Clock& clock_;
};

class ForwardedCallTest : public ::testing::Test {
 protected:
  ForwardedCallTest() { upstream_.objects["a"] = SandboxIn("a", "started"); }

  struct Call {
    std::stop_source stop;
    std::optional<absl::Status> status;
  };

  template <typename T>
  static Task<void> Keep(Task<absl::StatusOr<T>> task, Call* call) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const absl::StatusOr<T> result = co_await std::move(task);
    call->status = result.status();
  }
  template <typename Op>
  Call& Run(Op op) {
    Call& call = calls_.emplace_back();
    const CallContext context = CallContext::Background("test").WithStopToken(call.stop.get_token());
    Spawn(io_.get_executor(), Keep(state_.api().Run(context, std::move(op)), &call));
    Settle();
    return call;
  }
  void Settle() {
    io_.restart();
    io_.poll();
  }
  void Open() {
    std::exchange(upstream_.gate, nullptr)->Fire();
    Settle();
  }
  // The requests to upstream since the last call.
  std::vector<std::string> Asked() { return std::exchange(upstream_.calls, {}); }
  bool IsCached(const std::string& key) { return state_.FindSandbox(key, std::nullopt).has_value(); }

  static ForwardedCall Forward(std::string_view name, OperationRole role, const std::string& key,
                               const google::protobuf::Message& response, ObjectKind kind = ObjectKind::kSandbox) {
    OperationInfo info(name, kind, role, key, KeyForm::kIdOrName);
    return {std::move(info), std::make_shared<v1::GetSandboxRequest>(), response};
  }
  // Its response contains the sandbox.
  static ForwardedCall SetTtl(const std::string& key) {
    return Forward("SetSandboxTtl", OperationRole::kMutate, key, v1::SetSandboxTtlResponse::default_instance());
  }
  // Its response does not.
  static ForwardedCall SetLabels(const std::string& key) {
    return Forward("SetSandboxLabels", OperationRole::kMutate, key, v1::SetSandboxLabelsResponse::default_instance());
  }
  // A read that is not the object itself.
  static ForwardedCall Read(const std::string& key, const std::string& parameter = "") {
    auto request = std::make_shared<v1::FindSandboxRequest>();
    (*request->mutable_labels())["parameter"] = parameter;
    OperationInfo info("GetUrl", ObjectKind::kSandbox, OperationRole::kRead, key, KeyForm::kIdOrName);
    return {std::move(info), std::move(request), v1::FindSandboxResponse::default_instance()};
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  Upstream upstream_{clock_};
  SharedState state_{upstream_, io_.get_executor(), clock_, SharedStateOptions()};
  std::deque<Call> calls_;
};

TEST_F(ForwardedCallTest, AMutationGoesByIdAndItsAnswerUpdatesTheCache) {
  Run(GetSandbox("a"));
  EXPECT_EQ(*Run(SetTtl("name-of-a")).status, absl::OkStatus());
  EXPECT_THAT(Asked(), ElementsAre("GetSandbox a", "SetSandboxTtl a"));
  const auto cached = state_.FindSandbox("a", std::nullopt);
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ(cached->object->auto_stop_minutes(), 7);
}

TEST_F(ForwardedCallTest, AMutationWithoutTheObjectInItsAnswerLeavesTheCachedOneUnconfirmed) {
  Run(GetSandbox("a"));
  ASSERT_TRUE(IsCached("a"));
  EXPECT_EQ(*Run(SetLabels("a")).status, absl::OkStatus());
  EXPECT_FALSE(IsCached("a"));
  Run(GetSandbox("a"));
  EXPECT_TRUE(IsCached("a"));
}

TEST_F(ForwardedCallTest, WhileAMutationIsInFlightTheCachedObjectIsNotServed) {
  Run(GetSandbox("a"));
  upstream_.gate = std::make_shared<Event>();
  const Call& call = Run(SetTtl("a"));
  EXPECT_FALSE(IsCached("a"));
  Open();
  EXPECT_EQ(call.status, absl::OkStatus());
  EXPECT_TRUE(IsCached("a"));
}

TEST_F(ForwardedCallTest, AMutationOfSomethingElseDoesNotTouchTheCache) {
  Run(GetSandbox("a"));
  Run(Forward("SetSecret", OperationRole::kMutate, "a", v1::SetSandboxLabelsResponse::default_instance(),
              ObjectKind::kNone));
  EXPECT_TRUE(IsCached("a"));
}

TEST_F(ForwardedCallTest, ADeletionNeverGoesByName) {
  const ForwardedCall deletion =
      Forward("RemoveSandbox", OperationRole::kDelete, "name-of-a", v1::SetSandboxLabelsResponse::default_instance());
  EXPECT_EQ(*Run(deletion).status, absl::OkStatus());
  EXPECT_THAT(Asked(), ElementsAre("GetSandbox name-of-a", "RemoveSandbox a"));
  EXPECT_EQ(state_.caches().sandboxes.FindName("name-of-a")->object->state(), v1::SANDBOX_STATE_DESTROYING);
}

TEST_F(ForwardedCallTest, AMutationGoesToTheObjectThatHasTheNameNow) {
  Run(GetSandbox("a"));
  upstream_.objects.clear();
  upstream_.objects[kUuid] = SandboxIn(kUuid, "started");
  upstream_.objects[kUuid].set_name("name-of-a");
  Asked();
  EXPECT_EQ(*Run(SetTtl("name-of-a")).status, absl::OkStatus());
  EXPECT_EQ(Asked().back(), std::string("SetSandboxTtl ") + kUuid);
}

TEST_F(ForwardedCallTest, IdenticalReadsShareARequest) {
  upstream_.gate = std::make_shared<Event>();
  Run(Read("a"));
  Run(Read("a"));
  Run(Read("a", "another"));
  Run(Read("b"));
  EXPECT_THAT(Asked(), ElementsAre("GetUrl a", "GetUrl a", "GetUrl b"));
  Open();
  EXPECT_EQ(calls_[1].status, absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(*calls_[3].status));
}

TEST_F(ForwardedCallTest, AReadInFlightIsNotJoinedAfterAMutationOfItsObject) {
  Run(GetSandbox("a"));
  upstream_.gate = std::make_shared<Event>();
  Run(Read("a"));
  Run(SetLabels("a"));
  Run(Read("a"));
  EXPECT_THAT(Asked(), ElementsAre("GetSandbox a", "GetUrl a", "SetSandboxLabels a", "GetUrl a"));
  Open();
}

TEST_F(ForwardedCallTest, AReadLeavesTheCacheAsItIs) {
  Run(GetSandbox("a"));
  EXPECT_EQ(*Run(Read("name-of-a")).status, absl::OkStatus());
  EXPECT_EQ(Asked().back(), "GetUrl a");
  EXPECT_TRUE(IsCached("a"));
}

TEST_F(ForwardedCallTest, AMutationThatWasSentRunsToItsAnswerWithoutItsCaller) {
  Run(GetSandbox("a"));
  upstream_.gate = std::make_shared<Event>();
  Call& first = Run(SetTtl("a"));
  first.stop.request_stop();
  Settle();
  ASSERT_TRUE(first.status.has_value());
  EXPECT_TRUE(absl::IsCancelled(*first.status));
  EXPECT_FALSE(IsCached("a"));
  Open();
  const auto cached = state_.FindSandbox("a", std::nullopt);
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ(cached->object->auto_stop_minutes(), 7);
}

}  // namespace
}  // namespace daytonad
