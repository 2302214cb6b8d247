#include "daemon/services/rpc/server_call.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "daemon/base/error.h"
#include "daemon/services/rpc/rpc_errors.h"

namespace daytonad {
namespace {

ServerCall MakeCall(MethodKind kind) { return ServerCall(kind, std::make_shared<CallIdentity>(), Clock::TimePoint()); }

TEST(ServerCallTest, ACallThatTheDaemonEndedSaysWhy) {
  ServerCall call = MakeCall(MethodKind::kServerStream);
  EXPECT_TRUE(call.FinalStatus(absl::OkStatus()).ok());
  call.EndWith(StreamStalledError(std::chrono::seconds(60)));
  EXPECT_TRUE(call.context().cancelled());
  EXPECT_FALSE(call.shut_down());
  call.ShutDown();
  EXPECT_TRUE(call.shut_down());
  EXPECT_EQ(ErrorReason(call.FinalStatus(CancelledError())), "STREAM_STALLED") << "the first reason";
  EXPECT_EQ(ErrorReason(call.FinalStatus(DeadlineExceededError())), "DEADLINE_EXCEEDED");
}

TEST(ServerCallTest, StreamsToTheClientMayGoOnForEver) {
  EXPECT_FALSE(MakeCall(MethodKind::kUnary).endless());
  EXPECT_FALSE(MakeCall(MethodKind::kClientStream).endless());
  EXPECT_TRUE(MakeCall(MethodKind::kServerStream).endless());
  EXPECT_TRUE(MakeCall(MethodKind::kBidiStream).endless());
}

TEST(ServerCallTest, ErrorsHaveTheRequestIdUnlessItIsTooLong) {
  ServerCall call = MakeCall(MethodKind::kUnary);
  call.set_request_id(std::string(129, 'x'));
  EXPECT_EQ(ErrorMetadataValue(call.FinalStatus(CancelledError()), "request_id"), std::nullopt);
  call.set_request_id("id-1");
  EXPECT_EQ(ErrorMetadataValue(call.FinalStatus(CancelledError()), "request_id"), "id-1");
  EXPECT_TRUE(call.FinalStatus(absl::OkStatus()).ok());
}

TEST(ServerCallTest, KeepsTheBeginningOfAnObjectThatIsTooLong) {
  ServerCall call = MakeCall(MethodKind::kUnary);
  call.set_object(std::string(100'000, 'x'));
  EXPECT_EQ(call.object(), std::string(512, 'x'));
}

}  // namespace
}  // namespace daytonad
