#include "daemon/server/memory_growth.h"

#include <gtest/gtest.h>

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kMiB = 1 << 20;
constexpr MemoryGrowth::TimePoint kStart = MemoryGrowth::TimePoint(std::chrono::hours(1));

TEST(MemoryGrowthTest, CallsExplainWhatTheyNeed) {
  MemoryGrowth growth(400 * kMiB);
  growth.Judge(kStart, {.resident = 30 * kMiB, .calls = 0, .connections = 1});
  const auto verdict = growth.Judge(kStart + seconds(1), {.resident = 230 * kMiB, .calls = 9000, .connections = 100});
  EXPECT_TRUE(verdict.growing);
  EXPECT_FALSE(verdict.suspicious);
  EXPECT_FALSE(verdict.too_much);
}

TEST(MemoryGrowthTest, TheirMemoryMayComeBackLaterThanTheyEnd) {
  MemoryGrowth growth(400 * kMiB);
  growth.Judge(kStart, {.resident = 30 * kMiB, .calls = 0, .connections = 1});
  growth.Judge(kStart + seconds(1), {.resident = 230 * kMiB, .calls = 9000, .connections = 100});
  const auto verdict = growth.Judge(kStart + seconds(5), {.resident = 230 * kMiB, .calls = 0, .connections = 1});
  EXPECT_FALSE(verdict.too_much);
  EXPECT_FALSE(verdict.growing);
}

TEST(MemoryGrowthTest, WhatNothingExplainsIsTooMuchLongBeforeTheLimit) {
  MemoryGrowth growth(400 * kMiB);
  growth.Judge(kStart, {.resident = 30 * kMiB, .calls = 10, .connections = 10});
  auto verdict = growth.Judge(kStart + milliseconds(50), {.resident = 70 * kMiB, .calls = 10, .connections = 10});
  EXPECT_TRUE(verdict.suspicious);
  EXPECT_FALSE(verdict.too_much);
  verdict = growth.Judge(kStart + milliseconds(100), {.resident = 140 * kMiB, .calls = 10, .connections = 10});
  EXPECT_TRUE(verdict.too_much);
  EXPECT_TRUE(verdict.growing);
}

TEST(MemoryGrowthTest, SlowGrowthIsUsualUpToTheLimit) {
  MemoryGrowth growth(400 * kMiB);
  MemoryGrowth::Verdict verdict;
  size_t resident = 30 * kMiB;
  auto now = kStart;
  for (; resident < 380 * kMiB; resident += kMiB, now += seconds(5)) {
    verdict = growth.Judge(now, {.resident = resident, .calls = 0, .connections = 1});
    ASSERT_FALSE(verdict.too_much) << resident / kMiB;
    ASSERT_GT(verdict.share, 4U) << resident / kMiB;
  }
  verdict = growth.Judge(now, {.resident = 395 * kMiB, .calls = 0, .connections = 1});
  EXPECT_EQ(verdict.share, 0U);
  EXPECT_FALSE(verdict.too_much);
  verdict = growth.Judge(now + milliseconds(50), {.resident = 401 * kMiB, .calls = 0, .connections = 1});
  EXPECT_TRUE(verdict.too_much);
  EXPECT_TRUE(verdict.growing);
}

TEST(MemoryGrowthTest, AConnectionMayHaveFewerCallsTheLessMemoryThereIs) {
  MemoryGrowth growth(400 * kMiB);
  size_t share = growth.Judge(kStart, {.resident = 199 * kMiB, .calls = 0, .connections = 1}).share;
  EXPECT_GE(share, 10'000U);
  for (const size_t resident : {201U, 301U, 390U}) {
    const auto verdict = growth.Judge(kStart, {.resident = resident * kMiB, .calls = 0, .connections = 1});
    EXPECT_LT(verdict.share, share);
    share = verdict.share;
  }
}

class BusyConnectionsTest : public ::testing::Test {
 protected:
  static ConnectionTable::Load Load(ConnectionTable::Id id, uint64_t bytes_in, MemoryGrowth::TimePoint since) {
    ConnectionTable::Load load;
    load.id = id;
    load.bytes_in = bytes_in;
    load.since = since;
    return load;
  }
  std::vector<ConnectionTable::Id> Choose(const std::vector<ConnectionTable::Load>& loads) {
    const std::vector<BusyConnections::Loads> all = {{&table_, loads}};
    busy_.Add(all);
    std::vector<ConnectionTable::Id> ids;
    for (const auto& culprit : busy_.Choose(all, kStart)) ids.push_back(culprit.load.id);
    return ids;
  }

  ConnectionTable table_{ConnectionTable::Limits()};
  BusyConnections busy_;
};

using Ids = std::vector<ConnectionTable::Id>;

TEST_F(BusyConnectionsTest, TheBusiestGoAndTheQuietStay) {
  EXPECT_EQ(Choose({Load(1, 2000, kStart), Load(2, 5 << 20, kStart), Load(3, 0, kStart), Load(4, 8 << 20, kStart)}),
            (Ids{4, 2}));
}

TEST_F(BusyConnectionsTest, OneThatOpenedSinceGoesFirst) {
  EXPECT_EQ(Choose({Load(1, 1 << 20, kStart - seconds(9)), Load(2, 1 << 20, kStart + seconds(1))}), (Ids{2, 1}));
  busy_.Forget();
  EXPECT_EQ(Choose({Load(1, 1 << 20, kStart - seconds(9)), Load(2, 3 << 20, kStart + seconds(1))}), (Ids{2}));
}

TEST_F(BusyConnectionsTest, WhoTakesNoAnswersIsBusy) {
  ConnectionTable::Load takes_nothing = Load(1, 0, kStart);
  takes_nothing.bytes_untaken = 200 << 10;
  EXPECT_EQ(Choose({takes_nothing, Load(2, 100, kStart)}), (Ids{1}));
}

TEST_F(BusyConnectionsTest, NobodyGoesForLittle) {
  EXPECT_EQ(Choose({Load(1, 100, kStart), Load(2, 0, kStart)}), Ids());
}

TEST_F(BusyConnectionsTest, WhatWasBroughtBeforeCountsLess) {
  EXPECT_EQ(Choose({Load(1, 4 << 20, kStart), Load(2, 0, kStart)}), (Ids{1}));
  for (int i = 0; i < 30; ++i) Choose({Load(1, 0, kStart), Load(2, 1 << 20, kStart)});
  EXPECT_EQ(Choose({Load(1, 0, kStart), Load(2, 1 << 20, kStart)}), (Ids{2}));
}

}  // namespace
}  // namespace daytonad
