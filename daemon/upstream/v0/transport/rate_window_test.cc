#include "daemon/upstream/v0/transport/rate_window.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using Report = RateWindow::Report;
using Request = RateWindow::Request;
using TimePoint = RateWindow::TimePoint;

class RateWindowTest : public testing::Test {
 protected:
  Request Send() { return window_.Send(now_); }
  bool Answer(const Request& request, Report report) { return window_.Answered(request, report, now_); }
  bool Allows() { return window_.Allows(now_, /*background=*/false); }
  bool AllowsBackground() { return window_.Allows(now_, /*background=*/true); }
  RateWindow::Duration SendAfter(size_t ahead) { return window_.EarliestSend(ahead, false, now_) - now_; }

  // How many requests may be sent now, which is what this sends.
  int SendAll(bool background = false) {
    int sent = 0;
    while (sent < 1000 && window_.Allows(now_, background)) {
      last_ = window_.Send(now_);
      ++sent;
    }
    return sent;
  }

  // One request, and its answer at once.
  void Learn(Report report) { Answer(Send(), report); }

  RateWindow window_;
  TimePoint now_{1000h};
  Request last_;
};

TEST_F(RateWindowTest, NothingIsLimitedBeforeALimitIsKnown) {
  EXPECT_EQ(SendAll(), 1000);
  EXPECT_EQ(window_.NextChange(now_), TimePoint::max());
  EXPECT_EQ(window_.EarliestSend(1'000'000, true, now_), now_);
}

// Row retry-after-hours.
TEST_F(RateWindowTest, RetryAfterHoursIsBelievedForAWindowOnly) {
  EXPECT_EQ(window_.Believed(60000s), 60s) << "nothing is known";
  EXPECT_EQ(window_.Believed(7s), 7s);
  window_.Suppose(10, 5s);
  EXPECT_EQ(window_.Believed(60000s), 5s);
}

TEST_F(RateWindowTest, ASupposedLimitHoldsUntilAnAnswerTellsBetter) {
  window_.Suppose(10, 60s);
  const Request first = Send();
  EXPECT_EQ(SendAll(), 9);
  EXPECT_EQ(SendAfter(10), 60s);
  Answer(first, {20, 19, 30s});
  EXPECT_EQ(SendAll(), 10);
  window_.Suppose(1, 60s);
  EXPECT_EQ(window_.limit(), 20);
}

TEST_F(RateWindowTest, AllowsWhatIsLeftOfTheWindow) {
  Learn({10, 3, 60s});
  EXPECT_EQ(window_.NextChange(now_), now_ + 60s);
  EXPECT_EQ(SendAll(), 3);
  now_ += 60s - 1ms;
  EXPECT_FALSE(Allows());
}

TEST_F(RateWindowTest, AWindowThatHasPassedRestoresTheLimitAndNoMore) {
  Learn({10, 0, 60s});
  now_ += 60s;
  EXPECT_EQ(SendAll(), 10);
  EXPECT_EQ(window_.NextChange(now_), TimePoint::max()) << "the new window's end is not known yet";
}

TEST_F(RateWindowTest, RequestsInFlightCountUntilAnAnswerCountsThem) {
  Learn({10, 9, 60s});
  const Request first = Send();
  const Request second = Send();
  EXPECT_EQ(SendAll(), 7);
  Answer(first, {10, 8, 60s});
  EXPECT_FALSE(Allows());
  // Somebody else has sent three; and what was sent before `second` or with it is in its count.
  Answer(second, {10, 4, 60s});
  EXPECT_FALSE(Allows()) << "seven more are under way";
  Answer(last_, {10, 2, 60s});
  EXPECT_EQ(SendAll(), 2);
}

TEST_F(RateWindowTest, ManyThatAreHeldUpstreamAreNotCountedTwice) {
  Learn({300, 299, 60s});
  std::vector<Request> held;
  held.reserve(150);
  for (int i = 0; i < 150; ++i) held.push_back(Send());
  Answer(held.back(), {300, 149, 60s});
  EXPECT_EQ(SendAll(), 149);
}

TEST_F(RateWindowTest, AnswersOutOfOrderDoNotRaiseTheCount) {
  const Request first = Send();
  const Request second = Send();
  const Request third = Send();
  Answer(third, {10, 5, 60s});
  Answer(first, {10, 7, 60s});
  Answer(second, {10, 6, 60s});
  EXPECT_EQ(SendAll(), 5);
}

TEST_F(RateWindowTest, AnAnswerOfTheNextWindowBeginsIt) {
  Learn({10, 0, 2s});
  // Upstream rounds up: its window was over 0.3 s before ours.
  now_ += 1700ms;
  EXPECT_FALSE(Allows());
  Learn({10, 9, 60s});
  EXPECT_EQ(SendAll(), 9);
  EXPECT_EQ(window_.NextChange(now_), now_ + 60s);
}

TEST_F(RateWindowTest, ALateAnswerOfAWindowThatIsOverTellsNothing) {
  Learn({10, 9, 10s});
  const Request held = Send();
  now_ += 10s;
  const Request next = Send();
  Answer(held, {10, 8, 10s});
  EXPECT_EQ(window_.NextChange(now_), TimePoint::max());
  now_ += 100ms;
  Answer(next, {10, 9, 10s});
  EXPECT_EQ(SendAll(), 9);
}

TEST_F(RateWindowTest, TheQuickestAnswerKnowsTheEndBest) {
  const Request held = Send();
  now_ += 5s;
  Answer(held, {10, 9, 60s});
  EXPECT_EQ(SendAfter(9), 60s);
  Learn({10, 8, 55s});
  EXPECT_EQ(SendAfter(8), 55s);
}

TEST_F(RateWindowTest, WhatWasNotSentIsGivenBackAndWhatWasLostIsNot) {
  Learn({10, 2, 60s});
  const Request first = Send();
  const Request second = Send();
  EXPECT_FALSE(Allows());
  window_.NotSent(first, now_);
  EXPECT_TRUE(Allows());
  window_.Lost(second, now_);
  EXPECT_EQ(SendAll(), 1);
  window_.Answered(last_, std::nullopt, now_);
  EXPECT_FALSE(Allows()) << "an answer that does not say";
}

TEST_F(RateWindowTest, NothingIsLeftWaitingWhenAllOfANewWindowAreLost) {
  Learn({3, 0, 10s});
  now_ += 10s;
  std::vector<Request> sent;
  sent.reserve(3);
  for (int i = 0; i < 3; ++i) sent.push_back(Send());
  EXPECT_FALSE(Allows());
  for (const Request& request : sent) window_.Lost(request, now_);
  EXPECT_EQ(SendAll(), 3);
}

TEST_F(RateWindowTest, BackgroundWorkLeavesAPartToCallers) {
  Learn({100, 100, 60s});
  EXPECT_EQ(SendAll(/*background=*/true), 90);
  EXPECT_EQ(SendAll(), 10);
  now_ += 60s;
  Learn({5, 5, 60s});
  EXPECT_EQ(SendAll(/*background=*/true), 4);
  now_ += 60s;
  Learn({1, 1, 60s});
  EXPECT_EQ(SendAll(/*background=*/true), 1) << "or it would never have any";
}

TEST_F(RateWindowTest, ARefusalStopsEverythingForAsLongAsItSays) {
  EXPECT_EQ(SendAll(), 1000);
  EXPECT_TRUE(window_.Refused(last_, 7s, now_));
  EXPECT_FALSE(Allows());
  EXPECT_EQ(window_.NextChange(now_), now_ + 7s);
  EXPECT_EQ(SendAfter(5), 7s);
  now_ += 7s - 1ms;
  EXPECT_FALSE(Allows());
  now_ += 1ms;
  EXPECT_TRUE(Allows());
}

TEST_F(RateWindowTest, AfterARefusalOneGoesAloneUntilItIsAnswered) {
  Learn({10, 5, 60s});
  window_.Refused(Send(), 7s, now_);
  now_ += 7s;
  EXPECT_EQ(SendAll(), 1);
  now_ += 100ms;
  EXPECT_FALSE(Allows());
  Answer(last_, {10, 3, 60s});
  EXPECT_EQ(SendAll(), 3);
}

TEST_F(RateWindowTest, ARefusedProbeIsFollowedByAnother) {
  window_.Refused(Send(), 1s, now_);
  for (int i = 0; i < 3; ++i) {
    now_ += 1s;
    EXPECT_EQ(SendAll(), 1);
    EXPECT_TRUE(window_.Refused(last_, 1s, now_)) << "the wait is longer than it seemed";
  }
  now_ += 1s;
  EXPECT_EQ(SendAll(), 1);
  window_.Lost(last_, now_);
  EXPECT_EQ(SendAll(), 1) << "nobody knows what became of the probe";
}

TEST_F(RateWindowTest, AProbeThatIsHeldUpstreamWasAccepted) {
  Learn({10, 5, 60s});
  window_.Refused(Send(), 7s, now_);
  now_ += 7s;
  EXPECT_EQ(SendAll(), 1);
  EXPECT_EQ(window_.NextChange(now_), now_ + 2s);
  now_ += 2s;
  EXPECT_EQ(SendAll(), 4);
}

TEST_F(RateWindowTest, RefusalsTogetherAreOne) {
  std::vector<Request> sent;
  sent.reserve(5);
  for (int i = 0; i < 5; ++i) sent.push_back(Send());
  EXPECT_TRUE(window_.Refused(sent[0], 7s, now_));
  now_ += 10ms;
  for (int i = 1; i < 4; ++i) EXPECT_FALSE(window_.Refused(sent[i], 7s, now_));
  EXPECT_EQ(window_.NextChange(now_), now_ - 10ms + 7s);
  now_ += 7s;
  EXPECT_FALSE(window_.Refused(sent[4], 1s, now_)) << "an old one";
  EXPECT_TRUE(Allows());
}

TEST_F(RateWindowTest, AServerThatRefusesAndSaysNowIsNotHammered) {
  window_.Refused(Send(), 0s, now_);
  EXPECT_FALSE(Allows());
  EXPECT_EQ(window_.NextChange(now_), now_ + 250ms);
}

TEST_F(RateWindowTest, PredictsWhenQueuedRequestsAreSent) {
  Learn({10, 3, 60s});
  now_ += 20s;
  Learn({10, 3, 40s});
  EXPECT_EQ(SendAfter(2), 0s);
  EXPECT_EQ(SendAfter(3), 40s);
  EXPECT_EQ(SendAfter(12), 40s);
  EXPECT_EQ(SendAfter(13), 100s) << "a window is 60 s long, as was seen";
  EXPECT_EQ(SendAfter(23), 160s);
  EXPECT_EQ(window_.EarliestSend(2, true, now_) - now_, 40s) << "the last one is not for background work";
  EXPECT_EQ(window_.EarliestSend(2 + 9, true, now_) - now_, 100s);
  EXPECT_LE(SendAfter(size_t{1} << 60), TimePoint::max() - now_);
}

}  // namespace
}  // namespace daytonad
