#include "daemon/upstream/v0/transport/rest_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <any>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

absl::StatusOr<std::string> ReadId(const Json& json) {
  std::string id = JsonFields(json).String("id");
  if (id.empty()) return ForeignResponse("it has no `id`");
  return id;
}

class RestClientTest : public RestApiFixture {
 protected:
  std::unique_ptr<RestClient> NewClient(std::string api_url, CredentialSource& credentials) {
    RestClientOptions options(*BaseUrl::Parse(api_url));
    return std::make_unique<RestClient>(std::move(options), http_, clock_, credentials, origins_, [] { return 0.5; });
  }

  static RestRequest Get(std::vector<std::string> segments = {"thing"}) {
    return RestRequest(HttpMethod::kGet, Idempotency::kRead, std::move(segments));
  }
  static RestRequest Post(OrderedJson body) {
    RestRequest request(HttpMethod::kPost, Idempotency::kNotIdempotent, {"thing"});
    request.SetBody(std::move(body));
    return request;
  }

  absl::StatusOr<std::string> Fetch(RestRequest request) {
    return Run(client_->Fetch(context_, std::move(request), ReadId));
  }

  std::unique_ptr<RestClient> client_ = NewClient("http://api.test/api", credentials_);
};

TEST_F(RestClientTest, SaysWhoItIs) {
  http_.Answer(200, R"({"id": "x"})");
  EXPECT_EQ(*Fetch(Get()), "x");
  const HttpRequest& request = http_.requests()[0];
  EXPECT_EQ(request.bearer.Reveal(), "KEY");
  EXPECT_EQ(request.headers.Get("X-Daytona-Source"), "daytonad");
  EXPECT_EQ(request.headers.Get("X-Daytona-SDK-Version"), "0.205.1");
  EXPECT_EQ(request.headers.Get("User-Agent"), "daytonad/" DAYTONAD_VERSION);
  EXPECT_EQ(request.headers.Get("Accept"), "application/json");
  EXPECT_EQ(request.headers.Get("Content-Type"), "") << "no body";
  EXPECT_EQ(request.headers.Get("X-Daytona-Organization-ID"), "") << "an API key has one organization only";
}

TEST_F(RestClientTest, NamesTheOrganizationOfAToken) {
  CredentialInputs inputs;
  inputs.jwt_token = "JWT";
  inputs.organization_id = "org1";
  StaticCredential token(*MakeCredential(std::move(inputs)));
  client_ = NewClient("http://api.test/api", token);
  http_.Answer(200, R"({"id": "x"})");
  EXPECT_TRUE(Fetch(Get()).ok());
  EXPECT_EQ(http_.requests()[0].bearer.Reveal(), "JWT");
  EXPECT_EQ(http_.requests()[0].headers.Get("X-Daytona-Organization-ID"), "org1");
}

TEST_F(RestClientTest, SendsTheCredentialToTrustedOriginsOnly) {
  for (int i = 0; i < 4; ++i) http_.Answer(200, R"({"id": "x"})");
  EXPECT_TRUE(Fetch(RestRequest::ForUrl("http://logs.test:4000/x")).ok());
  EXPECT_FALSE(http_.requests()[0].bearer.empty());
  for (const char* url : {"http://logs.test/x", "https://api.test/api", "http://api.test.evil.test/api"}) {
    EXPECT_TRUE(Fetch(RestRequest::ForUrl(url)).ok());
    EXPECT_TRUE(http_.requests().back().bearer.empty()) << url;
  }
}

TEST_F(RestClientTest, JoinsAnyBaseUrl) {
  for (const char* base : {"http://api.test", "http://api.test/", "http://api.test/a/b/"}) {
    http_.Answer(404, Envelope(404, "no"));
    client_ = NewClient(base, credentials_);
    EXPECT_FALSE(Fetch(Get({"thing", ".."})).ok());
  }
  EXPECT_THAT(http_.Lines(), ElementsAre("GET http://api.test/thing/%2E%2E", "GET http://api.test/thing/%2E%2E",
                                         "GET http://api.test/a/b/thing/%2E%2E"));
}

TEST_F(RestClientTest, AddsToTheQueryOfAnAnsweredUrl) {
  for (const char* url : {"http://logs.test:4000/l", "http://logs.test:4000/l?a=b", "http://logs.test:4000/l?a=b#c"}) {
    http_.Answer(200, R"({"id": "x"})");
    RestRequest request = RestRequest::ForUrl(url);
    request.AddQuery("follow", "true");
    EXPECT_TRUE(Fetch(std::move(request)).ok());
  }
  EXPECT_THAT(http_.Lines(),
              ElementsAre("GET http://logs.test:4000/l?follow=true", "GET http://logs.test:4000/l?a=b&follow=true",
                          "GET http://logs.test:4000/l?a=b&follow=true"));
}

TEST_F(RestClientTest, SendsABodyUpToTheLimit) {
  http_.Answer(200, R"({"id": "x"})");
  OrderedJson body = OrderedJson::object();
  body["a"] = std::string(102'400 - 8, 'x');  // {"a":""} is 8 long
  EXPECT_TRUE(Fetch(Post(body)).ok());
  EXPECT_EQ(http_.requests()[0].body.size(), 102'400U);
  EXPECT_EQ(http_.requests()[0].headers.Get("Content-Type"), "application/json");
}

TEST_F(RestClientTest, RefusesALargerBodyBeforeAnythingIsSent) {
  OrderedJson body = OrderedJson::object();
  body["name"] = "n";
  body["buildInfo"]["dockerfileContent"] = std::string(110'000, 'x');
  const absl::Status error = Fetch(Post(body)).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(error), "BODY_TOO_LARGE");
  EXPECT_EQ(ErrorMetadataValue(error, "limit"), "102400");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), std::nullopt);
  EXPECT_THAT(std::string(error.message()), HasSubstr("102400"));
  EXPECT_THAT(std::string(error.message()), HasSubstr("`buildInfo` with 110024 bytes"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(RestClientTest, AnAnswerWhoseFrameIsBrokenIsMalformed) {
  http_.Answer(200, "{");
  const absl::Status error = Fetch(Get()).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_MALFORMED_RESPONSE");
  EXPECT_EQ(ErrorMetadataValue(error, "http_status"), "200");
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_path"), "/api/thing");
  EXPECT_EQ(http_.requests().size(), 1U) << "it was not repeated";
}

TEST_F(RestClientTest, WhatDaytonaDidNotWriteIsAskedForAgain) {
  const std::pair<int, const char*> answers[] = {{200, ""},
                                                 {200, "[]"},
                                                 {200, "null"},
                                                 {200, "{\"id\": 5}"},
                                                 {200, "true"},
                                                 {200, "\x1F\x8B"},
                                                 {200, "<!doctype html>"},
                                                 {200, R"({"login": "https://sso.test"})"},
                                                 {302, ""},
                                                 {400, "no"},
                                                 {401, "<html></html>"},
                                                 {403, R"({"message": "Forbidden"})"},
                                                 {404, "<html>"},
                                                 {404, "Not Found"},
                                                 {404, R"({"statusCode": 404, "message": "Resource not found"})"},
                                                 {409, "{}"},
                                                 {520, "<html></html>"},
                                                 {530, ""},
                                                 {599, ""}};
  for (const auto& [status, body] : answers) {
    const size_t before = http_.requests().size();
    http_.Answer(status, body).Answer(200, R"({"id": "x"})");
    EXPECT_EQ(Fetch(Get()).value_or("error"), "x") << status << " " << body;
    EXPECT_EQ(http_.requests().size(), before + 2) << status << " " << body;
    http_.Answer(status, body);
    const absl::Status error = Fetch(Post(OrderedJson::object())).status();
    EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable) << status << " " << body;
    EXPECT_EQ(ErrorReason(error), status >= 500 ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_FOREIGN_ANSWER");
    EXPECT_EQ(ErrorMetadataValue(error, "outcome"), "unknown") << status << " " << body;
    EXPECT_EQ(ErrorMetadataValue(error, "http_status"), std::to_string(status));
    EXPECT_TRUE(RetryDelay(error).has_value());
  }
}

TEST_F(RestClientTest, AnUnreadableAnswerToAMutationMeansThatItMayHaveHappened) {
  http_.Answer(200, "{");
  EXPECT_EQ(ErrorMetadataValue(Fetch(Post(OrderedJson::object())).status(), "outcome"), "unknown");
}

TEST_F(RestClientTest, AWebPageIsNoSuccess) {
  for (const char* body : {"<!doctype html>", "OK", R"({"error": "login_required"})"}) {
    http_.Answer(200, body);
    const absl::Status error = Run(client_->Call(context_, Post(OrderedJson::object())));
    EXPECT_EQ(ErrorReason(error), "UPSTREAM_FOREIGN_ANSWER") << body;
    EXPECT_EQ(ErrorMetadataValue(error, "outcome"), "unknown") << body;
  }
  for (const char* body : {"", R"({"id": "x"})", "{}"}) {
    http_.Answer(200, body);
    EXPECT_TRUE(Run(client_->Call(context_, Post(OrderedJson::object()))).ok()) << body;
  }
}

TEST_F(RestClientTest, WaitingInVainForAConnectionIsNotATimeOutOfDaytona) {
  for (int i = 0; i < 4; ++i) http_.Fail(WithDelivery(DeadlineExceededError(), Delivery::kNotSent));
  const absl::Status error = Fetch(Post(OrderedJson::object())).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), std::nullopt);
  EXPECT_EQ(http_.requests().size(), 4U) << "surely not processed";
}

TEST_F(RestClientTest, OutcomeIsUnknownOnlyWhereAMutationMayHaveHappened) {
  const std::pair<int, bool> cases[] = {{400, false}, {401, false}, {404, false}, {409, false}, {408, true},
                                        {500, true},  {502, true},  {503, false}, {504, true}};
  for (const auto& [status, unknown] : cases) {
    http_.Answer(status, Envelope(status, "no"));
    EXPECT_EQ(ErrorMetadataValue(Fetch(Post(OrderedJson::object())).status(), "outcome").has_value(), unknown)
        << status;
  }
  http_.Answer(503, "<html></html>");
  EXPECT_EQ(ErrorMetadataValue(Fetch(Post(OrderedJson::object())).status(), "outcome"), "unknown") << "a proxy's";
  for (int i = 0; i < 4; ++i) http_.Answer(500, "");
  EXPECT_EQ(ErrorMetadataValue(Fetch(Get()).status(), "outcome"), std::nullopt) << "a read changes nothing";
}

TEST_F(RestClientTest, RepeatsAMutationThatWasSurelyNotProcessed) {
  http_.Fail(ConnectionRefused()).Answer(429, "", {{"Retry-After-sandbox-create", "2"}}).Answer(200, R"({"id": "x"})");
  const Clock::TimePoint began = clock_.Now();
  EXPECT_EQ(*Fetch(Post({{"a", 1}})), "x");
  EXPECT_EQ(http_.requests().size(), 3U);
  for (const HttpRequest& request : http_.requests()) EXPECT_EQ(request.body, R"({"a":1})");
  EXPECT_THAT(clock_.sleeps(), ElementsAre(187500us)) << "after the 429 it waited for its turn instead";
  EXPECT_EQ(clock_.Now() - began, 2187500us);
}

TEST_F(RestClientTest, UnavailableSaysWhenToComeBack) {
  for (int i = 0; i < 4; ++i) http_.Fail(ConnectionRefused());
  const absl::Status error = Fetch(Post(OrderedJson::object())).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_UNREACHABLE");
  EXPECT_TRUE(RetryDelay(error).has_value());
  EXPECT_EQ(ErrorMetadataValue(error, "attempts"), "4");
  EXPECT_EQ(ErrorMetadataValue(error, "ended_by"), "attempts");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), std::nullopt);
  EXPECT_THAT(std::string(error.message()), HasSubstr("Cannot reach api.test."));
}

TEST_F(RestClientTest, AnAttemptHasALimitOfItsOwn) {
  http_.StaySilent().Answer(200, R"({"id": "x"})");
  EXPECT_EQ(*Fetch(Get()), "x") << "a read is repeated";
  EXPECT_THAT(http_.limits(), ElementsAre(30s, 30s));
  http_.StaySilent();
  const absl::Status error = Fetch(Post(OrderedJson::object())).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_TIMED_OUT");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), "unknown");
}

TEST_F(RestClientTest, TheCallsOwnDeadlineEndsEverything) {
  context_ = context_.WithDeadline(clock_.Now() + 3s);
  http_.StaySilent();
  const absl::Status error = Fetch(Get()).status();
  EXPECT_EQ(ErrorReason(error), ErrorReason(DeadlineExceededError()));
  EXPECT_THAT(http_.limits(), ElementsAre(3s));
}

TEST_F(RestClientTest, HeldRequestsHaveMoreTimeThanUpstreamHoldsThem) {
  http_.Answer(200, R"({"id": "x"})");
  RestRequest request = Get();
  request.Through(ConnectionPool::kCreates, Latency::kLongPoll);
  EXPECT_TRUE(Fetch(std::move(request)).ok());
  EXPECT_THAT(http_.limits(), ElementsAre(120s));
}

TEST_F(RestClientTest, ATooLargeAnswerIsAnError) {
  http_.Fail(absl::ResourceExhaustedError("too large"));
  const absl::Status error = Fetch(Get()).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_RESPONSE_TOO_LARGE");
  EXPECT_TRUE(ErrorMetadataValue(error, "limit").has_value());
}

TEST_F(RestClientTest, ErrorsHaveTheRequestsTags) {
  http_.Answer(404, Envelope(404, "no"));
  RestRequest request = Get();
  request.Tag("sandbox_id", "s").Tag("sandbox_name", "");
  const absl::Status error = Fetch(std::move(request)).status();
  EXPECT_EQ(ErrorMetadataValue(error, "sandbox_id"), "s");
  EXPECT_EQ(ErrorMetadataValue(error, "sandbox_name"), std::nullopt);
}

TEST_F(RestClientTest, NoErrorHoldsTheCredential) {
  http_.Answer(401, Envelope(401, "Invalid credentials"));
  const absl::Status error = Fetch(Get()).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(error.ToString(absl::StatusToStringMode::kWithEverything), Not(HasSubstr("KEY")));
}

TEST_F(RestClientTest, OnlyReadsOfObjectsAreRemembered) {
  (void)Run(api_->Run(context_, GetSandbox("a")));
  (void)Run(api_->Run(context_, ListVolumes(false)));
  (void)Run(api_->OpenContextStore(context_));
  (void)Run(api_->Run(context_, StartSandbox("a")));
  std::vector<bool> remembered;
  for (const HttpRequest& request : http_.requests()) remembered.push_back(request.revalidate);
  EXPECT_THAT(remembered, ElementsAre(true, true, false, false)) << "the third answers with keys";
}

TEST_F(RestClientTest, ABodyThatWasReadBeforeIsNotReadAgain) {
  const auto reading = std::make_shared<std::any>();
  http_.AnswerAgain(R"({"id": "x"})", reading);
  EXPECT_EQ(*Fetch(Get()), "x");
  http_.AnswerAgain("not even JSON", reading);
  EXPECT_EQ(*Fetch(Get()), "x");
  const auto other_reading = std::make_shared<std::any>(7);
  http_.AnswerAgain(R"({"id": "y"})", other_reading);
  EXPECT_EQ(*Fetch(Get()), "y") << "what was left there is something else";
  const auto unreadable = std::make_shared<std::any>();
  http_.AnswerAgain("{}", unreadable);
  EXPECT_FALSE(Fetch(Get()).ok());
  EXPECT_FALSE(unreadable->has_value());
}

TEST_F(RestClientTest, PingAsksForSomethingCheapThatNeedsTheCredential) {
  http_.Answer(200, R"({"items": [], "nextCursor": null})")
      .Answer(200, "{}")
      .Answer(401, Envelope(401, "Invalid credentials"));
  EXPECT_TRUE(Run(api_->Ping(context_)).ok());
  EXPECT_EQ(Run(api_->Ping(context_)).code(), absl::StatusCode::kUnauthenticated);
  for (int i = 0; i < 4; ++i) http_.Answer(200, "<html></html>");
  EXPECT_EQ(ErrorReason(Run(api_->Ping(context_))), "UPSTREAM_FOREIGN_ANSWER") << "a wrong base URL";
  EXPECT_EQ(http_.Lines()[0], "GET http://api.test/api/sandbox?limit=1");
  EXPECT_FALSE(http_.requests()[0].bearer.empty());
}

TEST_F(RestClientTest, PingReadsTheConfigurationOnceAnHour) {
  constexpr char kPage[] = R"({"items": [], "nextCursor": null})";
  for (const char* config : {"{}", R"({"rateLimit": {"sandboxCreate": {"ttl": "x"}, "authenticated": 7}})"}) {
    http_.Answer(200, kPage).Answer(200, config).Answer(200, kPage);
    EXPECT_TRUE(Run(api_->Ping(context_)).ok());
    EXPECT_TRUE(Run(api_->Ping(context_)).ok());
    clock_.Advance(1h);
  }
  constexpr char kList[] = "GET http://api.test/api/sandbox?limit=1";
  constexpr char kConfig[] = "GET http://api.test/api/config";
  EXPECT_THAT(http_.Lines(), ElementsAre(kList, kConfig, kList, kList, kConfig, kList));
}

TEST_F(RestClientTest, LargeAnswersAreReadOnThePool) {
  WorkPool pool;
  RestClientOptions options(*BaseUrl::Parse("http://api.test/api"));
  options.pool = &pool;
  client_ = std::make_unique<RestClient>(std::move(options), http_, clock_, credentials_, origins_, [] { return 0.5; });
  const auto where = [](const Json&) -> absl::StatusOr<std::thread::id> { return std::this_thread::get_id(); };
  const std::string large = R"({"id": ")" + std::string(300 << 10, 'x') + R"("})";
  for (const auto& [body, on_pool] : {std::pair(std::string("{}"), false), std::pair(large, true)}) {
    http_.Answer(200, body);
    const absl::StatusOr<std::thread::id> read_on = Run(client_->Fetch<std::thread::id>(context_, Get(), where));
    ASSERT_TRUE(read_on.ok());
    EXPECT_EQ(*read_on != std::this_thread::get_id(), on_pool);
  }
  http_.Answer(200, large.substr(0, large.size() - 1));
  EXPECT_EQ(ErrorReason(Fetch(Get()).status()), "UPSTREAM_MALFORMED_RESPONSE");
}

class RestClientRateTest : public RestClientTest {
 protected:
  static FakeHttpClient::Headers Rate(const std::string& throttler, int limit, int remaining, int reset) {
    return {{"X-RateLimit-Limit-" + throttler, std::to_string(limit)},
            {"X-RateLimit-Remaining-" + throttler, std::to_string(remaining)},
            {"X-RateLimit-Reset-" + throttler, std::to_string(reset)}};
  }

  // Makes several calls at once; returns what came of each.
  std::vector<absl::StatusOr<std::string>> FetchTogether(std::vector<RestRequest> requests) {
    std::vector<std::future<absl::StatusOr<std::string>>> calls;
    calls.reserve(requests.size());
    for (RestRequest& request : requests) {
      calls.push_back(StartTask(io_, client_->Fetch(context_, std::move(request), ReadId)));
    }
    std::vector<absl::StatusOr<std::string>> results;
    for (auto& call : calls) {
      io_.restart();
      while (call.wait_for(0s) != std::future_status::ready && io_.run_one_for(30s) > 0) {
      }
      results.push_back(call.get());
    }
    return results;
  }
};

TEST_F(RestClientRateTest, RequestsCountAgainstTheLimitThatUpstreamCountsThemAgainst) {
  context_ = context_.WithDeadline(clock_.Now() + 10s);
  const auto throttler_of = [this](auto call) {
    for (const char* name : {"authenticated", "sandbox-create", "sandbox-lifecycle"}) {
      RestApiOptions options(*BaseUrl::Parse("http://api.test/api"));
      api_ = std::make_unique<RestApi>(std::move(options), http_, clock_, credentials_, origins_, [] { return 0.5; });
      http_.Answer(404, Envelope(404, "Region not found"), Rate(name, 5, 0, 60));
      const size_t before = http_.requests().size();
      (void)call();
      (void)call();
      if (http_.requests().size() == before + 1) return std::string(name);
    }
    return std::string("none");
  };
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, CreateSandbox())).status(); }), "sandbox-create");
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, StartSandbox("a"))).status(); }), "sandbox-lifecycle");
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, StopSandbox("a", true))).status(); }),
            "sandbox-lifecycle");
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, DeleteSandbox("a"))).status(); }),
            "sandbox-lifecycle");
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, GetSandbox("a"))).status(); }), "authenticated");
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, CreateSnapshot())).status(); }), "authenticated");
  EXPECT_EQ(throttler_of([this] { return Run(api_->Run(context_, DeleteVolume("a"))); }), "authenticated");
}

TEST_F(RestClientRateTest, AnotherServersUrlIsNotLimited) {
  http_.Answer(200, R"({"id": "x"})", Rate("authenticated", 5, 0, 60)).Answer(200, R"({"id": "x"})");
  EXPECT_TRUE(Fetch(Get()).ok());
  context_ = context_.WithDeadline(clock_.Now() + 10s);
  EXPECT_TRUE(Fetch(RestRequest::ForUrl("http://logs.test:4000/x")).ok());
}

TEST_F(RestClientRateTest, ARequestWithoutAPermitIsNotSentAndSaysSo) {
  http_.Answer(200, R"({"id": "x"})", Rate("authenticated", 5, 0, 60));
  EXPECT_TRUE(Fetch(Get()).ok());
  context_ = context_.WithDeadline(clock_.Now() + 10s);
  const absl::Status error = Fetch(Post(OrderedJson::object())).status();
  EXPECT_EQ(http_.requests().size(), 1U);
  EXPECT_EQ(error.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(error), "RATE_LIMITED");
  EXPECT_EQ(RetryDelay(error), 60s);
  EXPECT_EQ(ErrorMetadataValue(error, "throttler"), "authenticated");
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_path"), "/api/thing");
  EXPECT_EQ(ErrorMetadataValue(error, "delivery"), "not_sent");
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), std::nullopt);
  EXPECT_EQ(ErrorMetadataValue(error, "attempts"), std::nullopt);
  EXPECT_THAT(std::string(error.message()), HasSubstr("Daytona's rate limit `authenticated`"));
}

TEST_F(RestClientRateTest, ARefusalIsWaitedForOnce) {
  http_.Answer(429, "", {{"Retry-After-authenticated", "20"}}).Answer(200, R"({"id": "x"})");
  const Clock::TimePoint began = clock_.Now();
  EXPECT_TRUE(Fetch(Get()).ok());
  EXPECT_EQ(clock_.Now() - began, 20s);
}

TEST_F(RestClientRateTest, AfterARefusalOnlyAProbeIsSentUntilItIsAnswered) {
  http_.Answer(429, "", {{"Retry-After-authenticated", "20"}}).Answer(429, "", {{"Retry-After-authenticated", "1"}});
  for (int i = 0; i < 5; ++i) http_.Answer(200, R"({"id": "x"})", Rate("authenticated", 100, 50 - i, 60));
  const Clock::TimePoint began = clock_.Now();
  for (const auto& result : FetchTogether({Get(), Get(), Get(), Get(), Get()})) EXPECT_TRUE(result.ok());
  EXPECT_EQ(clock_.Now() - began, 21s);
  EXPECT_EQ(http_.requests().size(), 7U) << "the others were not sent in vain";
}

TEST_F(RestClientRateTest, ARefusalByAnUnknownLimitIsWaitedForAsWell) {
  http_.Answer(429, "", {{"Retry-After-sandbox-list", "20"}}).Answer(200, R"({"id": "x"})");
  const Clock::TimePoint began = clock_.Now();
  EXPECT_TRUE(Fetch(Get()).ok());
  EXPECT_EQ(clock_.Now() - began, 20s);
}

TEST_F(RestClientRateTest, ARefusalThatDoesNotSayHowLongIsBackedOffFrom) {
  http_.Answer(429, "").Answer(200, R"({"id": "x"})");
  EXPECT_TRUE(Fetch(Get()).ok());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(187500us));
}

TEST_F(RestClientRateTest, ARefusalBeyondWhatTheCallerLivesToSeeIsPassedOn) {
  http_.Answer(429, "", {{"Retry-After-authenticated", "20"}});
  context_ = context_.WithDeadline(clock_.Now() + 10s).Detached(clock_.Now() + 60s);
  const absl::Status error = Fetch(Get()).status();
  EXPECT_EQ(ErrorMetadataValue(error, "http_status"), "429");
  EXPECT_EQ(ErrorMetadataValue(error, "ended_by"), "deadline");
  EXPECT_EQ(RetryDelay(error), 20s);
}

// Row retry-after-hours: nobody is stopped for longer than the limit's window, or a minute if that is not known.
TEST_F(RestClientRateTest, RetryAfterHoursIsBoundedByTheWindow) {
  for (const char* header : {"Retry-After-authenticated", "Retry-After"}) {
    http_.Answer(429, "", {{header, "60000"}}).Answer(200, R"({"id": "x"})");
    const Clock::TimePoint began = clock_.Now();
    EXPECT_TRUE(Fetch(Get()).ok());
    EXPECT_EQ(clock_.Now() - began, 60s) << header;
  }
  client_->SupposeRateLimit("authenticated", 100, 10s);
  http_.Answer(429, "", {{"Retry-After-authenticated", "60000"}}).Answer(200, R"({"id": "x"})");
  const Clock::TimePoint began = clock_.Now();
  EXPECT_TRUE(Fetch(Get()).ok());
  EXPECT_EQ(clock_.Now() - began, 10s);
}

TEST_F(RestClientRateTest, RetryAfterHoursOfAnotherStatusIsBoundedToo) {
  context_ = context_.WithDeadline(clock_.Now() + 5min);
  http_.Answer(503, "", {{"Retry-After", "3600"}}).Answer(200, R"({"id": "x"})");
  const Clock::TimePoint began = clock_.Now();
  EXPECT_TRUE(Fetch(Get()).ok());
  EXPECT_LE(clock_.Now() - began, 61s);
}

// Row rate-limited-everywhere, when everything fails: the storm is what callers ask for, and little more.
TEST_F(RestClientRateTest, AStormOfRetriesEndsWithItsBudget) {
  RestClientOptions options(*BaseUrl::Parse("http://api.test/api"));
  options.retry.budget = 30;
  client_ = std::make_unique<RestClient>(std::move(options), http_, clock_, credentials_, origins_, [] { return 0.5; });
  constexpr int kCallers = 100;
  for (int i = 0; i < 4 * kCallers; ++i) http_.Fail(ConnectionLost());
  std::vector<RestRequest> requests(kCallers, Get());
  int ended_by_budget = 0;
  for (const auto& result : FetchTogether(std::move(requests))) {
    EXPECT_TRUE(absl::IsUnavailable(result.status()));
    ended_by_budget += ErrorMetadataValue(result.status(), "ended_by") == "budget" ? 1 : 0;
  }
  EXPECT_EQ(http_.requests().size(), kCallers + 30U);
  EXPECT_GE(ended_by_budget, 90);
}

}  // namespace
}  // namespace daytonad
