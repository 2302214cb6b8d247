// No text in an image makes more of its Dockerfile than the image says.
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/plan.h"
#include "daemon/operations/image/testing/instruction_lister.h"
#include "daemon/operations/image/testing/random_image.h"
#include "gtest/gtest.h"

namespace daytonad {
namespace {

TEST(InjectionTest, RandomImagesBecomeExactlyTheirInstructions) {
  constexpr int kImages = 20'000;
  const FakeHostFiles files = RandomImageFiles();
  RandomImages images(20'240'229);
  int planned = 0;
  for (int i = 0; i < kImages; ++i) {
    const v1::Image image = images.Next();
    const absl::StatusOr<BuildPlan> plan = PlanImage(image, "image", files);
    if (!plan.ok()) {
      EXPECT_NE(ErrorReason(plan.status()), "") << plan.status();
      continue;
    }
    ++planned;
    ASSERT_EQ(FindInjection(image, *plan, files), "") << image.DebugString();
  }
  // Neither is everything refused nor nothing.
  EXPECT_GT(planned, kImages / 5);
  EXPECT_LT(planned, kImages * 4 / 5);
}

// The check above could fail: it sees what the Python SDK's own text would have done.
TEST(InjectionTest, TheCheckFindsAnInjectedInstruction) {
  v1::Image image;
  image.set_base_image("debian:12");
  auto& variable = *image.add_steps()->mutable_env()->add_variables();
  variable.set_name("A");
  variable.set_value("x\nUSER root");
  const BuildPlan injected{"FROM debian:12\nENV A='x\nUSER root'\n", {}};
  EXPECT_NE(FindInjection(image, injected, FakeHostFiles()), "");
  const BuildPlan swallowed{"FROM debian:12 \\\nENV A=x\n", {}};
  EXPECT_NE(FindInjection(image, swallowed, FakeHostFiles()), "");
}

}  // namespace
}  // namespace daytonad
