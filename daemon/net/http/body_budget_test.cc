#include "daemon/net/http/body_budget.h"

#include <gtest/gtest.h>

#include <memory>

namespace daytonad {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

TEST(BodyBudgetTest, WhatIsGivenBackIsThereForOthers) {
  const auto budget = std::make_shared<BodyBudget>(2 * kMiB);
  auto first = std::make_unique<BodyBudget::Share>(budget);
  BodyBudget::Share second(budget);
  EXPECT_TRUE(first->Grow(kMiB));
  EXPECT_TRUE(first->Grow(kMiB + kMiB / 2));
  EXPECT_FALSE(second.Grow(kMiB));
  EXPECT_EQ(budget->used(), kMiB + kMiB / 2);
  first.reset();
  EXPECT_TRUE(second.Grow(kMiB));
  second.Clear();
  EXPECT_EQ(budget->used(), 0U);
}

TEST(BodyBudgetTest, SmallBodiesPassWhenItIsUsedUp) {
  const auto budget = std::make_shared<BodyBudget>(kMiB);
  BodyBudget::Share large(budget);
  BodyBudget::Share small(budget);
  EXPECT_TRUE(large.Grow(kMiB));
  EXPECT_TRUE(small.Grow(BodyBudget::kAlwaysFree));
  EXPECT_FALSE(small.Grow(BodyBudget::kAlwaysFree + 1));
  EXPECT_FALSE(large.Grow(kMiB + 1));
}

}  // namespace
}  // namespace daytonad
