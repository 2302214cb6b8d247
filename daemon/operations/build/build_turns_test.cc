#include "daemon/operations/build/build_turns.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

class BuildTurnsTest : public ::testing::Test {
 protected:
  using Pending = std::future<absl::StatusOr<BuildTurns::Turn>>;

  static std::optional<ImageBuild> Build(const std::string& dockerfile) {
    return ImageBuild{dockerfile, std::vector<std::string>{}};
  }
  Pending Take(const std::optional<ImageBuild>& build) {
    Pending turn = StartTask(io_, turns_.Take(clock_, context_, build));
    Settle();
    return turn;
  }
  // Lets everybody run as far as they can without time passing.
  void Settle() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }
  static bool IsReady(const Pending& turn) {
    return turn.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  CallContext context_ = CallContext::Background("test");
  const std::optional<ImageBuild> a_ = Build("FROM a");
  const std::optional<ImageBuild> b_ = Build("FROM b");
  const std::optional<ImageBuild> none_;
  BuildTurns turns_;
};

TEST_F(BuildTurnsTest, TheSameBuildWaitsUntilTheFirstIsAccepted) {
  Pending first = Take(a_);
  ASSERT_TRUE(IsReady(first));
  Pending second = Take(a_);
  Pending third = Take(a_);
  EXPECT_FALSE(IsReady(second));
  {
    absl::StatusOr<BuildTurns::Turn> turn = first.get();
    turn->Accepted();
  }
  Settle();
  EXPECT_TRUE(IsReady(second));
  EXPECT_TRUE(IsReady(third));  // both at once: the record is there
}

TEST_F(BuildTurnsTest, AfterARefusalTheNextGoesFirst) {
  Pending first = Take(a_);
  Pending second = Take(a_);
  Pending third = Take(a_);
  first.get().IgnoreError();
  Settle();
  EXPECT_NE(IsReady(second), IsReady(third));
}

TEST_F(BuildTurnsTest, OtherBuildsAndWhatIsNotBuiltDoNotWait) {
  Pending first = Take(a_);
  EXPECT_TRUE(IsReady(Take(b_)));
  EXPECT_TRUE(IsReady(Take(none_)));
  EXPECT_TRUE(IsReady(Take(none_)));
}

TEST_F(BuildTurnsTest, WhoWaitsHonoursItsTimeLimit) {
  Pending first = Take(a_);
  context_ = context_.WithDeadline(clock_.Now() + std::chrono::seconds(5));
  Pending second = Take(a_);
  clock_.Advance(std::chrono::seconds(5));
  Settle();
  ASSERT_TRUE(IsReady(second));
  EXPECT_TRUE(absl::IsDeadlineExceeded(second.get().status()));
}

}  // namespace
}  // namespace daytonad
