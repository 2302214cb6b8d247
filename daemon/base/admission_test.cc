#include "daemon/base/admission.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using Permit = absl::StatusOr<Admission::Permit>;

class AdmissionTest : public ::testing::Test {
 protected:
  std::future<Permit> Ask(Admission& admission, CallContext context = CallContext::Background("test")) {
    std::future<Permit> permit = StartTask(io_, admission.Acquire(std::move(context)));
    Settle();
    return permit;
  }
  void Settle() {
    io_.restart();
    io_.poll();
  }
  static bool Ready(const std::future<Permit>& permit) {
    return permit.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  boost::asio::io_context io_{1};
};

TEST_F(AdmissionTest, FirstComeFirstServed) {
  Admission admission(1);
  Permit first = Ask(admission).get();
  auto second = Ask(admission);
  auto third = Ask(admission);
  EXPECT_EQ(admission.waiting(), 2U);
  first->Release();
  Settle();
  ASSERT_TRUE(Ready(second));
  EXPECT_FALSE(Ready(third));
  second.get()->Release();
  Settle();
  EXPECT_TRUE(third.get().ok());
  EXPECT_TRUE(Ask(admission).get().ok()) << "the last place was given back, too";
}

TEST_F(AdmissionTest, ClientsAreServedRoundRobin) {
  const auto context_of = [](const std::string& client) {
    auto identity = std::make_shared<CallIdentity>();
    identity->caller.client = client;
    return CallContext(std::move(identity), CallContext::TimePoint::max(), std::stop_token());
  };
  Admission admission(1);
  Permit first = Ask(admission, context_of("flood")).get();
  auto second = Ask(admission, context_of("flood"));
  auto third = Ask(admission, context_of("flood"));
  auto single = Ask(admission, context_of("single"));
  first->Release();
  Settle();
  second.get()->Release();
  Settle();
  EXPECT_TRUE(Ready(single));
  EXPECT_FALSE(Ready(third));
}

TEST_F(AdmissionTest, WhoIsCancelledLeavesTheQueue) {
  Admission admission(1);
  Permit first = Ask(admission).get();
  std::stop_source source;
  auto second = Ask(admission, CallContext::Background("test").WithStopToken(source.get_token()));
  auto third = Ask(admission);
  source.request_stop();
  Settle();
  EXPECT_EQ(second.get().status().code(), absl::StatusCode::kCancelled);
  first->Release();
  Settle();
  EXPECT_TRUE(third.get().ok());
}

TEST_F(AdmissionTest, APlaceGivenInTheMomentOfCancellationIsNotLost) {
  Admission admission(1);
  Permit first = Ask(admission).get();
  std::stop_source source;
  auto second = Ask(admission, CallContext::Background("test").WithStopToken(source.get_token()));
  auto third = Ask(admission);
  source.request_stop();
  first->Release();  // before the cancelled one has run
  Settle();
  ASSERT_TRUE(Ready(second));
  EXPECT_EQ(second.get().status().code(), absl::StatusCode::kCancelled) << "what is over begins nothing";
  Settle();
  EXPECT_TRUE(third.get().ok());
}

TEST_F(AdmissionTest, ACallThatIsOverGetsNoPlace) {
  Admission admission(1);
  std::stop_source source;
  source.request_stop();
  const CallContext over = CallContext::Background("test").WithStopToken(source.get_token());
  EXPECT_EQ(Ask(admission, over).get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(Ask(admission).get().ok());
}

TEST_F(AdmissionTest, CloseRefusesWhoWaitsAndWhoComes) {
  Admission admission(1);
  Permit first = Ask(admission).get();
  auto second = Ask(admission);
  admission.Close(absl::UnavailableError("closed"));
  Settle();
  EXPECT_EQ(second.get().status(), absl::UnavailableError("closed"));
  first->Release();
  EXPECT_EQ(Ask(admission).get().status(), absl::UnavailableError("closed"));
}

}  // namespace
}  // namespace daytonad
