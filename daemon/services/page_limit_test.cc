#include "daemon/services/page_limit.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/base/error.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

constexpr int kDefaultClientLimit = 4 << 20;

v1::Sandbox FullSandbox(size_t dockerfile) {
  v1::Sandbox sandbox;
  sandbox.set_id("id");
  sandbox.set_view(v1::VIEW_FULL);
  (*sandbox.mutable_labels())["a"] = "b";
  sandbox.mutable_build_info()->set_dockerfile_content(std::string(dockerfile, 'x'));
  (*sandbox.mutable_env())["A"] = "B";
  sandbox.add_volumes()->set_volume("v");
  return sandbox;
}

v1::ListSandboxesResponse Page(int count, size_t dockerfile) {
  v1::ListSandboxesResponse page;
  for (int i = 0; i < count; ++i) *page.add_sandboxes() = FullSandbox(dockerfile);
  return page;
}

TEST(FitPageTest, LeavesAPageThatFitsAsItIs) {
  v1::ListSandboxesResponse page = Page(100, 33'000);
  EXPECT_TRUE(FitPage(*page.mutable_sandboxes()).ok());
  EXPECT_EQ(page.sandboxes(99).view(), v1::VIEW_FULL);
  EXPECT_EQ(page.sandboxes(99).build_info().dockerfile_content().size(), 33'000U);
}

TEST(FitPageTest, MakesTheObjectsOfALargerOneBasicAndKeepsThemAll) {
  v1::ListSandboxesResponse page = Page(200, 33'000);
  ASSERT_GT(page.ByteSizeLong(), size_t{kDefaultClientLimit});
  EXPECT_TRUE(FitPage(*page.mutable_sandboxes()).ok());
  EXPECT_LT(page.ByteSizeLong(), size_t{kDefaultClientLimit});
  ASSERT_EQ(page.sandboxes_size(), 200);
  for (const v1::Sandbox& sandbox : page.sandboxes()) {
    EXPECT_EQ(sandbox.view(), v1::VIEW_BASIC);
    EXPECT_EQ(sandbox.id(), "id");
    EXPECT_EQ(sandbox.labels_size(), 1);
    EXPECT_FALSE(sandbox.has_build_info());
    EXPECT_EQ(sandbox.env_size() + sandbox.volumes_size(), 0);
  }
}

TEST(FitPageTest, DoesSoWithSnapshots) {
  google::protobuf::RepeatedPtrField<v1::Snapshot> snapshots;
  for (int i = 0; i < 200; ++i) {
    v1::Snapshot& snapshot = *snapshots.Add();
    snapshot.set_name("s");
    snapshot.mutable_build_info()->set_dockerfile_content(std::string(33'000, 'x'));
  }
  EXPECT_TRUE(FitPage(snapshots).ok());
  EXPECT_EQ(snapshots[0].view(), v1::VIEW_BASIC);
  EXPECT_EQ(snapshots[0].name(), "s");
  EXPECT_FALSE(snapshots[0].has_build_info());
}

TEST(FitPageTest, SaysHowManyWouldFitIfThatDoesNotSuffice) {
  google::protobuf::RepeatedPtrField<v1::Sandbox> sandboxes;
  for (int i = 0; i < 100; ++i) (*sandboxes.Add()->mutable_labels())["a"] = std::string(70'000, 'x');
  const absl::Status status = FitPage(sandboxes);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(ErrorReason(status), "PAGE_TOO_LARGE");
  EXPECT_NE(status.message().find("such as 49."), absl::string_view::npos) << status;
  sandboxes.DeleteSubrange(49, 51);
  EXPECT_TRUE(FitPage(sandboxes).ok());
}

TEST(FitPageTest, OneObjectAloneIsAlwaysSent) {
  v1::ListSandboxesResponse page = Page(1, 5'000'000);
  EXPECT_TRUE(FitPage(*page.mutable_sandboxes()).ok());
  EXPECT_EQ(page.sandboxes(0).view(), v1::VIEW_FULL);
}

}  // namespace
}  // namespace daytonad
