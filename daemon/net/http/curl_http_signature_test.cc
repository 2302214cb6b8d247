#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <future>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/net/testing/http_client_fixture.h"
#include "daemon/net/testing/test_http_server.h"
#include "daemon/net/url.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Server = TestHttpServer;

constexpr std::string_view kSecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

Server::Script Ok(const Server::Request& request) {
  // Like a real server, no body after HEAD.
  if (request.method == "HEAD") return {Server::Send{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"}};
  return {Server::Answer(200, "ok")};
}

std::string Bytes(const unsigned char* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

std::string Hmac(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return Bytes(digest, size);
}

std::string Sha256Hex(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(Bytes(digest, sizeof digest));
}

std::string Decoded(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// As the documentation of the signature defines it, from what the parts of the path mean and not from how they were
// written.
std::string CanonicalPath(absl::string_view path) {
  std::vector<std::string> segments;
  for (const absl::string_view segment : absl::StrSplit(path, '/')) {
    segments.push_back(EncodePathSegment(Decoded(segment)));
  }
  return absl::StrJoin(segments, "/");
}

std::string CanonicalQuery(absl::string_view query) {
  std::map<std::string, std::string> fields;
  for (const absl::string_view field : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
    fields[EncodePathSegment(Decoded(parts.first))] = EncodePathSegment(Decoded(parts.second));
  }
  return absl::StrJoin(fields, "&", absl::PairFormatter("="));
}

// What follows `name` in the Authorization header, up to the next comma.
std::string AuthorizationField(const Server::Request& request, const std::string& name) {
  const std::string header(request.headers.Get("Authorization"));
  const size_t begin = header.find(name);
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size();
  return header.substr(value, header.find(',', value) - value);
}

// The signature that a request should have, computed as a storage server does.
std::string ExpectedSignature(const Server::Request& request, const std::string& region) {
  const std::pair<std::string, std::string> target = absl::StrSplit(request.target, absl::MaxSplits('?', 1));
  const std::string signed_headers = AuthorizationField(request, "SignedHeaders=");
  std::string headers;
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(signed_headers, ';'))) {
    absl::StrAppend(&headers, name, ":", AbslView(request.headers.Get(name)), "\n");
  }
  const std::string canonical_request =
      absl::StrJoin({request.method, CanonicalPath(target.first), CanonicalQuery(target.second), headers,
                     signed_headers, std::string(request.headers.Get("x-amz-content-sha256"))},
                    "\n");
  const std::string time(request.headers.Get("x-amz-date"));
  const std::string scope = absl::StrCat(time.substr(0, 8), "/", region, "/s3/aws4_request");
  const std::string to_sign =
      absl::StrJoin({std::string("AWS4-HMAC-SHA256"), time, scope, Sha256Hex(canonical_request)}, "\n");
  std::string key = absl::StrCat("AWS4", AbslView(kSecretKey));
  for (const std::string& part : {time.substr(0, 8), region, std::string("s3"), std::string("aws4_request")}) {
    key = Hmac(key, part);
  }
  return absl::BytesToHexString(Hmac(key, to_sign));
}

class CurlHttpSignatureTest : public HttpClientFixture {
 protected:
  static HttpRequest Signed(HttpRequest request, const std::string& token = "dG9rZW4+/=") {
    StorageSignature signature;
    signature.region = "eu-central-1";
    signature.access_key = "AKIDEXAMPLE";
    signature.secret_key = Secret(std::string(kSecretKey));
    signature.session_token = Secret(std::string(token));
    request.storage_signature = std::move(signature);
    request.pool = ConnectionPool::kStorage;
    return request;
  }

  // Sends it, and checks that its signature is right.
  Server::Request SendChecked(Server& server, HttpRequest request) {
    const auto response = Send(std::move(request));
    EXPECT_TRUE(response.ok()) << response.status();
    Server::Request seen = server.requests().back();
    const std::string expected = ExpectedSignature(seen, "eu-central-1");
    EXPECT_EQ(AuthorizationField(seen, "Signature="), expected) << seen.method << " " << seen.target;
    EXPECT_THAT(AuthorizationField(seen, "Credential="), StartsWith("AKIDEXAMPLE/"));
    EXPECT_EQ(seen.headers.Get("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
    return seen;
  }
};

TEST_F(CurlHttpSignatureTest, SignsEveryMethod) {
  Server server(Ok);
  for (const HttpMethod method :
       {HttpMethod::kHead, HttpMethod::kGet, HttpMethod::kPut, HttpMethod::kPost, HttpMethod::kDelete}) {
    const bool has_body = method == HttpMethod::kPut || method == HttpMethod::kPost;
    const Server::Request seen = SendChecked(
        server, Signed(Request(method, server.Url("/bucket/org/0a/context.tar"), has_body ? "content" : "")));
    EXPECT_EQ(seen.method, HttpMethodName(method));
    EXPECT_EQ(seen.body, has_body ? "content" : "");
    EXPECT_EQ(seen.headers.Get("x-amz-security-token"), "dG9rZW4+/=");
    const std::vector<std::string> signed_headers = absl::StrSplit(AuthorizationField(seen, "SignedHeaders="), ';');
    for (const char* name : {"host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}) {
      EXPECT_THAT(signed_headers, testing::Contains(name));
    }
  }
}

TEST_F(CurlHttpSignatureTest, SignsOtherHeadersWithTheRequest) {
  Server server(Ok);
  HttpRequest request = Signed(Request(HttpMethod::kPut, server.Url("/bucket/x"), "content"));
  request.headers.Add("Content-Type", "application/x-tar");
  request.headers.Add("User-Agent", "daytonad/1");
  const Server::Request seen = SendChecked(server, std::move(request));
  EXPECT_EQ(seen.headers.Get("Content-Type"), "application/x-tar");
  EXPECT_EQ(seen.headers.Get("User-Agent"), "daytonad/1");
}

TEST_F(CurlHttpSignatureTest, SignsQueriesAndPathsWithSpecialCharacters) {
  Server server(Ok);
  SendChecked(server, Signed(Post(server.Url("/bucket/x?uploads="))));
  QueryString query;
  query.Add("partNumber", "3").Add("uploadId", "VXBsb2Fk/IElE+w==~a b");
  SendChecked(server, Signed(Request(HttpMethod::kPut, server.Url("/bucket/x" + query.text()), "part")));
  const std::string path = absl::StrCat("/bucket/", EncodePathSegment("a b+c/(d)=*'!:@~\xc3\xa9"), "/x");
  const Server::Request seen = SendChecked(server, Signed(Get(server.Url(path))));
  EXPECT_EQ(seen.target, path);
}

TEST_F(CurlHttpSignatureTest, KeysWithoutASessionTokenSendNone) {
  Server server(Ok);
  const Server::Request seen = SendChecked(server, Signed(Get(server.Url("/bucket/x")), ""));
  for (const auto& [name, value] : seen.headers.entries()) {
    EXPECT_NE(absl::AsciiStrToLower(name), "x-amz-security-token");
  }
}

TEST_F(CurlHttpSignatureTest, SendsALargeBinaryBodyFromWhereItsOwnerKeepsIt) {
  Server server(Ok);
  auto body = std::make_shared<std::string>(8 << 20, '\0');
  for (size_t i = 0; i < body->size(); ++i) (*body)[i] = static_cast<char>(i * 2654435761U >> 13);
  HttpRequest request = Signed(Request(HttpMethod::kPut, server.Url("/bucket/x")));
  request.shared_body = body;
  const Server::Request seen = SendChecked(server, std::move(request));
  EXPECT_EQ(seen.headers.Get("Content-Length"), absl::StrCat(8 << 20));
  EXPECT_EQ(seen.headers.Get("Transfer-Encoding"), "");
  EXPECT_TRUE(seen.body == *body);
  EXPECT_EQ(body.use_count(), 1);
}

TEST_F(CurlHttpSignatureTest, HeadOfALargeObjectEndsWithItsHeaders) {
  Server server([](const Server::Request&) -> Server::Script {
    return {Server::Send{"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\nETag: \"e\"\r\n\r\n"}};
  });
  const auto response = Send(Signed(Request(HttpMethod::kHead, server.Url("/bucket/x"))));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
}

TEST_F(CurlHttpSignatureTest, ASignatureDoesNotLeakIntoTheNextRequest) {
  Server server(Ok);
  for (int i = 0; i < 3; ++i) {
    SendChecked(server, Signed(Request(HttpMethod::kPut, server.Url("/bucket/x"), "content")));
    HttpRequest plain = Get(server.Url("/plain"));
    plain.pool = ConnectionPool::kStorage;  // over the same connection
    ASSERT_TRUE(Send(std::move(plain)).ok());
    const Server::Request seen = server.requests().back();
    EXPECT_EQ(seen.connection, 1);
    for (const auto& [name, value] : seen.headers.entries()) {
      EXPECT_THAT(absl::AsciiStrToLower(name), Not(StartsWith("x-amz")));
      EXPECT_NE(name, "Authorization");
    }
    HttpRequest with_bearer = Get(server.Url("/api"));
    with_bearer.bearer = Secret(std::string("dtn_key"));
    ASSERT_TRUE(Send(std::move(with_bearer)).ok());
    EXPECT_EQ(server.requests().back().headers.Get("Authorization"), "Bearer dtn_key");
  }
}

TEST_F(CurlHttpSignatureTest, EachRequestIsSignedWithItsOwnKeys) {
  Server server(Ok);
  SendChecked(server, Signed(Get(server.Url("/bucket/x"))));
  HttpRequest other = Signed(Get(server.Url("/bucket/x")), "other-token");
  other.storage_signature->access_key = "OTHER:KEY";
  ASSERT_TRUE(Send(std::move(other)).ok());
  EXPECT_THAT(AuthorizationField(server.requests().back(), "Credential="), StartsWith("OTHER:KEY/"));
  EXPECT_EQ(server.requests().back().headers.Get("x-amz-security-token"), "other-token");
}

TEST_F(CurlHttpSignatureTest, AnErrorOfTheStorageIsAnAnswerAndIsNotAskedForTwice) {
  for (const int status : {400, 401, 403, 407, 301, 307, 503}) {
    Server server([status](const Server::Request&) -> Server::Script {
      return {Server::Answer(status, "<Error/>", "Location: /elsewhere\r\nWWW-Authenticate: Basic\r\n")};
    });
    const auto response = Send(Signed(Request(HttpMethod::kPut, server.Url("/bucket/x"), "content")));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, "<Error/>");
    EXPECT_EQ(server.stats().requests, 1);
  }
}

TEST_F(CurlHttpSignatureTest, ErrorsDoNotShowTheKeys) {
  Server server([](const Server::Request&) -> Server::Script { return {Server::Close{}}; });
  const auto response = Send(Signed(Request(HttpMethod::kPut, server.Url("/bucket/x?uploadId=1"), "content")));
  ASSERT_FALSE(response.ok());
  const std::string text = response.status().ToString();
  EXPECT_THAT(text, Not(HasSubstr(std::string(kSecretKey))));
  EXPECT_THAT(text, Not(HasSubstr("dG9rZW4")));
  EXPECT_THAT(text, Not(HasSubstr("AKIDEXAMPLE")));
}

TEST_F(CurlHttpSignatureTest, RefusesWhatCannotBeSigned) {
  Server server(Ok);
  std::vector<HttpRequest> wrong(7, Signed(Get(server.Url("/bucket/x"))));
  wrong[0].bearer = Secret(std::string("dtn_key"));
  wrong[1].storage_signature->region = "";
  wrong[2].storage_signature->region = "eu:s3";
  wrong[3].storage_signature->region = std::string(65, 'r');
  wrong[4].storage_signature->access_key = "a\r\nX-Forged: 1";
  wrong[5].storage_signature->session_token = Secret(std::string("t\nX-Forged: 1"));
  wrong[6].storage_signature->secret_key = Secret();
  for (HttpRequest& request : wrong) {
    const auto response = Send(std::move(request));
    EXPECT_EQ(ErrorReason(response.status()), "INVALID_SIGNATURE") << response.status();
    EXPECT_EQ(DeliveryOf(response.status()), Delivery::kNotSent);
    EXPECT_THAT(std::string(response.status().message()), Not(HasSubstr("Forged")));
  }
  EXPECT_EQ(server.stats().accepted, 0);
}

TEST_F(CurlHttpSignatureTest, UploadsDoNotTakeTheConnectionsOfCalls) {
  Server server([](const Server::Request& request) -> Server::Script {
    if (request.method == "PUT") return {Server::Gate{"stored"}, Server::Answer(200, "")};
    return {Server::Answer(200, "ok")};
  });
  HttpClientOptions options;
  options.max_calls = 1;
  options.max_storage = 2;
  MakeClient(options);
  std::vector<std::future<absl::StatusOr<HttpResponse>>> uploads;
  uploads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    uploads.push_back(Start(client_->Send(CallContext::Background("test"),
                                          Signed(Request(HttpMethod::kPut, server.Url("/bucket/x"), "content")))));
  }
  ASSERT_TRUE(server.WaitUntil([](const Server::Stats& stats) { return stats.in_progress == 2; }));
  EXPECT_TRUE(Send(Get(server.Url("/sandbox"))).ok());
  server.OpenGate("stored");
  for (auto& upload : uploads) EXPECT_TRUE(upload.get().ok());
  EXPECT_LE(server.stats().max_in_progress, 3);
}

}  // namespace
}  // namespace daytonad
