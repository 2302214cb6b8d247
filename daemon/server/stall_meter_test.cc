#include "daemon/server/stall_meter.h"

#include <gtest/gtest.h>

namespace daytonad {
namespace {

using Change = StallMeter::Change;

TEST(StallMeterTest, WhatMovesIsFine) {
  StallMeter meter(2, 4);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(meter.OnTick(i % 2 == 0), Change::kNone);
}

TEST(StallMeterTest, TellsOnceThatItStallsAndOnceThatItMovesAgain) {
  StallMeter meter(2, 4);
  EXPECT_EQ(meter.OnTick(false), Change::kNone);
  EXPECT_EQ(meter.OnTick(false), Change::kStalled);
  EXPECT_EQ(meter.OnTick(false), Change::kNone);
  EXPECT_EQ(meter.ticks(), 3);
  EXPECT_EQ(meter.OnTick(true), Change::kResumed);
  EXPECT_EQ(meter.ticks(), 0);
  EXPECT_EQ(meter.OnTick(true), Change::kNone);
  EXPECT_EQ(meter.OnTick(false), Change::kNone);
}

TEST(StallMeterTest, TellsThatItTakesTooLong) {
  StallMeter meter(2, 4);
  for (int i = 0; i < 3; ++i) EXPECT_NE(meter.OnTick(false), Change::kOverdue);
  EXPECT_EQ(meter.OnTick(false), Change::kOverdue);
  EXPECT_EQ(meter.OnTick(false), Change::kOverdue);
}

}  // namespace
}  // namespace daytonad
