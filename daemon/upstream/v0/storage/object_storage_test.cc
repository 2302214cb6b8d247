#include "daemon/upstream/v0/storage/object_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/upstream/testing/fake_http_client.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kUrl[] = "http://s3.test:9000/builds/org-1/0a1b/context.tar";
constexpr char kUploadStarted[] =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>builds</Bucket><Key>k</Key>)"
    R"(<UploadId>a&amp;b/c</UploadId></InitiateMultipartUploadResult>)";
constexpr char kCompleted[] = R"(<?xml version="1.0"?>
<CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></CompleteMultipartUploadResult>)";

std::string ErrorXml(const std::string& code, const std::string& message) {
  return absl::StrCat("<?xml version=\"1.0\"?>\n<Error><Code>", code, "</Code><Message>", message,
                      "</Message><AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><StringToSign>session-token",
                      "</StringToSign></Error>");
}

ObjectContent Content(std::string bytes) { return std::make_shared<const std::string>(std::move(bytes)); }

class ObjectStorageTest : public testing::Test {
 protected:
  static StorageSignature Signature() {
    StorageSignature signature;
    signature.region = "eu-central-1";
    signature.access_key = "AKIDEXAMPLE";
    signature.secret_key = Secret(std::string("secret-key"));
    signature.session_token = Secret(std::string("session-token"));
    return signature;
  }

  template <typename T>
  T Run(Task<T> task) {
    return RunTask(io_, std::move(task));
  }
  absl::Status Put() { return Run(storage_.Put(context_, key_, Content("tar"))); }
  absl::StatusOr<std::optional<int64_t>> Contains() { return Run(storage_.Contains(context_, key_)); }
  absl::Status Complete() { return Run(storage_.CompleteUpload(context_, key_, "id", {"\"e1\"", "<e2>"})); }

  CallContext context_ = CallContext::Background("test");
  boost::asio::io_context io_{1};
  FakeClock clock_;
  FakeHttpClient http_{clock_};
  ObjectStorage::Key key_{"org-1", "0a1b", "context.tar"};
  ObjectStorage storage_{
      *BaseUrl::Parse("http://s3.test:9000/"), "builds", Signature(), http_, clock_, [] { return 0.5; }};
};

TEST_F(ObjectStorageTest, LooksForAnObjectByHead) {
  http_.Answer(200, "").Answer(404, "");
  EXPECT_TRUE(*Contains());
  EXPECT_FALSE(*Contains());
  EXPECT_THAT(http_.Lines(), ElementsAre(absl::StrCat("HEAD ", kUrl), absl::StrCat("HEAD ", kUrl)));
}

TEST_F(ObjectStorageTest, RequestsAreSignedAndCarryNothingOfDaytonas) {
  http_.Answer(200, "");
  ASSERT_TRUE(Put().ok());
  const HttpRequest& request = http_.requests().at(0);
  EXPECT_EQ(request.Content(), "tar");
  EXPECT_EQ(request.pool, ConnectionPool::kStorage);
  EXPECT_TRUE(request.bearer.empty());
  ASSERT_TRUE(request.storage_signature.has_value());
  EXPECT_EQ(request.storage_signature->region, "eu-central-1");
  EXPECT_EQ(request.storage_signature->access_key, "AKIDEXAMPLE");
  EXPECT_EQ(request.headers.Get("Content-Type"), "application/x-tar");
  for (const auto& [name, value] : request.headers.entries()) {
    EXPECT_THAT(name, testing::AnyOf("User-Agent", "Content-Type"));
  }
}

TEST_F(ObjectStorageTest, EncodesBucketAndKey) {
  http_.Answer(200, "");
  ASSERT_TRUE(Run(storage_.Contains(context_, {"a/b c", "\xc3\xa9+"})).ok());
  EXPECT_EQ(http_.requests()[0].url, "http://s3.test:9000/builds/a%2Fb%20c/%C3%A9%2B");
}

TEST_F(ObjectStorageTest, UploadsInParts) {
  http_.Answer(200, kUploadStarted).Answer(200, "", {{"ETag", "\"e1\""}}).Answer(200, kCompleted).Answer(204, "");
  EXPECT_EQ(*Run(storage_.BeginUpload(context_, key_)), "a&b/c");
  EXPECT_EQ(*Run(storage_.UploadPart(context_, key_, "a&b/c", 7, Content("part"))), "\"e1\"");
  EXPECT_TRUE(Complete().ok());
  EXPECT_TRUE(Run(storage_.AbortUpload(context_, key_, "id")).ok());
  const std::string url = kUrl;
  EXPECT_THAT(http_.Lines(), ElementsAre("POST " + url + "?uploads=", "PUT " + url + "?partNumber=7&uploadId=a%26b%2Fc",
                                         "POST " + url + "?uploadId=id", "DELETE " + url + "?uploadId=id"));
  EXPECT_EQ(http_.requests()[1].Content(), "part");
  EXPECT_EQ(http_.requests()[2].Content(),
            "<CompleteMultipartUpload>"
            "<Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>&lt;e2&gt;</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST_F(ObjectStorageTest, TriesAgainWhatCanPass) {
  http_.Fail(ConnectionRefused()).Fail(ConnectionLost()).Answer(503, ErrorXml("SlowDown", "Reduce your rate."));
  http_.Answer(200, "");
  EXPECT_TRUE(Put().ok());
  EXPECT_EQ(http_.requests().size(), 4U);
  for (const HttpRequest& request : http_.requests()) EXPECT_EQ(request.Content(), "tar");
  EXPECT_EQ(clock_.sleeps().size(), 3U);
}

TEST_F(ObjectStorageTest, GivesUpOnAStoreThatCannotServe) {
  for (int i = 0; i < 4; ++i) http_.Answer(500, ErrorXml("InternalError", "We failed."));
  const absl::Status error = Put();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(error), "CONTEXT_STORE_UNAVAILABLE");
  EXPECT_EQ(ErrorMetadataValue(error, "storage_error"), "InternalError");
  EXPECT_EQ(ErrorMetadataValue(error, "storage_message"), "We failed.");
  EXPECT_EQ(ErrorMetadataValue(error, "storage_url"), "http://s3.test:9000");
  EXPECT_EQ(ErrorMetadataValue(error, "http_status"), "500");
  EXPECT_EQ(ErrorMetadataValue(error, "attempts"), "4");
  EXPECT_TRUE(RetryDelay(error).has_value());
}

TEST_F(ObjectStorageTest, GivesUpOnAStoreThatIsNotThere) {
  for (int i = 0; i < 4; ++i) http_.Fail(ConnectionRefused());
  const absl::Status error = Contains().status();
  EXPECT_EQ(ErrorReason(error), "CONTEXT_STORE_UNAVAILABLE");
  EXPECT_THAT(std::string(error.message()), HasSubstr("Cannot reach"));
  EXPECT_TRUE(RetryDelay(error).has_value());
}

TEST_F(ObjectStorageTest, AnAttemptThatHangsIsEndedAndMadeAgain) {
  http_.StaySilent().Answer(200, "");
  EXPECT_TRUE(*Contains());
  EXPECT_EQ(http_.requests().size(), 2U);
  EXPECT_EQ(http_.limits()[0], std::chrono::seconds(30));
}

TEST_F(ObjectStorageTest, TheCallsOwnDeadlineEndsIt) {
  http_.StaySilent();
  context_ = context_.WithDeadline(clock_.Now() + std::chrono::seconds(1));
  EXPECT_EQ(Put().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ObjectStorageTest, KeysThatAreNotAcceptedAreSaidSoOnceWithWhatToCheck) {
  http_.Answer(403, ErrorXml("AccessDenied", "Access Denied."));
  const absl::Status error = Put();
  EXPECT_EQ(error.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(error), "CONTEXT_STORE_REFUSED");
  EXPECT_EQ(ErrorMetadataValue(error, "storage_error"), "AccessDenied");
  const std::string message(error.message());
  EXPECT_THAT(message, HasSubstr("http://s3.test:9000"));
  EXPECT_THAT(message, HasSubstr("write:snapshots or write:sandboxes"));
  EXPECT_THAT(message, HasSubstr("clock"));
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ObjectStorageTest, ErrorsDoNotRepeatWhatWasSigned) {
  http_.Answer(403, ErrorXml("SignatureDoesNotMatch", "The signatures differ."));
  const std::string text = Put().ToString();
  EXPECT_THAT(text, Not(HasSubstr("AKIDEXAMPLE")));
  EXPECT_THAT(text, Not(HasSubstr("session-token")));
  EXPECT_THAT(text, Not(HasSubstr("secret-key")));
}

TEST_F(ObjectStorageTest, ExpiredKeysAreToldApart) {
  for (const int status : {400, 403}) {
    http_.Answer(status, ErrorXml("ExpiredToken", "The provided token has expired."));
    const absl::Status error = Put();
    EXPECT_EQ(ErrorReason(error), "CONTEXT_STORE_REFUSED");
    EXPECT_THAT(std::string(error.message()), HasSubstr("expire after an hour. Repeat the call"));
  }
  http_.Answer(400, "");  // what S3 says to HEAD then
  EXPECT_EQ(ErrorReason(Contains().status()), "CONTEXT_STORE_REFUSED");
}

TEST_F(ObjectStorageTest, AnotherRegionIsNamedAndNotFollowed) {
  http_.Answer(301, ErrorXml("PermanentRedirect", "Use the other endpoint."),
               {{"Location", "http://elsewhere.test/"}, {"x-amz-bucket-region", "us-west-2"}});
  const absl::Status error = Put();
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_UNEXPECTED_STATUS");
  const std::string message(error.message());
  EXPECT_THAT(message, HasSubstr("region eu-central-1"));
  EXPECT_THAT(message, HasSubstr("us-west-2"));
  EXPECT_THAT(message, HasSubstr("http://s3.test:9000"));
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ObjectStorageTest, KeysThatCannotSignAreDaytonasFaultNotTheCallers) {
  http_.Fail(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_SIGNATURE", "Its region is not the name of one."));
  EXPECT_EQ(ErrorReason(Put()), "UPSTREAM_MALFORMED_RESPONSE");
}

TEST_F(ObjectStorageTest, OtherAnswersAreErrors) {
  http_.Answer(404, ErrorXml("NoSuchBucket", "The bucket does not exist"));
  const absl::Status error = Put();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_UNEXPECTED_STATUS");
  EXPECT_THAT(std::string(error.message()), HasSubstr("404, NoSuchBucket, \"The bucket does not exist\""));
}

TEST_F(ObjectStorageTest, AnErrorInA200IsAnError) {
  for (int i = 0; i < 4; ++i) http_.Answer(200, "\n\n" + ErrorXml("InternalError", "Please try again."));
  http_.Answer(404, "");
  const absl::Status error = Complete();
  EXPECT_EQ(ErrorReason(error), "CONTEXT_STORE_UNAVAILABLE");
  EXPECT_EQ(ErrorMetadataValue(error, "storage_error"), "InternalError");
}

TEST_F(ObjectStorageTest, ACompletionWhoseAnswerWasLostIsFoundByLooking) {
  http_.Fail(ConnectionLost()).Answer(404, ErrorXml("NoSuchUpload", "The upload does not exist")).Answer(200, "");
  EXPECT_TRUE(Complete().ok());
  EXPECT_EQ(http_.requests().back().method, HttpMethod::kHead);

  http_.Answer(404, ErrorXml("NoSuchUpload", "The upload does not exist")).Answer(404, "");
  EXPECT_EQ(ErrorMetadataValue(Complete(), "storage_error"), "NoSuchUpload");
}

TEST_F(ObjectStorageTest, AnswersWithoutWhatTheyShouldSayAreNotTakenForSuccess) {
  for (int i = 0; i < 4; ++i) http_.Answer(200, "<html>hello</html>");
  EXPECT_EQ(ErrorReason(Run(storage_.BeginUpload(context_, key_)).status()), "CONTEXT_STORE_UNAVAILABLE");
  for (int i = 0; i < 4; ++i) http_.Answer(200, "");
  const absl::Status error = Run(storage_.UploadPart(context_, key_, "id", 1, Content("part"))).status();
  EXPECT_THAT(std::string(error.message()), HasSubstr("it answered 200 without a result"));
}

TEST(XmlElementTextTest, ReadsTheFirstElementOfThatName) {
  EXPECT_EQ(XmlElementText("<a><Code>x</Code><Code>y</Code></a>", "Code"), "x");
  EXPECT_EQ(XmlElementText("<ETag>&quot;1&quot; &lt;&amp;amp;&gt;</ETag>", "ETag"), "\"1\" <&amp;>");
  EXPECT_EQ(XmlElementText("<Code>x", "Code"), "");
  EXPECT_EQ(XmlElementText("</Code><Codes>x</Codes>", "Code"), "");
  EXPECT_EQ(XmlElementText("", "Code"), "");
}

}  // namespace
}  // namespace daytonad
