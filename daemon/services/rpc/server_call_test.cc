#include "daemon/services/rpc/server_call.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/asio_clock.h"

namespace daytonad {
namespace {

TEST(ClientIdentityTest, IsThePeersAddressWithoutItsPort) {
  EXPECT_EQ(ClientIdentity("ipv4:10.1.2.3:4711", ""), "10.1.2.3");
  EXPECT_EQ(ClientIdentity("ipv4:10.1.2.3:4712", ""), "10.1.2.3");
  EXPECT_EQ(ClientIdentity("ipv6:%5B::1%5D:4711", ""), "%5B::1%5D");
  EXPECT_EQ(ClientIdentity("unix:", ""), "unix");
  EXPECT_EQ(ClientIdentity("fd:17", ""), "fd");
  EXPECT_EQ(ClientIdentity("", ""), "");
}

TEST(ClientIdentityTest, EndsInTheNameThatTheCallGave) {
  EXPECT_EQ(ClientIdentity("unix:", "worker-7"), "unix/worker-7");
  EXPECT_EQ(ClientIdentity("ipv4:10.1.2.3:4711", "a"), "10.1.2.3/a");
  EXPECT_EQ(ClientIdentity("unix:", std::string(64, 'x')), "unix/" + std::string(64, 'x'));
}

TEST(ClientIdentityTest, IgnoresWhatIsNoName) {
  for (const std::string& name :
       {std::string(65, 'x'), std::string("a b"), std::string("a\n"), std::string("\xC3\xA9")}) {
    EXPECT_EQ(ClientIdentity("unix:", name), "unix");
  }
}

TEST(ServerCallTest, ACallThatTheDaemonEndedSaysWhy) {
  ServerCall call(CallKind::kStream, std::make_shared<CallIdentity>(), ServerCall::Limits());
  EXPECT_TRUE(call.FinalStatus(absl::OkStatus()).ok());
  call.EndWith(StreamStalledError(std::chrono::seconds(60)));
  EXPECT_TRUE(call.context().cancelled());
  EXPECT_FALSE(call.shut_down());
  call.ShutDown();
  EXPECT_TRUE(call.shut_down());
  EXPECT_EQ(ErrorReason(call.FinalStatus(CancelledError())), "STREAM_STALLED") << "the first reason";
  EXPECT_EQ(ErrorReason(call.FinalStatus(DeadlineExceededError())), "DEADLINE_EXCEEDED");
}

// A call removes itself and then hands its answer to gRPC. Once the drain goes on, the last answer must be out, since
// the registry, the daemon and gRPC's server may end then.
TEST(CallRegistryTest, ADrainGoesOnInALaterTurnThanTheLastCallsRemoval) {
  boost::asio::io_context io{1};
  AsioClock clock;
  CallRegistry calls;
  std::vector<std::string> order;
  const auto call =
      std::make_shared<ServerCall>(CallKind::kUnary, std::make_shared<CallIdentity>(), ServerCall::Limits());
  ASSERT_TRUE(calls.Add(call).ok());
  calls.BeginDrain();
  boost::asio::post(io, [&] {
    calls.Remove(call);
    order.emplace_back("answered");
  });
  EXPECT_TRUE(RunTask(io, calls.WaitUntilIdle(clock, CallContext::Background("test"))).ok());
  order.emplace_back("drained");
  EXPECT_EQ(order, (std::vector<std::string>{"answered", "drained"}));
  EXPECT_EQ(ErrorReason(calls.Add(call)), "SHUTTING_DOWN");
}

}  // namespace
}  // namespace daytonad
