#include "daemon/services/rpc/call_gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace daytonad {
namespace {

constexpr int kConnections[] = {0, 1, 2};

CallGate::Limits Small() {
  CallGate::Limits limits;
  limits.calls = 5;
  limits.few = 2;
  limits.large_request = 100;
  limits.large_request_bytes = 1000;
  return limits;
}

TEST(CallGateTest, TakesAsManyCallsAsItMayAndAgainWhenOneHasGone) {
  CallGate gate(Small());
  std::vector<CallGate::Place> places;
  places.reserve(8);
  for (int i = 0; i < 5; ++i) places.push_back(*gate.Enter(&kConnections[0], 10));
  EXPECT_EQ(gate.calls(), 5U);
  EXPECT_FALSE(gate.Enter(&kConnections[0], 10).has_value());
  places.pop_back();
  EXPECT_TRUE(gate.Enter(&kConnections[0], 10).has_value());
  EXPECT_EQ(gate.calls(), 4U);
}

TEST(CallGateTest, EveryConnectionHasAFewCallsWhateverOthersHold) {
  CallGate gate(Small());
  std::vector<CallGate::Place> places;
  places.reserve(8);
  for (int i = 0; i < 5; ++i) places.push_back(*gate.Enter(&kConnections[0], 10));
  places.push_back(*gate.Enter(&kConnections[1], 10));
  places.push_back(*gate.Enter(&kConnections[1], 10));
  EXPECT_FALSE(gate.Enter(&kConnections[1], 10).has_value());
  EXPECT_TRUE(gate.Enter(&kConnections[2], 10).has_value());
}

TEST(CallGateTest, AConnectionMayHaveLessWhenMemoryIsShort) {
  CallGate gate(Small());
  std::vector<CallGate::Place> places;
  places.reserve(8);
  gate.SetShare(3);
  for (int i = 0; i < 3; ++i) places.push_back(*gate.Enter(&kConnections[0], 10));
  EXPECT_FALSE(gate.Enter(&kConnections[0], 10).has_value());
  EXPECT_TRUE(gate.Enter(&kConnections[1], 101).has_value());
  gate.SetShare(0);
  for (int i = 0; i < 2; ++i) places.push_back(*gate.Enter(&kConnections[1], 10));
  EXPECT_FALSE(gate.Enter(&kConnections[1], 10).has_value());
  EXPECT_FALSE(gate.Enter(&kConnections[2], 101).has_value());
  gate.SetShare(100);
  places.pop_back();
  EXPECT_TRUE(gate.Enter(&kConnections[1], 10).has_value());
}

TEST(CallGateTest, LargeRequestsShareTheirBytes) {
  CallGate gate(Small());
  std::optional<CallGate::Place> large = gate.Enter(&kConnections[0], 900);
  ASSERT_TRUE(large.has_value());
  EXPECT_FALSE(gate.Enter(&kConnections[1], 101).has_value());
  EXPECT_TRUE(gate.Enter(&kConnections[1], 100).has_value());
  large.reset();
  EXPECT_TRUE(gate.Enter(&kConnections[1], 1000).has_value());
}

TEST(CallGateTest, TheRefusalSaysWhyAndWhenToTryAgain) {
  const CallGate gate(Small());
  EXPECT_EQ(gate.refusal_status().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(gate.refusal_status().error_details().find("TOO_MANY_CALLS"), std::string::npos);
  EXPECT_NE(gate.refusal_status().error_details().find("google.rpc.RetryInfo"), std::string::npos);
}

}  // namespace
}  // namespace daytonad
