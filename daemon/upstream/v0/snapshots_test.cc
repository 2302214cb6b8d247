#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

using testing::ElementsAre;

constexpr char kSnapshot[] = R"({"id": "8f594dc5-66dd-4a29-ac7e-2270f4776e41", "name": "s1", "state": "pending"})";
constexpr char kUuid[] = "8f594dc5-66dd-4a29-ac7e-2270f4776e41";

class SnapshotsTest : public RestApiFixture {};

TEST_F(SnapshotsTest, Creates) {
  http_.Answer(200, kSnapshot);
  CreateSnapshot snapshot;
  snapshot.spec.set_name("s1");
  snapshot.spec.set_image("ubuntu:22.04");
  const absl::StatusOr<v1::Snapshot> created = Run(api_->Run(context_, snapshot));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->state(), v1::SNAPSHOT_STATE_PENDING);
  EXPECT_THAT(http_.Lines(), ElementsAre("POST http://api.test/api/snapshots"));
  EXPECT_EQ(http_.requests()[0].body, R"({"name":"s1","imageName":"ubuntu:22.04","regionId":"us"})");
  EXPECT_EQ(http_.requests()[0].pool, ConnectionPool::kCreates);
  EXPECT_TRUE(http_.requests()[0].irrevocable_once_sent);
}

TEST_F(SnapshotsTest, CreateNamesWhatItWasToMake) {
  http_.Answer(400, Envelope(400, "Snapshot quota exceeded. Maximum allowed: 30"));
  CreateSnapshot snapshot;
  snapshot.spec.set_name("s1");
  const absl::Status error = Run(api_->Run(context_, snapshot)).status();
  EXPECT_EQ(ErrorReason(error), "QUOTA_EXCEEDED");
  EXPECT_EQ(ErrorMetadataValue(error, "limit"), "30");
  EXPECT_EQ(ErrorMetadataValue(error, "snapshot_name"), "s1");
}

TEST_F(SnapshotsTest, GetsByNameWithSlashAndColon) {
  http_.Answer(200, kSnapshot);
  EXPECT_EQ(Run(api_->Run(context_, GetSnapshot("a/b:1")))->id(), kUuid);
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/snapshots/a%2Fb%3A1"));
}

TEST_F(SnapshotsTest, Lists) {
  http_.Answer(200, R"({"items": [)" + std::string(kSnapshot) + R"(], "total": 21, "page": 3, "totalPages": 3})");
  SnapshotListQuery query;
  query.name = "s";
  query.source_sandbox = "q";
  query.sort = v1::SNAPSHOT_SORT_FIELD_LAST_USED_AT;
  query.order = v1::SORT_ORDER_DESC;
  query.page_size = 10;
  const absl::StatusOr<SnapshotPage> page = Run(api_->Run(context_, ListSnapshots(query, 3)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->items[0].id(), kUuid);
  EXPECT_EQ(page->totals.total_size, 21);
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/snapshots?page=3&limit=10&name=s&sourceSandboxId=q"
                                         "&sort=lastUsedAt&order=desc"));
}

TEST_F(SnapshotsTest, ActivatesDeactivatesAndDeletes) {
  http_.Answer(200, kSnapshot).Answer(204, "").Answer(200, "");
  EXPECT_TRUE(Run(api_->Run(context_, ActivateSnapshot(kUuid))).ok());
  EXPECT_TRUE(Run(api_->Run(context_, DeactivateSnapshot(kUuid))).ok());
  EXPECT_TRUE(Run(api_->Run(context_, DeleteSnapshot(kUuid))).ok());
  const std::string url = std::string("http://api.test/api/snapshots/") + kUuid;
  EXPECT_THAT(http_.Lines(), ElementsAre("POST " + url + "/activate", "POST " + url + "/deactivate", "DELETE " + url));
  for (const HttpRequest& request : http_.requests()) EXPECT_TRUE(request.irrevocable_once_sent);
}

TEST_F(SnapshotsTest, MutationsAreNotRepeatedWhenTheyMayHaveHappened) {
  for (int i = 0; i < 3; ++i) http_.Answer(502, "");
  const absl::Status errors[] = {Run(api_->Run(context_, ActivateSnapshot(kUuid))).status(),
                                 Run(api_->Run(context_, DeactivateSnapshot(kUuid))),
                                 Run(api_->Run(context_, DeleteSnapshot(kUuid)))};
  for (const absl::Status& error : errors) {
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ErrorMetadataValue(error, "outcome"), "unknown");
    EXPECT_EQ(ErrorMetadataValue(error, "snapshot_id"), kUuid);
  }
  EXPECT_EQ(http_.requests().size(), 3U);
}

}  // namespace
}  // namespace daytonad
