// A 404 in words that are not known, and names that a route hides: a list tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kId[] = "0daf0272-2824-474d-af76-f0f32c848493";

std::string NotFound(const std::string& message) {
  return Json{{"path", "/api/x"}, {"statusCode", 404}, {"error", "Not Found"}, {"message", message}}.dump();
}

class AbsenceTest : public RestApiFixture {
 protected:
  absl::Status Get(const std::string& id_or_name) { return Run(api_->Run(context_, GetSandbox(id_or_name))).status(); }
};

TEST_F(AbsenceTest, DaytonasOwnWordsNeedNoList) {
  http_.Answer(404, NotFound("Sandbox with ID or name box not found"));
  EXPECT_TRUE(IsAbsent(Get("box")));
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(AbsenceTest, UnknownWordsAreConfirmedByAListReadToItsEnd) {
  http_.Answer(404, NotFound("Not Found"))
      .Answer(200, R"({"items": [{"id": "1", "name": "box-2"}], "nextCursor": "c1"})")
      .Answer(200, R"({"items": [{"id": "2", "name": "box-3"}], "nextCursor": null})");
  const absl::Status error = Get("box");
  EXPECT_TRUE(IsAbsent(error)) << error;
  EXPECT_EQ(ErrorReason(error), "SANDBOX_NOT_FOUND");
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_message"), "Not Found");
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://api.test/api/sandbox/box", "GET http://api.test/api/sandbox?limit=200&name=box",
                          "GET http://api.test/api/sandbox?limit=200&name=box&cursor=c1"));
}

TEST_F(AbsenceTest, WhatTheListShowsIsNotGone) {
  http_.Answer(404, NotFound("Sandbox not found"))
      .Answer(200, absl::StrCat(R"({"items": [{"id": ")", kId, R"(", "name": "box"}], "nextCursor": null})"));
  const absl::Status error = Get(kId);
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_FOREIGN_ANSWER");
  EXPECT_TRUE(RetryDelay(error).has_value());
  EXPECT_THAT(http_.Lines()[1], HasSubstr(absl::StrCat("id=", kId)));
}

TEST_F(AbsenceTest, AListThatCantBeReadConfirmsNothing) {
  for (const char* list : {R"({"items": [{"name": 7}], "nextCursor": null})", "<html></html>"}) {
    http_.Answer(404, NotFound("gone?"));
    for (int i = 0; i < 4; ++i) http_.Answer(200, list);
    EXPECT_EQ(Get("box").code(), absl::StatusCode::kUnavailable) << list;
  }
}

TEST_F(AbsenceTest, AListWithoutAnEndConfirmsNothing) {
  const auto page = [](const std::string& items, const std::string& cursor) {
    return absl::StrCat(R"({"items": [)", items, R"(], "nextCursor": ")", cursor, R"("})");
  };
  const auto pages_read = [&] {
    const size_t before = http_.requests().size();
    EXPECT_EQ(Get("box").code(), absl::StatusCode::kUnavailable);
    http_.ForgetScript();
    return http_.requests().size() - before - 1;
  };
  http_.Answer(404, NotFound("gone?"));
  for (int i = 0; i < 5; ++i) http_.Answer(200, page(R"({"id": "1"})", "same"));
  EXPECT_EQ(pages_read(), 2U);
  http_.Answer(404, NotFound("gone?"));
  for (int i = 0; i < 5; ++i) http_.Answer(200, page(R"({"id": "1"})", i % 2 == 0 ? "a" : "b"));
  EXPECT_EQ(pages_read(), 3U) << "a circle of two";
  http_.Answer(404, NotFound("gone?"));
  for (int i = 0; i < 200; ++i) http_.Answer(200, page("", absl::StrCat("c", i)));
  EXPECT_EQ(pages_read(), 100U) << "on and on, with nothing in them";
}

TEST_F(AbsenceTest, SnapshotsAndVolumesAlike) {
  http_.Answer(404, NotFound("gone?"))
      .Answer(200, R"({"items": [{"id": "1", "name": "s2"}], "total": 2, "page": 1, "totalPages": 2})")
      .Answer(200, R"({"items": [{"id": "2", "name": "s3"}], "total": 2, "page": 2, "totalPages": 2})");
  EXPECT_TRUE(IsAbsent(Run(api_->Run(context_, GetSnapshot("s"))).status()));
  EXPECT_EQ(http_.Lines().back(), "GET http://api.test/api/snapshots?limit=200&name=s&page=2");
  http_.Answer(404, NotFound("gone?")).Answer(200, R"([{"id": "1", "name": "other"}])");
  EXPECT_TRUE(IsAbsent(Run(api_->Run(context_, GetVolume::ByName("data"))).status()));
  http_.Answer(404, NotFound("gone?")).Answer(200, absl::StrCat(R"([{"id": ")", kId, R"(", "name": "data"}])"));
  EXPECT_TRUE(absl::IsUnavailable(Run(api_->Run(context_, DeleteVolume(kId)))));
}

TEST_F(AbsenceTest, ANameThatARouteHidesIsFoundByTheList) {
  http_.Answer(200, absl::StrCat(R"({"items": [{"id": ")", kId, R"(", "name": "paginated"}], "nextCursor": null})"))
      .Answer(200, absl::StrCat(R"({"id": ")", kId, R"(", "name": "paginated"})"));
  const absl::StatusOr<v1::Sandbox> sandbox = Run(api_->Run(context_, GetSandbox("paginated")));
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  EXPECT_EQ(sandbox->id(), kId);
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/api/sandbox?limit=200&name=paginated",
                                         absl::StrCat("GET http://api.test/api/sandbox/", kId)));
  http_.Answer(200, R"({"items": [], "nextCursor": null})");
  EXPECT_TRUE(IsAbsent(Get("Paginated")));
}

}  // namespace
}  // namespace daytonad
