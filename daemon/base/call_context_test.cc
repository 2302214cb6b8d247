#include "daemon/base/call_context.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using std::chrono::seconds;
using TimePoint = CallContext::TimePoint;

constexpr TimePoint kNow{seconds(1000)};

TEST(CallContextTest, BackgroundHasNoEndAndNamesItsWork) {
  const CallContext context = CallContext::Background("health probe");
  EXPECT_EQ(context.deadline(), TimePoint::max());
  EXPECT_FALSE(context.cancelled());
  EXPECT_TRUE(context.Check(kNow).ok());
  EXPECT_EQ(context.identity().method, "health probe");
  EXPECT_EQ(context.identity().call_id.size(), 16U);
}

TEST(CallContextTest, EachBackgroundCallHasItsOwnId) {
  EXPECT_NE(CallContext::Background("a").identity().call_id, CallContext::Background("a").identity().call_id);
}

TEST(CallContextTest, DeadlineOnlyMovesCloser) {
  const CallContext context = CallContext::Background("test").WithDeadline(kNow + seconds(5));
  EXPECT_EQ(context.WithDeadline(kNow + seconds(3)).deadline(), kNow + seconds(3));
  EXPECT_EQ(context.WithDeadline(kNow + seconds(9)).deadline(), kNow + seconds(5));
}

TEST(CallContextTest, CheckReportsDeadlineFromTheVeryInstant) {
  const CallContext context = CallContext::Background("test").WithDeadline(kNow);
  EXPECT_TRUE(context.Check(kNow - std::chrono::nanoseconds(1)).ok());
  EXPECT_EQ(context.Check(kNow).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ErrorReason(context.Check(kNow)), "DEADLINE_EXCEEDED");
}

TEST(CallContextTest, CancellationIsReportedBeforeTheDeadline) {
  std::stop_source source;
  const CallContext context = CallContext::Background("test").WithDeadline(kNow).WithStopToken(source.get_token());
  source.request_stop();
  EXPECT_TRUE(context.cancelled());
  EXPECT_EQ(context.Check(kNow).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ErrorReason(context.Check(kNow)), "CALL_CANCELLED");
}

TEST(CallContextTest, DetachedOutlivesCallerAndDeadlineButKeepsIdentity) {
  std::stop_source source;
  const CallContext context = CallContext::Background("test").WithDeadline(kNow).WithStopToken(source.get_token());
  source.request_stop();
  const CallContext detached = context.Detached(kNow + seconds(60));
  EXPECT_TRUE(detached.Check(kNow + seconds(59)).ok());
  EXPECT_EQ(detached.deadline(), kNow + seconds(60));
  EXPECT_EQ(detached.identity().call_id, context.identity().call_id);
}

TEST(CallContextTest, DetachedWorkKnowsUntilWhenItIsWorthBeginning) {
  const CallContext caller = CallContext::Background("test").WithDeadline(kNow);
  EXPECT_EQ(caller.send_by(), kNow);
  const CallContext detached = caller.Detached(kNow + seconds(60));
  EXPECT_EQ(detached.send_by(), kNow);
  EXPECT_EQ(detached.Detached(kNow + seconds(90)).send_by(), kNow);
  EXPECT_EQ(detached.WithDeadline(kNow - seconds(1)).send_by(), kNow - seconds(1));
}

TEST(CallContextTest, OnlyTheDaemonsOwnWorkIsBackground) {
  EXPECT_TRUE(CallContext::Background("test").background());
  const CallContext call(std::make_shared<CallIdentity>(), kNow, std::stop_token());
  EXPECT_FALSE(call.background());
  EXPECT_TRUE(call.AsBackground().Detached(kNow).background());
}

TEST(LinkedStopSourceTest, StopsWithItsParent) {
  std::stop_source parent;
  LinkedStopSource linked(parent.get_token());
  EXPECT_FALSE(linked.token().stop_requested());
  parent.request_stop();
  EXPECT_TRUE(linked.token().stop_requested());
}

TEST(LinkedStopSourceTest, IsStoppedFromBirthWhenItsParentIs) {
  std::stop_source parent;
  parent.request_stop();
  EXPECT_TRUE(LinkedStopSource(parent.get_token()).token().stop_requested());
}

TEST(LinkedStopSourceTest, DoesNotStopItsParent) {
  std::stop_source parent;
  LinkedStopSource linked(parent.get_token());
  linked.RequestStop();
  EXPECT_TRUE(linked.token().stop_requested());
  EXPECT_FALSE(parent.stop_requested());
}

TEST(LinkedStopSourceTest, TokenOutlivesTheSource) {
  std::stop_token token;
  {
    LinkedStopSource linked{std::stop_token()};
    token = linked.token();
    linked.RequestStop();
  }
  EXPECT_TRUE(token.stop_requested());
}

}  // namespace
}  // namespace daytonad
