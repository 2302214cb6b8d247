#include "daemon/services/rpc/cached_unary.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/services/rpc/testing/fake_rpc.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;

class CachedUnaryTest : public RpcTest {
 protected:
  CachedUnaryTest() {
    handlers_.find = [this](const fake::GetRequest& request) { return Find(request); };
    handlers_.get = [this](CallContext context, fake::GetRequest request) {
      return Handle(std::move(context), std::move(request));
    };
  }

  std::optional<CachedObject<fake::Thing>> Find(const fake::GetRequest& request) {
    ++lookups_;
    if (!cached_) return std::nullopt;
    auto thing = std::make_shared<fake::Thing>();
    thing->set_name("cached " + request.thing());
    return CachedObject<fake::Thing>{.object = std::move(thing), .age = milliseconds(1234)};
  }

  Task<absl::StatusOr<fake::GetResponse>> Handle(CallContext context, fake::GetRequest request) {
    ++handled_;
    max_age_ = context.read_terms().has_value() ? context.read_terms()->max_age : std::nullopt;
    context.facts().read_source = ReadSource::kMiss;
    fake::GetResponse response;
    response.mutable_thing()->set_name("read " + request.thing());
    co_return response;
  }

  // The thing's name; else the error's reason.
  std::string Get(const fake::GetRequest& request) {
    grpc::ClientContext context;
    fake::GetResponse response;
    const grpc::Status status = stub_->Get(&context, request, &response);
    const auto source = context.GetServerInitialMetadata().find("daytonad-cache");
    source_ = source == context.GetServerInitialMetadata().end()
                  ? ""
                  : std::string(source->second.data(), source->second.size());
    return status.ok() ? response.thing().name() : ReasonOf(status);
  }
  std::string GetBox() {
    fake::GetRequest request;
    request.set_thing("box");
    return Get(request);
  }

  std::atomic<bool> cached_ = true;
  std::atomic<int> lookups_ = 0;
  std::atomic<int> handled_ = 0;
  std::optional<Clock::Duration> max_age_;
  std::string source_;  // of the last answer
};

TEST_F(CachedUnaryTest, AHitIsAnsweredWithoutTheLoop) {
  Start();
  std::promise<void> release;
  loop_.Post([future = release.get_future()] { future.wait(); });
  EXPECT_EQ(GetBox(), "cached box");
  EXPECT_EQ(source_, "hit;age=1.234");
  EXPECT_EQ(handled_, 0);
  release.set_value();
}

TEST_F(CachedUnaryTest, AHitIsRecorded) {
  Start();
  GetBox();
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.method, "daytonad.fake.FakeService/Get");
  EXPECT_EQ(record.effect, Effect::kRead);
  EXPECT_EQ(record.caller.listener, "unix:/fake.sock");
  EXPECT_NE(record.caller.client, "");
  EXPECT_EQ(record.object, "box");
  EXPECT_TRUE(record.status.ok());
  EXPECT_EQ(record.read_source, ReadSource::kHit);
  EXPECT_EQ(record.upstream_attempts, 0);
}

TEST_F(CachedUnaryTest, AHitIsNotRecordedIfNobodyWantsIt) {
  records_.wants = [](Effect effect, const absl::Status& status) {
    return effect == Effect::kMutation || !status.ok();
  };
  Start();
  EXPECT_EQ(GetBox(), "cached box");
  EXPECT_TRUE(records_.empty());
}

TEST_F(CachedUnaryTest, AMissGoesToTheHandlerWithTheRequestsTerms) {
  cached_ = false;
  Start();
  fake::GetRequest request;
  request.set_thing("box");
  request.mutable_max_age()->set_seconds(7);
  EXPECT_EQ(Get(request), "read box");
  EXPECT_EQ(source_, "miss;age=0.000");
  EXPECT_EQ(max_age_, std::chrono::seconds(7));
  EXPECT_EQ(lookups_, 1);
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.read_source, ReadSource::kMiss);
  EXPECT_EQ(record.object, "box");
}

TEST_F(CachedUnaryTest, ADeniedReadIsDeniedAlsoIfItIsCached) {
  access_ = [](const AccessRequest& request) {
    if (request.effect != Effect::kRead || request.object != "secret") return absl::OkStatus();
    return MakeError(absl::StatusCode::kPermissionDenied, "DENIED", "No.");
  };
  Start();
  fake::GetRequest request;
  request.set_thing("secret");
  EXPECT_EQ(Get(request), "DENIED");
  EXPECT_EQ(source_, "");
  EXPECT_EQ(lookups_, 0);
  EXPECT_EQ(handled_, 0);
  const KeptRecord record = records_.Take();
  EXPECT_EQ(ErrorReason(record.status), "DENIED");
  EXPECT_EQ(record.object, "secret");
  EXPECT_EQ(GetBox(), "cached box") << "another object";
}

TEST_F(CachedUnaryTest, AReadThatCreatesIsAMutation) {
  listener_.read_only = true;
  Start();
  fake::GetRequest request;
  request.set_thing("box");
  request.set_create_if_missing(true);
  EXPECT_EQ(Get(request), "READ_ONLY_LISTENER");
  EXPECT_EQ(lookups_, 0);
  EXPECT_EQ(records_.Take().effect, Effect::kMutation);
  request.set_create_if_missing(false);
  EXPECT_EQ(Get(request), "cached box");
  EXPECT_EQ(records_.Take().effect, Effect::kRead);
}

TEST_F(CachedUnaryTest, ADrainRejectsHitsToo) {
  Start();
  BeginDrain();
  EXPECT_EQ(GetBox(), "SHUTTING_DOWN");
  EXPECT_EQ(lookups_, 0);
}

TEST_F(CachedUnaryTest, TheGateCountsHits) {
  limits_.calls = 0;
  limits_.few = 0;
  Start();
  EXPECT_EQ(GetBox(), "TOO_MANY_CALLS");
  EXPECT_EQ(lookups_, 0);
}

TEST_F(CachedUnaryTest, BytesThatAreNoRequestAreNotLookedUp) {
  Start();
  EXPECT_EQ(ReasonOf(CallRaw("Get", "\x0a\xff")), "UNPARSABLE_REQUEST");
  EXPECT_EQ(lookups_, 0);
}

}  // namespace
}  // namespace daytonad
