#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"
#include "google/protobuf/text_format.h"

namespace daytonad {
namespace {

using testing::ElementsAre;

constexpr char kSandbox[] = R"({"id": "0daf0272-2824-474d-af76-f0f32c848493", "name": "g1", "state": "started"})";
constexpr char kUuid[] = "0daf0272-2824-474d-af76-f0f32c848493";

class SandboxesTest : public RestApiFixture {};

TEST_F(SandboxesTest, CreatesOnAConnectionOfItsOwnWithTimeForUpstreamToWait) {
  http_.Answer(200, kSandbox);
  CreateSandbox sandbox;
  sandbox.spec.set_name("g1");
  const absl::StatusOr<v1::Sandbox> created = Run(api_->Run(context_, sandbox));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->id(), kUuid);
  EXPECT_EQ(created->view(), v1::VIEW_FULL);
  EXPECT_THAT(http_.Lines(), ElementsAre("POST http://api.test/api/sandbox"));
  EXPECT_EQ(http_.requests()[0].body,
            R"({"name":"g1","env":{},"labels":{"code-toolbox-language":"python"},"target":"us","volumes":[]})");
  EXPECT_EQ(http_.requests()[0].pool, ConnectionPool::kCreates);
  EXPECT_TRUE(http_.requests()[0].irrevocable_once_sent);
  EXPECT_GE(http_.limits()[0], std::chrono::seconds(60));
}

TEST_F(SandboxesTest, CreateIsNotRepeatedWhenItMayHaveHappened) {
  http_.Fail(ConnectionLost());
  CreateSandbox sandbox;
  sandbox.spec.set_name("g1");
  const absl::Status error = Run(api_->Run(context_, sandbox)).status();
  EXPECT_EQ(http_.requests().size(), 1U);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_CONNECTION_LOST");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), "unknown");
  EXPECT_EQ(ErrorMetadataValue(error, "sandbox_name"), "g1");
}

TEST_F(SandboxesTest, CreateNamesWhatItWasToMake) {
  http_.Answer(409, R"({"message": "Sandbox with name g1 already exists", "error": "Conflict", "statusCode": 409})");
  CreateSandbox sandbox;
  sandbox.spec.set_name("g1");
  const absl::Status error = Run(api_->Run(context_, sandbox)).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(error), "NAME_TAKEN");
  EXPECT_EQ(ErrorMetadataValue(error, "sandbox_name"), "g1");
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_path"), "/api/sandbox");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), std::nullopt);
}

TEST_F(SandboxesTest, GetsByIdOrName) {
  http_.Answer(200, kSandbox).Answer(200, kSandbox);
  EXPECT_EQ(Run(api_->Run(context_, GetSandbox(kUuid)))->name(), "g1");
  EXPECT_EQ(Run(api_->Run(context_, GetSandbox("a/b c?")))->name(), "g1");
  EXPECT_THAT(http_.Lines(), ElementsAre(std::string("GET http://api.test/api/sandbox/") + kUuid,
                                         "GET http://api.test/api/sandbox/a%2Fb%20c%3F"));
  EXPECT_EQ(http_.requests()[0].pool, ConnectionPool::kCalls);
  EXPECT_FALSE(http_.requests()[0].irrevocable_once_sent);
}

TEST_F(SandboxesTest, NotFoundNamesTheSandbox) {
  http_.Answer(404, Envelope(404, "Sandbox with ID or name nope not found"))
      .Answer(404, Envelope(404, absl::StrCat("Sandbox with ID or name ", kUuid, " not found")));
  absl::Status error = Run(api_->Run(context_, GetSandbox("nope"))).status();
  EXPECT_EQ(ErrorReason(error), "SANDBOX_NOT_FOUND");
  EXPECT_EQ(ErrorMetadataValue(error, "sandbox_name"), "nope");
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_path"), "/api/sandbox/nope");
  error = Run(api_->Run(context_, GetSandbox(kUuid))).status();
  EXPECT_EQ(ErrorReason(error), "SANDBOX_NOT_FOUND");
  EXPECT_EQ(ErrorMetadataValue(error, "sandbox_id"), kUuid);
}

TEST_F(SandboxesTest, AnEmptyNameNeverReachesTheListRoute) {
  const absl::Status error = Run(api_->Run(context_, DeleteSandbox(""))).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(SandboxesTest, ListsWithEveryFilter) {
  http_.Answer(200, R"({"items": [{"id": "a"}], "nextCursor": "NEXT=="})");
  SandboxListQuery query;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        id_prefix: "i"
        name_prefix: "n"
        labels { key: "a" value: "b" }
        states: SANDBOX_STATE_STARTED
        states: SANDBOX_STATE_BUILD_FAILED
        state_texts: "hibernating"
        snapshots: "s/1"
        targets: "us"
        targets: "eu"
        min_cpu: 1
        max_cpu: 2
        min_memory_gib: 3
        max_memory_gib: 4
        min_disk_gib: 5
        max_disk_gib: 6
        is_public: false
        is_recoverable: true
        created_at_after { seconds: 1795293348 nanos: 701000000 }
        created_at_before { seconds: 1795293349 }
        last_activity_after { seconds: 1795293350 }
        last_activity_before { seconds: 1795293351 }
        auto_destroy_at_after { seconds: 1795293352 }
        auto_destroy_at_before { seconds: 1795293353 }
        include_errored_deleted: true
        include_warm: true
        sandbox_classes: SANDBOX_CLASS_LINUX_VM
        sandbox_class_texts: "mainframe"
        min_gpu: 0
        max_gpu: 2)pb",
      &query.filter));
  query.sort = v1::SANDBOX_SORT_FIELD_MEMORY_GIB;
  query.order = v1::SORT_ORDER_ASC;
  query.page_size = 5;
  const absl::StatusOr<SandboxPage> page = Run(api_->Run(context_, ListSandboxes(query, "CUR==")));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->next_cursor, "NEXT==");
  EXPECT_EQ(page->items[0].view(), v1::VIEW_BASIC);
  EXPECT_THAT(
      http_.Lines(),
      ElementsAre("GET http://api.test/api/sandbox?cursor=CUR%3D%3D&limit=5&id=i&name=n&labels=%7B%22a%22%3A%22b%22%7D"
                  "&includeErroredDeleted=true&states=started&states=build_failed&states=hibernating&snapshots=s%2F1"
                  "&regionIds=us&regionIds=eu&minCpu=1&maxCpu=2&minMemoryGiB=3&maxMemoryGiB=4&minDiskGiB=5&maxDiskGiB=6"
                  "&lastEventAfter=2026-11-21T20%3A35%3A50.000Z&lastEventBefore=2026-11-21T20%3A35%3A51.000Z"
                  "&minGpu=0&maxGpu=2&includeWarm=true&sandboxClasses=linux-vm&sandboxClasses=mainframe&isPublic=false&"
                  "isRecoverable=true"
                  "&createdAtAfter=2026-11-21T20%3A35%3A48.701Z&createdAtBefore=2026-11-21T20%3A35%3A49.000Z"
                  "&autoDestroyAtAfter=2026-11-21T20%3A35%3A52.000Z&autoDestroyAtBefore=2026-11-21T20%3A35%3A53.000Z"
                  "&sort=memoryGib&order=asc"));
}

TEST_F(SandboxesTest, EveryAnswerMayTellWhoAnswers) {
  EXPECT_EQ(api_->server_version(), std::nullopt);
  http_.Answer(404, Envelope(404, "Sandbox with ID or name g1 not found"), {{"X-Daytona-Api-Version", "0.190.0"}});
  http_.Answer(200, kSandbox, {{"X-Daytona-Api-Version", "v0.226.1"}});
  http_.Answer(200, kSandbox);
  EXPECT_FALSE(Run(api_->Run(context_, GetSandbox("g1"))).ok());
  EXPECT_EQ(api_->server_version(), (ServerVersion{0, 190, 0}));
  EXPECT_TRUE(Run(api_->Run(context_, GetSandbox("g1"))).ok());
  EXPECT_TRUE(Run(api_->Run(context_, GetSandbox("g1"))).ok());
  EXPECT_EQ(api_->server_version(), (ServerVersion{0, 226, 1}));
}

TEST_F(SandboxesTest, AnEmptyQuerySendsNoParameters) {
  http_.Answer(200, R"({"items": [], "nextCursor": null})");
  EXPECT_TRUE(Run(api_->Run(context_, ListSandboxes(SandboxListQuery(), ""))).ok());
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/sandbox"));
}

TEST_F(SandboxesTest, ListsNumberedPagesWithTheirOwnParameterNames) {
  http_.Answer(200, R"({"items": [{"id": "a"}], "total": 3, "page": 2, "totalPages": 3})");
  SandboxListQuery query;
  query.filter.add_targets("us");
  query.sort = v1::SANDBOX_SORT_FIELD_TARGET;
  query.page_size = 1;
  const absl::StatusOr<NumberedSandboxPage> page = Run(api_->Run(context_, ListSandboxesByPage(query, 2)));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->items[0].view(), v1::VIEW_FULL);
  EXPECT_EQ(page->totals->total_pages, 3);
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://api.test/api/sandbox/paginated?page=2&limit=1&regions=us&sort=region"));
}

TEST_F(SandboxesTest, StartsStopsAndDeletes) {
  for (int i = 0; i < 4; ++i) http_.Answer(200, kSandbox);
  EXPECT_TRUE(Run(api_->Run(context_, StartSandbox("g1"))).ok());
  EXPECT_TRUE(Run(api_->Run(context_, StopSandbox("g1", /*force=*/false))).ok());
  EXPECT_TRUE(Run(api_->Run(context_, StopSandbox("g1", /*force=*/true))).ok());
  EXPECT_TRUE(Run(api_->Run(context_, DeleteSandbox("g1"))).ok());
  EXPECT_THAT(
      http_.Lines(),
      ElementsAre("POST http://api.test/api/sandbox/g1/start", "POST http://api.test/api/sandbox/g1/stop?force=false",
                  "POST http://api.test/api/sandbox/g1/stop?force=true", "DELETE http://api.test/api/sandbox/g1"));
  for (const HttpRequest& request : http_.requests()) {
    EXPECT_TRUE(request.irrevocable_once_sent);
    EXPECT_EQ(request.body, "");
    EXPECT_EQ(request.headers.Get("Content-Type"), "");
  }
  EXPECT_EQ(http_.requests()[0].pool, ConnectionPool::kCreates) << "upstream holds a start as it holds a create";
}

TEST_F(SandboxesTest, OnlyAStartIsRepeatedAfterABrokenConnection) {
  http_.Fail(ConnectionLost()).Answer(200, kSandbox);
  EXPECT_TRUE(Run(api_->Run(context_, StartSandbox("g1"))).ok());
  http_.Fail(ConnectionLost());
  EXPECT_EQ(ErrorMetadataValue(Run(api_->Run(context_, StopSandbox("g1", false))).status(), "outcome"), "unknown");
  http_.Fail(ConnectionLost());
  EXPECT_EQ(ErrorMetadataValue(Run(api_->Run(context_, DeleteSandbox("g1"))).status(), "outcome"), "unknown");
  EXPECT_EQ(http_.requests().size(), 4U);
}

}  // namespace
}  // namespace daytonad
