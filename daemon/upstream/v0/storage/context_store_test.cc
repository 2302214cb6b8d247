#include "daemon/upstream/v0/storage/context_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kAccess[] = R"({"accessKey": "AKIDEXAMPLE", "secret": "s3cr3t", "sessionToken": "t0k3n",
  "storageUrl": "https://s3.test", "organizationId": "org-1", "bucket": "builds", "region": "eu-central-1"})";
constexpr char kUploadStarted[] = "<R><UploadId>id</UploadId></R>";
constexpr char kCompleted[] = "<CompleteMultipartUploadResult/>";
constexpr char kUrl[] = "https://s3.test/builds/org-1/0a1b/context.tar";

class ContextStoreTest : public RestApiFixture {
 protected:
  absl::StatusOr<std::unique_ptr<ContextStore>> Open() { return Run(api_->OpenContextStore(context_)); }

  // Parts of 4 bytes, 3 of them at most.
  std::unique_ptr<ContextStore> Small() {
    PartLimits limits;
    limits.part_size = 4;
    limits.max_parts = 3;
    return std::make_unique<S3ContextStore>(
        *ReadStorageAccess(Json::parse(kAccess)), http_, clock_, [] { return 0.5; }, limits);
  }

  FakeHttpClient& AnswerPart(int number) {
    return http_.Answer(200, "", {{"ETag", absl::StrCat("\"e", number, "\"")}});
  }
  absl::Status Write(ContextUpload& upload, std::string bytes) { return Run(upload.Write(context_, std::move(bytes))); }
  absl::Status Finish(ContextUpload& upload) { return Run(upload.Finish(context_)); }
  std::string Request(size_t i) {
    return absl::StrCat(http_.Lines().at(i), " ", std::string(http_.requests()[i].Content()));
  }
};

TEST_F(ContextStoreTest, OpensWithKeysThatDaytonaLends) {
  http_.Answer(200, kAccess).Answer(404, "");
  auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_FALSE(*Run((*store)->Contains(context_, "0a1b")));
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://api.test/api/object-storage/push-access", absl::StrCat("HEAD ", kUrl)));
  const StorageSignature& signature = *http_.requests()[1].storage_signature;
  EXPECT_EQ(signature.region, "eu-central-1");
  EXPECT_EQ(signature.access_key, "AKIDEXAMPLE");
  EXPECT_EQ(signature.secret_key.Reveal(), "s3cr3t");
  EXPECT_EQ(signature.session_token.Reveal(), "t0k3n");
}

TEST_F(ContextStoreTest, TheCredentialAndDaytonasHeadersDoNotGoToTheStorage) {
  http_.Answer(200, kAccess).Answer(200, "");
  auto store = Open();
  ASSERT_TRUE(Run((*store)->Contains(context_, "0a1b")).ok());
  EXPECT_FALSE(http_.requests()[0].bearer.empty());
  EXPECT_FALSE(http_.requests()[0].storage_signature.has_value());
  EXPECT_TRUE(http_.requests()[1].bearer.empty());
  for (const auto& [name, value] : http_.requests()[1].headers.entries()) EXPECT_THAT(name, Not(HasSubstr("X-")));
}

TEST_F(ContextStoreTest, OlderVersionsNameNeitherRegionNorBucket) {
  http_.Answer(200, R"({"accessKey": "a", "secret": "s", "sessionToken": null, "storageUrl": "http://minio:9000/",
    "organizationId": "org 1"})");
  http_.Answer(200, "");
  auto store = Open();
  ASSERT_TRUE(Run((*store)->Contains(context_, "0a1b")).ok());
  EXPECT_EQ(http_.requests()[1].url, "http://minio:9000/daytona-volume-builds/org%201/0a1b/context.tar");
  EXPECT_EQ(http_.requests()[1].storage_signature->region, "us-east-1");
  EXPECT_TRUE(http_.requests()[1].storage_signature->session_token.empty());
}

TEST_F(ContextStoreTest, AnInstallationWithoutStorageIsNotAskedAgain) {
  http_.Answer(503, R"({"statusCode": 503, "message": "Object storage is not configured"})");
  const absl::Status error = Open().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(error), "NO_CONTEXT_STORE");
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ContextStoreTest, ErrorsOfDaytonaAreThoseOfEveryCall) {
  http_.Answer(403, Envelope(403, "Forbidden resource"));
  EXPECT_EQ(ErrorReason(Open().status()), "PERMISSION_DENIED_BY_UPSTREAM");
  http_.Answer(503, Envelope(503, "Service is currently under maintenance.")).Answer(200, kAccess);
  EXPECT_TRUE(Open().ok());
}

TEST_F(ContextStoreTest, AnAnswerThatCannotBeUsedIsSaidSoWithoutItsSecrets) {
  for (const char* name : {"accessKey", "secret", "storageUrl", "organizationId"}) {
    Json access = Json::parse(kAccess);
    access.erase(name);
    for (int i = 0; i < 4; ++i) http_.Answer(200, access.dump());
    const absl::Status error = Open().status();
    EXPECT_EQ(ErrorReason(error), "UPSTREAM_FOREIGN_ANSWER");
    EXPECT_THAT(std::string(error.message()), HasSubstr(name));
  }
  for (const char* url : {"s3.test", "ftp://s3.test", "https://user:hunter2@s3.test", "https://s3.test/?a=1"}) {
    Json access = Json::parse(kAccess);
    access["storageUrl"] = url;
    http_.Answer(200, access.dump());
    const std::string text = Open().status().ToString();
    EXPECT_THAT(text, HasSubstr("`storageUrl` can't be used"));
    for (const char* secret : {"s3cr3t", "t0k3n", "hunter2"}) EXPECT_THAT(text, Not(HasSubstr(secret)));
  }
}

TEST_F(ContextStoreTest, AHashThatIsNoneReachesNoStore) {
  auto store = Small();
  for (const char* hash : {"", "../0a", "0a/1b", "xyz"}) {
    EXPECT_EQ(ErrorReason(Run(store->Contains(context_, hash)).status()), "INVALID_REQUEST");
    auto upload = store->Upload(hash);
    EXPECT_EQ(ErrorReason(Write(*upload, "tar")), "INVALID_REQUEST");
    EXPECT_EQ(ErrorReason(Finish(*upload)), "INVALID_REQUEST");
    Run(upload->Abort(context_));
  }
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(ContextStoreTest, WhatFitsIntoOnePartIsSentWholeAtTheEnd) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  EXPECT_TRUE(Write(*upload, "ab").ok());
  EXPECT_TRUE(Write(*upload, "").ok());
  EXPECT_TRUE(Write(*upload, "cd").ok());
  EXPECT_TRUE(http_.requests().empty());
  http_.Answer(200, "");
  EXPECT_TRUE(Finish(*upload).ok());
  EXPECT_EQ(Request(0), absl::StrCat("PUT ", kUrl, " abcd"));
}

TEST_F(ContextStoreTest, AnEmptyContextIsAnEmptyObject) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, "");
  EXPECT_TRUE(Finish(*upload).ok());
  EXPECT_EQ(Request(0), absl::StrCat("PUT ", kUrl, " "));
}

TEST_F(ContextStoreTest, MoreGoesInPartsAsItComes) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted);
  AnswerPart(1);
  EXPECT_TRUE(Write(*upload, "abcdef").ok());
  EXPECT_EQ(http_.requests().size(), 2U);
  AnswerPart(2);
  EXPECT_TRUE(Write(*upload, "ghi").ok());
  AnswerPart(3).Answer(200, kCompleted);
  EXPECT_TRUE(Finish(*upload).ok());
  const std::string url = kUrl;
  ASSERT_EQ(http_.requests().size(), 5U);
  EXPECT_EQ(Request(0), "POST " + url + "?uploads= ");
  EXPECT_EQ(Request(1), "PUT " + url + "?partNumber=1&uploadId=id abcd");
  EXPECT_EQ(Request(2), "PUT " + url + "?partNumber=2&uploadId=id efgh");
  EXPECT_EQ(Request(3), "PUT " + url + "?partNumber=3&uploadId=id i");
  EXPECT_EQ(Request(4), "POST " + url +
                            "?uploadId=id <CompleteMultipartUpload>"
                            "<Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part>"
                            "<Part><PartNumber>2</PartNumber><ETag>\"e2\"</ETag></Part>"
                            "<Part><PartNumber>3</PartNumber><ETag>\"e3\"</ETag></Part></CompleteMultipartUpload>");
}

TEST_F(ContextStoreTest, OneWriteMayBeManyParts) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted);
  AnswerPart(1);
  AnswerPart(2);
  EXPECT_TRUE(Write(*upload, "abcdefghijkl").ok());
  AnswerPart(3).Answer(200, kCompleted);
  EXPECT_TRUE(Finish(*upload).ok());
  EXPECT_EQ(http_.requests()[3].Content(), "ijkl");
}

TEST_F(ContextStoreTest, TooManyPartsAreRefusedWithTheLimit) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted);
  for (int i = 1; i <= 3; ++i) AnswerPart(i);
  EXPECT_TRUE(Write(*upload, "abcdefghijkl").ok());
  const absl::Status error = Write(*upload, "mnopq");
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(error), "CONTEXT_TOO_LARGE");
  EXPECT_EQ(ErrorMetadataValue(error, "limit"), "12");
  EXPECT_EQ(Finish(*upload), error);
  http_.Answer(204, "");
  Run(upload->Abort(context_));
}

TEST_F(ContextStoreTest, APartThatFailsEndsTheUploadAndAbortTakesItBack) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted).Answer(403, "<Error><Code>ExpiredToken</Code></Error>");
  EXPECT_EQ(ErrorReason(Write(*upload, "abcdef")), "CONTEXT_STORE_REFUSED");
  EXPECT_EQ(ErrorReason(Write(*upload, "g")), "CONTEXT_STORE_REFUSED");
  EXPECT_EQ(ErrorReason(Finish(*upload)), "CONTEXT_STORE_REFUSED");
  EXPECT_EQ(http_.requests().size(), 2U);
  http_.Answer(204, "");
  Run(upload->Abort(context_));
  EXPECT_EQ(Request(2), absl::StrCat("DELETE ", kUrl, "?uploadId=id "));
  Run(upload->Abort(context_));
  EXPECT_EQ(http_.requests().size(), 3U);
}

TEST_F(ContextStoreTest, AnObjectThatCouldNotBePutIsNotReplacedByAnEmptyOne) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  ASSERT_TRUE(Write(*upload, "ab").ok());
  http_.Answer(403, "");
  EXPECT_FALSE(Finish(*upload).ok());
  EXPECT_FALSE(Finish(*upload).ok());
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ContextStoreTest, AbortOfWhatWasNotBegunSendsNothing) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  ASSERT_TRUE(Write(*upload, "ab").ok());
  Run(upload->Abort(context_));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(ContextStoreTest, AnAbortThatFailsIsNoError) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted);
  AnswerPart(1);
  ASSERT_TRUE(Write(*upload, "abcdef").ok());
  http_.Answer(403, "");
  Run(upload->Abort(context_));
  EXPECT_EQ(http_.requests().back().method, HttpMethod::kDelete);
}

TEST_F(ContextStoreTest, AnUploadMayBeLetGoOfUnfinished) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted);
  AnswerPart(1);
  ASSERT_TRUE(Write(*upload, "abcdef").ok());
  upload.reset();
  EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(ContextStoreTest, AnUploadWhoseCompletionFailedCanStillBeAborted) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted);
  AnswerPart(1);
  ASSERT_TRUE(Write(*upload, "abcdef").ok());
  AnswerPart(2).Answer(400, "<Error><Code>InvalidPart</Code></Error>");
  EXPECT_EQ(ErrorMetadataValue(Finish(*upload), "storage_error"), "InvalidPart");
  http_.Answer(204, "");
  Run(upload->Abort(context_));
  EXPECT_EQ(http_.requests().back().method, HttpMethod::kDelete);
}

TEST_F(ContextStoreTest, PartsAreSentAgainWithTheSameBytes) {
  auto store = Small();
  auto upload = store->Upload("0a1b");
  http_.Answer(200, kUploadStarted).Fail(ConnectionLost()).Answer(500, "");
  AnswerPart(1);
  EXPECT_TRUE(Write(*upload, "abcdef").ok());
  for (size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(Request(i), absl::StrCat("PUT ", kUrl, "?partNumber=1&uploadId=id abcd"));
  }
}

TEST_F(ContextStoreTest, PartsAreOf8MiB) {
  http_.Answer(200, kAccess);
  auto store = Open();
  auto upload = (*store)->Upload("0a1b");
  EXPECT_TRUE(Write(*upload, std::string(8 << 20, 'x')).ok());
  EXPECT_EQ(http_.requests().size(), 1U);
  http_.Answer(200, kUploadStarted);
  AnswerPart(1);
  EXPECT_TRUE(Write(*upload, "y").ok());
  EXPECT_EQ(http_.requests().back().Content().size(), size_t{8} << 20);
}

}  // namespace
}  // namespace daytonad
