#include "daemon/server/descriptor_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daytonad {
namespace {

using ::testing::HasSubstr;

DescriptorPlan Usual() {
  return {
      .calls = 250, .creates = 250, .streams = 1000, .client_connections = 1024, .client_connections_per_user = 768};
}

TEST(DescriptorPlanTest, LeavesWhatFits) {
  std::string warning;
  const DescriptorPlan plan = FitDescriptors(Usual(), 2, 1'048'576, warning);
  EXPECT_EQ(plan.calls, 250U);
  EXPECT_EQ(plan.streams, 1000U);
  EXPECT_EQ(plan.client_connections, 1024U);
  EXPECT_EQ(warning, "");
}

TEST(DescriptorPlanTest, LowersEverythingInProportionAndSaysSo) {
  std::string warning;
  const DescriptorPlan plan = FitDescriptors(Usual(), 3, 1024, warning);
  EXPECT_LE(plan.calls + plan.creates + plan.streams + 3 * 2 * plan.client_connections, 1024U - 100);
  EXPECT_GE(plan.calls, 25U);
  EXPECT_GE(plan.client_connections, 100U);
  EXPECT_LT(plan.client_connections_per_user, plan.client_connections);
  EXPECT_THAT(warning, HasSubstr("may have 1024 descriptors"));
  EXPECT_THAT(warning, HasSubstr("--max-client-connections to " + std::to_string(plan.client_connections) + ","));
}

TEST(DescriptorPlanTest, KeepsOneOfEachWhateverHappens) {
  std::string warning;
  const DescriptorPlan plan = FitDescriptors(Usual(), 1, 20, warning);
  EXPECT_EQ(plan.calls, 1U);
  EXPECT_EQ(plan.client_connections, 1U);
}

}  // namespace
}  // namespace daytonad
