#include "daemon/services/rpc/call_registry.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/asio_clock.h"

namespace daytonad {
namespace {

// A call removes itself and then hands its answer to gRPC. Once the drain goes on, the last answer must be out, since
// the registry, the daemon and gRPC's server may end then.
TEST(CallRegistryTest, ADrainGoesOnInALaterTurnThanTheLastCallsRemoval) {
  boost::asio::io_context io{1};
  AsioClock clock;
  CallRegistry calls;
  std::vector<std::string> order;
  const auto call = std::make_shared<ServerCall>(MethodKind::kUnary, std::make_shared<CallIdentity>(), clock.Now());
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
