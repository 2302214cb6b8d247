#include "daemon/net/http/revalidating_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <any>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/net/testing/http_client_fixture.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using Server = TestHttpServer;

// Over real sockets. The server's objects have bodies that name them, and ETags; one that a request already has is not
// sent again.
class RevalidatingHttpClientTest : public HttpClientFixture {
 protected:
  static Server::Script Serve(const Server::Request& request) {
    const std::string body = absl::StrCat("body of ", request.target);
    const std::string etag = absl::StrCat("W/\"", request.target, "\"");
    const std::string headers = absl::StrCat("ETag: ", etag, "\r\nX-Count: ", request.connection, "\r\n");
    if (request.target == "/private") return {Server::Answer(200, body, headers + "Cache-Control: No-Store\r\n")};
    if (request.target == "/large") return {Server::Answer(200, std::string(3000, 'x'), headers)};
    if (request.target == "/longish") return {Server::Answer(200, std::string(501, 'x'), headers)};
    if (request.target == "/missing") return {Server::Answer(404, body, headers)};
    if (request.target == "/plain") return {Server::Answer(200, body)};
    if (request.target == "/odd" && !request.headers.Get("If-None-Match").empty()) {
      return {Server::Answer(304, "", "ETag: \"another\"\r\n")};
    }
    if (request.headers.Get("If-None-Match") == etag) return {Server::Answer(304, "", "X-Remaining: 7\r\n")};
    return {Server::Answer(200, body, headers)};
  }

  HttpRequest Read(std::string_view path, std::string key = "KEY") {
    HttpRequest request = Get(server_.Url(path));
    request.bearer = Secret(std::move(key));
    request.revalidate = true;
    return request;
  }

  absl::StatusOr<HttpResponse> Send(HttpRequest request) {
    return Run(revalidating_.Send(CallContext::Background("test"), std::move(request)));
  }
  std::string Body(HttpRequest request) {
    const absl::StatusOr<HttpResponse> response = Send(std::move(request));
    if (response.ok() && response->reading != nullptr) *response->reading = 1;  // it could be read
    return response.ok() ? absl::StrCat(response->status, " ", response->body) : response.status().ToString();
  }

  // What each request so far asked, "/a" or "/a if not W/...".
  std::vector<std::string> Asked() const {
    std::vector<std::string> asked;
    for (const Server::Request& request : server_.requests()) {
      const std::string_view condition = request.headers.Get("If-None-Match");
      asked.push_back(absl::StrCat(request.target, condition.empty() ? "" : " if not ", AbslView(condition)));
    }
    return asked;
  }

  Server server_{Serve};
  RevalidatingHttpClient revalidating_{*client_, {.max_bytes = 1600, .max_body_bytes = 1000, .max_read_bytes = 500}};
};

TEST_F(RevalidatingHttpClientTest, AnAnswerThatNobodyCouldReadIsHadAnew) {
  EXPECT_TRUE(Send(Read("/a")).ok());
  EXPECT_EQ(Body(Read("/a")), "200 body of /a");
  EXPECT_EQ(Body(Read("/a")), "200 body of /a");
  EXPECT_THAT(Asked(), ElementsAre("/a", "/a", "/a if not W/\"/a\""));
}

TEST_F(RevalidatingHttpClientTest, AsksWhetherAnAnswerStillHoldsAndGivesItAgain) {
  EXPECT_EQ(Body(Read("/a")), "200 body of /a");
  const absl::StatusOr<HttpResponse> again = Send(Read("/a"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->status, 200);
  EXPECT_EQ(again->body, "body of /a");
  EXPECT_EQ(again->headers.Get("X-Remaining"), "7") << "the headers are those of now";
  EXPECT_EQ(again->headers.Get("X-Count"), "") << "and not those of then";
  EXPECT_THAT(Asked(), ElementsAre("/a", "/a if not W/\"/a\""));
}

TEST_F(RevalidatingHttpClientTest, KeepsWhatAReaderMadeOfTheBodyWithIt) {
  const absl::StatusOr<HttpResponse> first = Send(Read("/a"));
  ASSERT_TRUE(first.ok()) << first.status();
  *first->reading = std::string("what was read");
  const absl::StatusOr<HttpResponse> again = Send(Read("/a"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(std::any_cast<std::string>(*again->reading), "what was read");
  EXPECT_EQ(Send(Read("/plain"))->reading, nullptr) << "it may not be kept";
  EXPECT_EQ(Send(Read("/longish"))->reading, nullptr);
  EXPECT_FALSE(Send(Read("/odd"))->reading->has_value());
  EXPECT_FALSE(Send(Read("/odd"))->reading->has_value()) << "another body";
}

TEST_F(RevalidatingHttpClientTest, TellsCredentialsUrlsAndHeadersApart) {
  EXPECT_EQ(Body(Read("/a")), "200 body of /a");
  EXPECT_EQ(Body(Read("/a", "OTHER")), "200 body of /a");
  EXPECT_EQ(Body(Read("/a?b")), "200 body of /a?b");
  HttpRequest other_organization = Read("/a");
  other_organization.headers.Add("X-Daytona-Organization-ID", "1");
  EXPECT_EQ(Body(std::move(other_organization)), "200 body of /a");
  EXPECT_THAT(Asked(), ElementsAre("/a", "/a", "/a?b", "/a"));
}

TEST_F(RevalidatingHttpClientTest, RemembersOnlyWhatItMay) {
  for (const char* path : {"/private", "/large", "/missing", "/plain"}) {
    const std::string first = Body(Read(path));
    EXPECT_EQ(Body(Read(path)), first);
  }
  HttpRequest not_asked_for = Get(server_.Url("/a"));
  EXPECT_EQ(Body(not_asked_for), "200 body of /a");
  HttpRequest post = Post(server_.Url("/a"));
  post.revalidate = true;
  EXPECT_EQ(Body(post), "200 body of /a");
  EXPECT_EQ(Body(post), "200 body of /a");
  for (const Server::Request& request : server_.requests()) EXPECT_EQ(request.headers.Get("If-None-Match"), "");
  EXPECT_EQ(revalidating_.bytes(), 0U);
}

TEST_F(RevalidatingHttpClientTest, AnAnswerThatIsNotModifiedSinceSomethingElseIsAskedForWhole) {
  EXPECT_EQ(Body(Read("/odd")), "200 body of /odd");
  EXPECT_EQ(Body(Read("/odd")), "200 body of /odd");
  EXPECT_THAT(Asked(), ElementsAre("/odd", "/odd if not W/\"/odd\"", "/odd"));
}

TEST_F(RevalidatingHttpClientTest, ForgetsTheLeastRecentlyUsedFirst) {
  for (const char* path : {"/1", "/2", "/1", "/3", "/1", "/4", "/1", "/5"}) Body(Read(path));
  EXPECT_LE(revalidating_.bytes(), 1600U);
  EXPECT_GT(revalidating_.bytes(), 750U);
  for (const char* path : {"/5", "/1", "/2"}) EXPECT_EQ(Body(Read(path)), absl::StrCat("200 body of ", path));
  std::vector<std::string> asked = Asked();
  asked.erase(asked.begin(), asked.begin() + 8);
  EXPECT_THAT(asked, ElementsAre("/5 if not W/\"/5\"", "/1 if not W/\"/1\"", "/2"));
}

TEST_F(RevalidatingHttpClientTest, StreamsPassThrough) {
  HttpRequest request = Read("/a");
  EXPECT_TRUE(Run(revalidating_.Open(CallContext::Background("test"), request)).ok());
  EXPECT_EQ(revalidating_.bytes(), 0U);
}

}  // namespace
}  // namespace daytonad
