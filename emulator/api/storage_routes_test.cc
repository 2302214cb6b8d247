#include "emulator/api/storage_routes.h"

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json.h"
#include "emulator/emulator.h"

// Over sockets, with libcurl as the client, because its signatures are an independent implementation.
namespace daytonad::emulator {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::size_t kMinPart = 5ULL * 1024 * 1024;

size_t AppendTo(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

struct Answer {
  long status = 0;
  std::string headers;
  std::string body;
  CURLcode result = CURLE_OK;

  std::string Etag() const {
    const auto at = headers.find("ETag: ");
    return headers.substr(at + 6, headers.find('\r', at) - at - 6);
  }
};

struct Keys {
  std::string access_key;
  std::string secret;
  std::string session_token;
  std::string region;
};

struct Headers {
  curl_slist* list = nullptr;
  ~Headers() { curl_slist_free_all(list); }
  void Add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

class StorageRoutesTest : public testing::Test {
 protected:
  StorageRoutesTest() : emulator_(Options()) {}

  void SetUp() override {
    ASSERT_TRUE(emulator_.Start().ok());
    NewKeys();
  }

  static EmulatorOptions Options() {
    EmulatorOptions options;
    options.port = 0;
    return options;
  }

  void NewKeys() {
    const Json access =
        Json::parse(Plain("GET", "/api/object-storage/push-access", "", {"Authorization: Bearer emulator-key"}).body);
    keys_ = {access["accessKey"], access["secret"], access["sessionToken"], access["region"]};
    organization_ = access["organizationId"];
    bucket_ = absl::StrCat("/_storage/", access["bucket"].get<std::string>());
    EXPECT_EQ(access["storageUrl"], emulator_.origin() + "/_storage");
  }

  Answer Perform(CURL* curl, const std::string& method, const std::string& target, const std::string& body,
                 const std::vector<std::string>& header_lines) {
    Answer answer;
    Headers headers;
    for (const std::string& line : header_lines) headers.Add(line);
    const std::string url = emulator_.origin() + target;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    if (method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (method == "PUT" || method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendTo);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, AppendTo);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
    answer.result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

  Answer Plain(const std::string& method, const std::string& target, const std::string& body = "",
               const std::vector<std::string>& headers = {}) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
    return Perform(curl.get(), method, target, body, headers);
  }

  // A signed request; `target` is what follows the bucket.
  Answer Send(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& payload_hash = "UNSIGNED-PAYLOAD", std::vector<std::string> headers = {}) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
    const std::string provider = absl::StrCat("aws:amz:", keys_.region, ":s3");
    curl_easy_setopt(curl.get(), CURLOPT_AWS_SIGV4, provider.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_USERNAME, keys_.access_key.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PASSWORD, keys_.secret.c_str());
    if (!payload_hash.empty()) headers.push_back(absl::StrCat("x-amz-content-sha256: ", AbslView(payload_hash)));
    if (!keys_.session_token.empty()) headers.push_back(absl::StrCat("x-amz-security-token: ", keys_.session_token));
    return Perform(curl.get(), method, bucket_ + target, body, headers);
  }

  std::string Key(std::string_view name) const { return absl::StrCat("/", organization_, "/", AbslView(name)); }
  Json Storage() { return Json::parse(Plain("GET", "/_emulator/storage").body); }

  std::string BeginUpload(const std::string& key) {
    const Answer begun = Send("POST", key + "?uploads=");
    EXPECT_EQ(begun.status, 200) << begun.body;
    const auto at = begun.body.find("<UploadId>") + 10;
    return begun.body.substr(at, begun.body.find('<', at) - at);
  }
  Answer PutPart(const std::string& key, const std::string& id, int number, const std::string& content) {
    return Send("PUT", absl::StrCat(AbslView(key), "?partNumber=", number, "&uploadId=", id), content);
  }
  Answer Complete(const std::string& key, const std::string& id,
                  const std::vector<std::pair<int, std::string>>& parts) {
    std::string xml = "<CompleteMultipartUpload>";
    for (const auto& [number, etag] : parts) {
      absl::StrAppend(&xml, "<Part><PartNumber>", number, "</PartNumber><ETag>", etag, "</ETag></Part>");
    }
    return Send("POST", absl::StrCat(AbslView(key), "?uploadId=", id), xml + "</CompleteMultipartUpload>");
  }

  Emulator emulator_;
  Keys keys_;
  std::string organization_;
  std::string bucket_;
};

TEST_F(StorageRoutesTest, StoresAnObject) {
  EXPECT_EQ(Send("HEAD", Key("h1/context.tar")).status, 404);
  const Answer missing = Send("GET", Key("h1/context.tar"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("<Code>NoSuchKey</Code>"));
  EXPECT_THAT(missing.headers, HasSubstr("Content-Type: application/xml"));

  const Answer put = Send("PUT", Key("h1/context.tar"), "hello, world");
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.Etag(), "\"e4d7f1b4ed2e42d15898f4b27b019da4\"");
  EXPECT_EQ(Send("GET", Key("h1/context.tar")).body, "hello, world");
  const Answer head = Send("HEAD", Key("h1/context.tar"));
  EXPECT_EQ(head.status, 200);
  EXPECT_THAT(head.headers,
              AllOf(HasSubstr("Content-Length: 12"), HasSubstr(put.Etag()), HasSubstr("Last-Modified: ")));
  EXPECT_EQ(Plain("GET", absl::StrCat("/_emulator/storage/object?key=", organization_, "/h1/context.tar")).body,
            "hello, world");

  const Json object = Storage()["objects"][0];
  EXPECT_EQ(object["key"], organization_ + "/h1/context.tar");
  EXPECT_EQ(object["size"], 12);
  EXPECT_EQ(object["md5"], "e4d7f1b4ed2e42d15898f4b27b019da4");
  Plain("DELETE", "/_emulator/storage");
  EXPECT_THAT(Storage()["objects"], IsEmpty());
}

TEST_F(StorageRoutesTest, ListsByPrefix) {
  for (const char* name : {"a%20b/context.tar", "a%20b/more", "c/context.tar"}) Send("PUT", Key(name), "x");
  const auto list = [&](const std::string& prefix, int max_keys) {
    return Send("GET",
                absl::StrCat("?list-type=2&max-keys=", max_keys, "&prefix=", organization_, "%2F", AbslView(prefix)))
        .body;
  };
  EXPECT_THAT(list("a%20b%2F", 1), AllOf(HasSubstr("<KeyCount>1</KeyCount>"), HasSubstr("/a b/context.tar</Key>"),
                                         HasSubstr("<IsTruncated>true</IsTruncated>")));
  EXPECT_THAT(list("", 10), AllOf(HasSubstr("<KeyCount>3</KeyCount>"), HasSubstr("<IsTruncated>false</IsTruncated>"),
                                  HasSubstr("<Size>1</Size>")));
  EXPECT_THAT(list("nothing", 10), HasSubstr("<KeyCount>0</KeyCount>"));
}

TEST_F(StorageRoutesTest, JoinsParts) {
  const std::string key = Key("h2/context.tar");
  const std::string id = BeginUpload(key);
  const std::string first(kMinPart, 'a');
  const std::string etag2 = PutPart(key, id, 2, "end").Etag();
  const std::string etag1 = PutPart(key, id, 1, first).Etag();
  const Json upload = Storage()["uploads"][0];
  EXPECT_EQ(upload["key"], organization_ + "/h2/context.tar");
  EXPECT_EQ(upload["parts"], 2);
  EXPECT_EQ(Send("HEAD", key).status, 404) << "not before it is complete";
  const Answer completed = Complete(key, id, {{1, etag1}, {2, "&quot;" + etag2.substr(1, 32) + "&quot;"}});
  EXPECT_EQ(completed.status, 200) << completed.body;
  EXPECT_THAT(completed.body, HasSubstr("-2&quot;</ETag>"));
  EXPECT_EQ(Send("GET", key).body, first + "end");
  EXPECT_THAT(Storage()["uploads"], IsEmpty());
  EXPECT_THAT(Complete(key, id, {{1, etag1}}).body, HasSubstr("<Code>NoSuchUpload</Code>"));
}

TEST_F(StorageRoutesTest, RefusesInvalidParts) {
  const std::string key = Key("h/context.tar");
  const std::string id = BeginUpload(key);
  const std::string etag = PutPart(key, id, 1, "small").Etag();
  PutPart(key, id, 2, "small");
  EXPECT_THAT(Complete(key, id, {{1, etag}, {2, etag}}).body, HasSubstr("<Code>EntityTooSmall</Code>"));
  EXPECT_THAT(Complete(key, id, {{1, etag}, {3, etag}}).body, HasSubstr("<Code>InvalidPart</Code>"));
  EXPECT_THAT(Complete(key, id, {{1, "\"0\""}}).body, HasSubstr("<Code>InvalidPart</Code>"));
  EXPECT_THAT(Complete(key, id, {{2, etag}, {1, etag}}).body, HasSubstr("<Code>InvalidPartOrder</Code>"));
  EXPECT_THAT(Complete(key, id, {}).body, HasSubstr("<Code>MalformedXML</Code>"));
  EXPECT_THAT(PutPart(key, id, 0, "x").body, HasSubstr("<Code>InvalidArgument</Code>"));
  EXPECT_THAT(PutPart(key, "other", 1, "x").body, HasSubstr("<Code>NoSuchUpload</Code>"));
  EXPECT_EQ(Send("DELETE", absl::StrCat(AbslView(key), "?uploadId=", id)).status, 204);
  EXPECT_EQ(PutPart(key, id, 1, "x").status, 404);
  EXPECT_THAT(Storage()["uploads"], IsEmpty());
}

TEST_F(StorageRoutesTest, RefusesKeysOutsideTheOrganizationsFolder) {
  EXPECT_THAT(Send("PUT", "/other/h/context.tar", "x").body, HasSubstr("<Code>AccessDenied</Code>"));
  EXPECT_EQ(Send("GET", "?list-type=2").status, 403);
  EXPECT_EQ(Send("GET", "?list-type=2&prefix=other").status, 403);
  EXPECT_EQ(Send("DELETE", Key("h/context.tar")).status, 403);
  bucket_ = "/_storage/other";
  EXPECT_THAT(Send("GET", Key("h")).body, HasSubstr("<Code>NoSuchBucket</Code>"));
}

TEST_F(StorageRoutesTest, ChecksTheSignature) {
  const Keys good = keys_;
  const auto refusal = [&] {
    const Answer answer = Send("PUT", Key("h/context.tar"), "x");
    keys_ = good;
    EXPECT_THAT(Storage()["objects"], IsEmpty());
    return absl::StrCat(answer.status, " ", answer.body);
  };
  keys_.secret += "x";
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("403 "), HasSubstr("<Code>SignatureDoesNotMatch</Code>"), Not(HasSubstr(good.secret))));
  keys_.access_key = "ASIAUNKNOWN";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("403 "), HasSubstr("<Code>InvalidAccessKeyId</Code>")));
  keys_.session_token = "";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("403 "), HasSubstr("<Code>InvalidAccessKeyId</Code>")));
  keys_.session_token = "other";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("400 "), HasSubstr("<Code>InvalidToken</Code>")));
  keys_.region = "us-east-1";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("400 "), HasSubstr("<Code>AuthorizationHeaderMalformed</Code>"),
                               HasSubstr("<Region>eu-central-1</Region>")));
  EXPECT_THAT(Plain("GET", bucket_ + Key("h")).body, HasSubstr("<Code>AccessDenied</Code>"));
  EXPECT_THAT(Plain("GET", bucket_ + Key("h"), "", {"Authorization: AWS x:y"}).body,
              HasSubstr("<Code>AuthorizationHeaderMalformed</Code>"));
  Plain("POST", "/_emulator/storage", R"({"expireKeys":true})");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("400 "), HasSubstr("<Code>ExpiredToken</Code>")));
}

TEST_F(StorageRoutesTest, ChecksTheTimeOfTheSignature) {
  const std::string stale = "X-Amz-Date: 20200101T000000Z";
  EXPECT_THAT(Send("GET", Key("h"), "", "UNSIGNED-PAYLOAD", {stale}).body,
              HasSubstr("<Code>RequestTimeTooSkewed</Code>"));
}

TEST_F(StorageRoutesTest, ChecksThePayload) {
  const std::string key = Key("h/context.tar");
  // SHA-256 of "x"
  const std::string hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
  EXPECT_EQ(Send("PUT", key, "x", hash).status, 200);
  EXPECT_THAT(Send("PUT", key, "y", hash).body, HasSubstr("<Code>XAmzContentSHA256Mismatch</Code>"));
  EXPECT_THAT(Send("GET", key, "", hash).body, HasSubstr("<Code>XAmzContentSHA256Mismatch</Code>"));
  EXPECT_THAT(Send("PUT", key, "x", "").body, HasSubstr("Missing required header"));
  EXPECT_EQ(Send("PUT", key, "x", "UNSIGNED-PAYLOAD", {"Transfer-Encoding: chunked", "Content-Length:"}).status, 411);
}

TEST_F(StorageRoutesTest, DecodesS3sChunkedBodies) {
  const std::string key = Key("h/context.tar");
  const std::string body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
  const std::string kind = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  EXPECT_EQ(Send("PUT", key, body, kind, {"x-amz-decoded-content-length: 5"}).status, 200);
  EXPECT_EQ(Send("GET", key).body, "hello");
  EXPECT_THAT(Send("PUT", key, body, kind, {"x-amz-decoded-content-length: 6"}).body,
              HasSubstr("<Code>IncompleteBody</Code>"));
}

TEST_F(StorageRoutesTest, RefusesAndCountsCredentialsOfDaytonasApi) {
  EXPECT_EQ(Plain("PUT", bucket_ + Key("h"), "x", {"Authorization: Bearer emulator-key"}).status, 400);
  EXPECT_EQ(Send("PUT", Key("h"), "x", "UNSIGNED-PAYLOAD", {"X-Daytona-Source: daytonad"}).status, 400);
  EXPECT_EQ(Storage()["foreignCredentials"], 2);
  EXPECT_THAT(Storage()["objects"], IsEmpty());
}

TEST_F(StorageRoutesTest, RecordsRequestsWithoutSecretsAndWithoutTheirBytes) {
  Plain("DELETE", "/_emulator/requests");
  Send("PUT", Key("h/context.tar"), "hello, world");
  const std::string text = Plain("GET", "/_emulator/requests").body;
  const Json recorded = Json::parse(text)["requests"][0];
  EXPECT_EQ(recorded["path"], bucket_ + Key("h/context.tar"));
  EXPECT_EQ(recorded["headers"]["authorization"], "(correct)");
  EXPECT_EQ(recorded["headers"]["x-amz-security-token"], "(correct)");
  EXPECT_EQ(recorded["body"]["size"], 12);
  EXPECT_EQ(recorded["body"]["sha256"], "09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b");
  EXPECT_THAT(text, AllOf(Not(HasSubstr("hello")), Not(HasSubstr(keys_.session_token))));
}

TEST_F(StorageRoutesTest, FaultsStrikeHereToo) {
  const auto fault = [&](const std::string& what) {
    Plain("DELETE", "/_emulator/faults");
    Plain("POST", "/_emulator/faults",
          absl::StrCat(R"({"match":{"method":"PUT","path_regex":"^/_storage/","times":1},"fault":)", AbslView(what),
                       "}"));
  };
  const std::string body(3'000'000, 'x');
  fault(R"({"status":503,"body":"<Error><Code>SlowDown</Code></Error>"})");
  EXPECT_EQ(Send("PUT", Key("h"), body).status, 503);
  fault(R"({"cut_request_after_bytes":1000000})");
  EXPECT_NE(Send("PUT", Key("h"), body).result, CURLE_OK);
  EXPECT_THAT(Storage()["objects"], IsEmpty());
  EXPECT_EQ(Send("PUT", Key("h"), body).status, 200);
  EXPECT_EQ(Storage()["objects"][0]["size"], 3'000'000);
}

TEST_F(StorageRoutesTest, CanBeSwitchedOff) {
  Plain("POST", "/_emulator/storage", R"({"configured":false})");
  const std::vector<std::string> key = {"Authorization: Bearer emulator-key"};
  EXPECT_EQ(Plain("GET", "/api/object-storage/push-access", "", key).status, 503);
  Plain("POST", "/_emulator/storage", R"({"configured":true})");
  EXPECT_EQ(Plain("GET", "/api/object-storage/push-access", "", key).status, 200);
}

}  // namespace
}  // namespace daytonad::emulator
