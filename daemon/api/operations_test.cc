#include "daemon/api/operations.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/results.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/sandbox_settings.pb.h"

namespace daytonad {
namespace {

SandboxListQuery WithLabels(const std::vector<std::string>& keys) {
  SandboxListQuery query;
  for (const std::string& key : keys) (*query.filter.mutable_labels())[key] = "value";
  return query;
}

TEST(OperationsTest, TheRoleTellsTheEffect) {
  EXPECT_EQ(GetSandbox("a").info().effect(), Effect::kRead);
  EXPECT_EQ(ListVolumes(false).info().effect(), Effect::kRead);
  EXPECT_EQ(OperationInfo("GetUrl", ObjectKind::kNone, OperationRole::kRead).effect(), Effect::kRead);
  EXPECT_EQ(CreateVolume("a").info().effect(), Effect::kMutation);
  EXPECT_EQ(StartSandbox("a").info().effect(), Effect::kMutation);
  EXPECT_EQ(DeleteSnapshot("a").info().effect(), Effect::kMutation);
}

TEST(OperationsTest, ListsOfDifferentParametersAreNotShared) {
  SandboxListQuery sorted;
  SandboxListQuery reversed;
  SandboxListQuery sized;
  sorted.sort = v1::SANDBOX_SORT_FIELD_NAME;
  reversed.order = v1::SORT_ORDER_DESC;
  sized.page_size = 1;
  const std::vector<SandboxListQuery> queries = {SandboxListQuery(), sorted, reversed, sized, WithLabels({"a"})};
  std::set<std::string> keys;
  for (const SandboxListQuery& query : queries) {
    for (const char* cursor : {"", "1", "1/"}) keys.insert(ListSandboxes(query, cursor).share_key());
  }
  EXPECT_EQ(keys.size(), 3 * queries.size());
  keys.clear();
  for (const SandboxListQuery& query : queries) {
    for (const int page : {1, 2}) keys.insert(ListSandboxesByPage(query, page).share_key());
  }
  EXPECT_EQ(keys.size(), 2 * queries.size());
  EXPECT_NE(ListVolumes(true).share_key(), ListVolumes(false).share_key());
  EXPECT_NE(GetVolume::ById("a").share_key(), GetVolume::ByName("a").share_key());
}

TEST(OperationsTest, SnapshotListsOfDifferentParametersAreNotShared) {
  SnapshotListQuery name;
  SnapshotListQuery source;
  SnapshotListQuery both;
  SnapshotListQuery sorted;
  SnapshotListQuery reversed;
  SnapshotListQuery sized;
  name.name = "ab";
  source.source_sandbox = "ab";
  both.name = "a";
  both.source_sandbox = "b";
  sorted.sort = v1::SNAPSHOT_SORT_FIELD_NAME;
  reversed.order = v1::SORT_ORDER_DESC;
  sized.page_size = 1;
  std::set<std::string> keys;
  for (const SnapshotListQuery& query : {SnapshotListQuery(), name, source, both, sorted, reversed, sized}) {
    for (const int page : {1, 2}) keys.insert(ListSnapshots(query, page).share_key());
  }
  EXPECT_EQ(keys.size(), 14U);
}

TEST(OperationsTest, TheOrderOfLabelsMakesNoDifference) {
  const std::vector<std::string> labels = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"};
  const std::vector<std::string> backwards(labels.rbegin(), labels.rend());
  EXPECT_EQ(ListSandboxes(WithLabels(labels), "").share_key(), ListSandboxes(WithLabels(backwards), "").share_key());
}

TEST(OperationsTest, AListShowsWhatMatchesItsStates) {
  v1::Sandbox started;
  started.set_state(v1::SANDBOX_STATE_STARTED);
  started.set_state_text("started");
  SandboxListQuery query;
  EXPECT_TRUE(ListSandboxes(query, "").Shows(started, true));
  EXPECT_FALSE(ListSandboxes(query, "").Shows(started, false));
  query.filter.add_states(v1::SANDBOX_STATE_STOPPED);
  EXPECT_FALSE(ListSandboxes(query, "").Shows(started, true));
  query.filter.add_state_texts("started");
  EXPECT_TRUE(ListSandboxesByPage(query, 1).Shows(started, true));

  v1::Volume deleted;
  deleted.set_state(v1::VOLUME_STATE_DELETED);
  EXPECT_TRUE(ListVolumes(true).Shows(deleted, false));
  EXPECT_FALSE(ListVolumes(false).Shows(deleted, false));
}

TEST(OperationsTest, AnOperationThatWasResolvedGoesById) {
  GetVolume get = GetVolume::ByName("data");
  get.set_id("id-1");
  EXPECT_EQ(get.info().key, "id-1");
  EXPECT_EQ(get.info().key_form, KeyForm::kId);
  EXPECT_EQ(get.info().name, "GetVolumeById");

  OperationInfo info("SetSandboxTtl", ObjectKind::kSandbox, OperationRole::kMutate, "box", KeyForm::kIdOrName);
  ForwardedCall call(std::move(info), std::make_shared<v1::SetSandboxTtlRequest>(),
                     v1::SetSandboxTtlResponse::default_instance());
  call.set_id("id-1");
  EXPECT_EQ(call.info().key, "id-1");
  EXPECT_EQ(call.info().key_form, KeyForm::kId);
}

TEST(ResultsTest, AnObjectIsFoundInAnyKindOfResult) {
  const absl::StatusOr<v1::Sandbox> sandbox = v1::Sandbox();
  EXPECT_EQ(ObjectIn<v1::Sandbox>(sandbox), &*sandbox);
  EXPECT_EQ(ObjectIn<v1::Volume>(sandbox), nullptr);
  EXPECT_EQ(ObjectIn<v1::Sandbox>(absl::StatusOr<v1::Sandbox>(absl::InternalError(""))), nullptr);
  EXPECT_EQ(ObjectIn<v1::Snapshot>(absl::OkStatus()), nullptr);

  auto with_sandbox = std::make_shared<v1::SetSandboxTtlResponse>();
  with_sandbox->mutable_sandbox()->set_id("id-1");
  const ForwardedCall::Result response(with_sandbox);
  EXPECT_EQ(ObjectIn<v1::Sandbox>(response), &with_sandbox->sandbox());
  EXPECT_EQ(ObjectIn<v1::Snapshot>(response), nullptr);
  EXPECT_EQ(ObjectIn<v1::Sandbox>(ForwardedCall::Result(std::make_shared<v1::SetSandboxLabelsResponse>())), nullptr);
  EXPECT_EQ(ObjectIn<v1::Sandbox>(ForwardedCall::Result(absl::InternalError(""))), nullptr);

  // A list of objects is not the object that a mutation was about.
  auto list = std::make_shared<v1::ListSandboxesResponse>();
  list->add_sandboxes();
  EXPECT_EQ(ObjectIn<v1::Sandbox>(ForwardedCall::Result(list)), nullptr);
}

}  // namespace
}  // namespace daytonad
