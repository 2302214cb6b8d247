#include "daemon/upstream/v0/transport/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/codecs/json_fields.h"

namespace daytonad {
namespace {

using Code = absl::StatusCode;
using testing::HasSubstr;
using testing::Not;

// An error body as upstream writes it.
std::string Body(int status, const std::string& message) {
  return Json{{"path", "/api/x"},
              {"timestamp", "2026-11-21T20:35:48.642Z"},
              {"statusCode", status},
              {"error", "Phrase"},
              {"message", message}}
      .dump();
}

RestRequest Request(Subject subject, const std::string& object, Idempotency idempotency = Idempotency::kNotIdempotent) {
  RestRequest request(HttpMethod::kPost, idempotency, {"x"});
  request.About(subject, object);
  return request;
}

absl::Status Mapped(int status, const std::string& body, Subject subject = Subject::kNone,
                    const std::string& object = "") {
  HttpResponse response;
  response.status = status;
  response.body = body;
  return ErrorFromResponse(Request(subject, object), response);
}

struct Case {
  int http_status;
  std::string text;
  Code code;
  std::string reason;
  Subject subject = Subject::kNone;
};

// In words, since test runners take a case's text for its name.
void PrintTo(const Case& row, std::ostream* out) {
  std::string text = absl::StrCat(row.http_status, " ", row.text, " ", row.reason);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return !absl::ascii_isalnum(c); }, '_');
  *out << text;
}

class ErrorTableTest : public testing::TestWithParam<Case> {};

TEST_P(ErrorTableTest, MapsStatusAndText) {
  const Case& row = GetParam();
  const absl::Status error = Mapped(row.http_status, Body(row.http_status, row.text), row.subject);
  EXPECT_EQ(error.code(), row.code);
  EXPECT_EQ(ErrorReason(error), row.reason);
  EXPECT_EQ(ErrorMetadataValue(error, "http_status"), std::to_string(row.http_status));
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_error"), "Phrase");
  EXPECT_TRUE(ErrorMetadataValue(error, "upstream_message").has_value());
}

// What a real server was seen to answer.
INSTANTIATE_TEST_SUITE_P(
    Observed, ErrorTableTest,
    testing::Values(
        Case{401, "Invalid credentials", Code::kUnauthenticated, "UPSTREAM_REJECTED_CREDENTIAL"},
        Case{409, "Sandbox with name g1 already exists", Code::kAlreadyExists, "NAME_TAKEN"},
        Case{404, "Sandbox with ID or name nope not found", Code::kNotFound, "SANDBOX_NOT_FOUND"},
        Case{400, "each value must be one of the following values: creating, restoring", Code::kInvalidArgument,
             "UPSTREAM_BAD_REQUEST"},
        Case{400, "limit must not be greater than 200", Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"},
        Case{400, "Invalid cursor provided: zzz", Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"},
        Case{400, "Sandbox is not in a stoppable state", Code::kFailedPrecondition, "WRONG_STATE"},
        Case{400, "Snapshot nope not found. Did you add it through the Daytona Dashboard?", Code::kNotFound,
             "SNAPSHOT_NOT_FOUND"},
        Case{400, "Cannot specify Sandbox resources when using a snapshot", Code::kInvalidArgument,
             "UPSTREAM_BAD_REQUEST"},
        Case{400, "CPU request 400 exceeds maximum allowed per sandbox (4).\nNeed higher resource limits per-sandbox?",
             Code::kResourceExhausted, "QUOTA_EXCEEDED"},
        Case{404, "Region not found", Code::kNotFound, "REGION_NOT_FOUND"},
        Case{400, "name must not contain HTML tags, URLs, or control characters, name must be a string",
             Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"},
        Case{404, "Cannot POST /api/sandbox", Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM"},
        Case{400, "Linked sandboxes must be ephemeral (set autoDeleteInterval to 0)", Code::kInvalidArgument,
             "UPSTREAM_BAD_REQUEST"},
        Case{400, "Sandbox failed to start: failed to create sandbox: fake failure", Code::kFailedPrecondition,
             "SANDBOX_FAILED"},
        Case{409, "Snapshot with name \"s1\" already exists for this organization", Code::kAlreadyExists, "NAME_TAKEN"},
        Case{400, "Snapshot s1 is inactive", Code::kFailedPrecondition, "SNAPSHOT_NOT_ACTIVE"},
        Case{400, "Snapshot deactivation is still in progress. Please try again in a few minutes.",
             Code::kFailedPrecondition, "WRONG_STATE"},
        Case{400, "Images with tag \":latest\" are not allowed", Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"},
        Case{400, "Invalid snapshot name format. May contain letters, digits, dots, colons, and dashes",
             Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"},
        Case{404, "Snapshot with name nope not found", Code::kNotFound, "SNAPSHOT_NOT_FOUND"},
        Case{400, "Validation failed (uuid is expected)", Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"},
        Case{400, "Volume with name v1 already exists", Code::kAlreadyExists, "NAME_TAKEN"},
        Case{404, "Volume with name nope not found", Code::kNotFound, "VOLUME_NOT_FOUND"},
        Case{400, "Volume 'v1' is not in a ready state. Current state: pending_create", Code::kFailedPrecondition,
             "VOLUME_NOT_READY"},
        Case{400, "Invalid mount path / (cannot mount to the root directory)", Code::kInvalidArgument,
             "UPSTREAM_BAD_REQUEST"},
        Case{409, "Volume cannot be deleted because it is in use by one or more sandboxes (e.g. g5)",
             Code::kFailedPrecondition, "VOLUME_IN_USE"},
        Case{404, "Cannot GET /api/nope", Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM"}));

// What its code can answer.
INSTANTIATE_TEST_SUITE_P(
    Known, ErrorTableTest,
    testing::Values(
        Case{400, "Total CPU limit exceeded. Maximum allowed: 10.\nUpgrade", Code::kResourceExhausted,
             "QUOTA_EXCEEDED"},
        Case{400, "Snapshot quota exceeded. Maximum allowed: 30", Code::kResourceExhausted, "QUOTA_EXCEEDED"},
        Case{400, "Volume quota exceeded. Maximum allowed: 100", Code::kResourceExhausted, "QUOTA_EXCEEDED"},
        Case{400, "Snapshot size (21.00GB) exceeds maximum allowed size of 20GB", Code::kResourceExhausted,
             "QUOTA_EXCEEDED"},
        Case{400, "Snapshot s1 is not available in region eu", Code::kFailedPrecondition, "SNAPSHOT_NOT_ACTIVE"},
        Case{400, "Snapshot 8f594dc5 is already active", Code::kFailedPrecondition, "WRONG_STATE"},
        Case{400, "Snapshot 8f594dc5 cannot be activated - it is in error state", Code::kFailedPrecondition,
             "WRONG_STATE"},
        Case{400, "Sandbox is in an errored state", Code::kFailedPrecondition, "WRONG_STATE"},
        Case{400, "Cannot delete sandbox which has active fork children. The forks must be deleted first.",
             Code::kFailedPrecondition, "WRONG_STATE"},
        Case{400, "Volume must be in 'ready' or 'error' state in order to be deleted", Code::kFailedPrecondition,
             "WRONG_STATE"},
        Case{400, "Volume 'x' could not be resolved to a valid volume ID", Code::kNotFound, "VOLUME_NOT_FOUND"},
        Case{400, "Linked sandbox must be in STARTED or STOPPED state with an assigned runner (current: error)",
             Code::kFailedPrecondition, "WRONG_STATE"},
        Case{403, "Access denied", Code::kPermissionDenied, "PERMISSION_DENIED_BY_UPSTREAM"},
        Case{403, "You cannot delete a general snapshot", Code::kPermissionDenied, "PERMISSION_DENIED_BY_UPSTREAM"},
        Case{403, "Organization is suspended: unpaid", Code::kPermissionDenied, "ORGANIZATION_SUSPENDED"},
        Case{404, "Volume 'x' not found", Code::kNotFound, "VOLUME_NOT_FOUND"},
        Case{404, "Default region not found", Code::kNotFound, "REGION_NOT_FOUND"},
        Case{404, "Region with ID x not found", Code::kNotFound, "REGION_NOT_FOUND"},
        Case{404, "Sandbox with ID or name x has no build info", Code::kFailedPrecondition, "BUILD_LOG_UNAVAILABLE"},
        Case{404, "Timeout waiting for build runner assignment for snapshot x", Code::kNotFound,
             "BUILD_LOG_UNAVAILABLE"},
        Case{404, "build logs not found for ref: x", Code::kNotFound, "BUILD_LOG_UNAVAILABLE"},
        Case{408, "slow", Code::kDeadlineExceeded, "UPSTREAM_TIMED_OUT"},
        Case{409, "Sandbox state change in progress", Code::kAborted, "STATE_CHANGE_IN_PROGRESS"},
        Case{409, "Sandbox was modified by another operation", Code::kAborted, "STATE_CHANGE_IN_PROGRESS"},
        Case{410, "gone", Code::kFailedPrecondition, "UPSTREAM_UNPROCESSABLE"},
        Case{413, "request entity too large", Code::kInvalidArgument, "BODY_TOO_LARGE"},
        Case{422, "Forking is not supported for this sandbox", Code::kFailedPrecondition, "UPSTREAM_UNPROCESSABLE"},
        Case{429, "ThrottlerException: Too Many Requests", Code::kResourceExhausted, "RATE_LIMITED"},
        Case{500, "An unexpected error occurred.", Code::kInternal, "UPSTREAM_INTERNAL"},
        Case{502, "Bad gateway", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{503, "Service is currently under maintenance. Please try again later.", Code::kUnavailable,
             "UPSTREAM_UNAVAILABLE"},
        Case{504, "Gateway time-out", Code::kDeadlineExceeded, "UPSTREAM_TIMED_OUT"},
        Case{501, "no", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{425, "early", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{405, "Method Not Allowed", Code::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM"},
        Case{418, "I am a teapot", Code::kInvalidArgument, "UPSTREAM_BAD_REQUEST"}));

// Refusals that pass, with RetryInfo.
class PassingRefusalTest : public testing::TestWithParam<Case> {};

TEST_P(PassingRefusalTest, SaysWhenToComeBack) {
  const Case& row = GetParam();
  const absl::Status error = Mapped(row.http_status, Body(row.http_status, row.text), row.subject);
  EXPECT_EQ(error.code(), row.code) << error;
  EXPECT_EQ(ErrorReason(error), row.reason);
  EXPECT_TRUE(RetryDelay(error).has_value());
  EXPECT_EQ(ErrorMetadataValue(error, "outcome"), std::nullopt) << "it was refused";
}

// Row no-runner-now.
INSTANTIATE_TEST_SUITE_P(
    NoRunnerNow, PassingRefusalTest,
    testing::Values(
        Case{400, "No available runners", Code::kUnavailable, "NO_CAPACITY"},
        Case{400, "No available runners found for region us", Code::kUnavailable, "NO_CAPACITY"},
        Case{400, "Runner r-1 is draining", Code::kUnavailable, "NO_CAPACITY"},
        Case{400, "Concurrent builds limit reached, please try again later", Code::kUnavailable, "NO_CAPACITY"},
        Case{422, "Insufficient capacity in region", Code::kUnavailable, "NO_CAPACITY"},
        Case{400, "Snapshot s1 is being pulled. Please try again later", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{400, "Sandbox is not ready, try again in a few seconds", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{403, "Service temporarily unavailable", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{404, "Runner lookup failed, please retry", Code::kUnavailable, "UPSTREAM_UNAVAILABLE"},
        Case{400, "Failed to get temporary credentials", Code::kUnavailable, "CONTEXT_STORE_UNAVAILABLE",
             Subject::kContextStore},
        Case{400, "Snapshot deactivation is still in progress. Please try again in a few minutes.",
             Code::kFailedPrecondition, "WRONG_STATE"}));

// Row state-change-400.
INSTANTIATE_TEST_SUITE_P(
    StateChange400, ErrorTableTest,
    testing::Values(Case{400, "Sandbox state change in progress", Code::kAborted, "STATE_CHANGE_IN_PROGRESS"},
                    Case{400, "sandbox State Change In Progress", Code::kAborted, "STATE_CHANGE_IN_PROGRESS"},
                    Case{409, "STATE CHANGE IN PROGRESS", Code::kAborted, "STATE_CHANGE_IN_PROGRESS"}));

// A 404 with other words is about what the path names.
INSTANTIATE_TEST_SUITE_P(BySubject, ErrorTableTest,
                         testing::Values(Case{404, "no", Code::kNotFound, "SANDBOX_NOT_FOUND", Subject::kSandbox},
                                         Case{404, "no", Code::kNotFound, "SNAPSHOT_NOT_FOUND", Subject::kSnapshot},
                                         Case{404, "no", Code::kNotFound, "VOLUME_NOT_FOUND", Subject::kVolume},
                                         Case{404, "no", Code::kNotFound, "BUILD_LOG_UNAVAILABLE", Subject::kBuildLog},
                                         Case{404, "no", Code::kNotFound, "UPSTREAM_NOT_FOUND", Subject::kNone},
                                         Case{404, "Region not found", Code::kNotFound, "REGION_NOT_FOUND",
                                              Subject::kSandbox}));

// Users choose names, and upstream's texts quote them.
INSTANTIATE_TEST_SUITE_P(
    TrickyNames, ErrorTableTest,
    testing::Values(
        Case{404, "Sandbox with ID or name snapshot x not found not found", Code::kNotFound, "SANDBOX_NOT_FOUND"},
        Case{409, "Sandbox with name total quota exceeded already exists", Code::kAlreadyExists, "NAME_TAKEN"},
        Case{400, "Volume with name is not in a ready state already exists", Code::kAlreadyExists, "NAME_TAKEN"},
        Case{409, "Sandbox with name please try again later already exists", Code::kAlreadyExists, "NAME_TAKEN"},
        Case{404, "Volume with name Cannot POST /api not found", Code::kNotFound, "VOLUME_NOT_FOUND"}));

struct Absence {
  Subject subject;
  std::string object;
  std::string text;
};

TEST(AbsenceTest, DaytonaSaysOfThisVeryObjectThatItIsGone) {
  const std::string id = "0daf0272-2824-474d-af76-f0f32c848493";
  const Absence gone[] = {{Subject::kSandbox, "box", "Sandbox with ID or name box not found"},
                          {Subject::kSandbox, id, "Sandbox with ID " + id + " not found."},
                          {Subject::kSandbox, "a not found", "Sandbox with ID or name a not found not found"},
                          {Subject::kSnapshot, "s1", "Snapshot with name s1 not found"},
                          {Subject::kSnapshot, "s1", "Snapshot with name \"s1\" not found"},
                          {Subject::kSnapshot, id, "Snapshot " + id + " not found"},
                          {Subject::kVolume, "data", "Volume with name data not found"},
                          {Subject::kVolume, id, "Volume with ID " + id + " not found"}};
  for (const auto& [subject, object, text] : gone) {
    const absl::Status error = Mapped(404, Body(404, text), subject, object);
    EXPECT_TRUE(IsAbsent(error)) << text;
    EXPECT_FALSE(IsUnclearAbsence(error, subject, object)) << text;
    EXPECT_EQ(ErrorMetadataValue(error, "upstream_message").has_value(), true);
  }
  EXPECT_EQ(Mapped(404, Body(404, gone[0].text), Subject::kSandbox, "box").message(),
            "Sandbox `box` does not exist or was deleted.");
}

TEST(AbsenceTest, WhatElseIsMissingIsNotTheObject) {
  const Absence others[] = {{Subject::kSandbox, "box", "Region not found"},
                            {Subject::kSandbox, "box", "Sandbox with ID or name box2 not found"},
                            {Subject::kSandbox, "box", "Parent sandbox not found for sandbox box"},
                            {Subject::kSandbox, "box", "Linked sandbox box not found"},
                            {Subject::kSandbox, "box", "Toolbox proxy URL not resolved"},
                            {Subject::kSandbox, "box", "Organization with ID o not found"},
                            {Subject::kSnapshot, "box", "Sandbox with ID or name box not found"},
                            {Subject::kNone, "", "Sandbox with ID or name box not found"}};
  for (const auto& [subject, object, text] : others) {
    const absl::Status error = Mapped(404, Body(404, text), subject, object);
    EXPECT_EQ(error.code(), Code::kNotFound) << text;
    EXPECT_FALSE(IsAbsent(error)) << text;
    EXPECT_FALSE(IsUnclearAbsence(error, subject, object)) << text;
  }
  const absl::Status linked = Mapped(404, Body(404, "Sandbox with ID or name parent-1 not found"));
  EXPECT_EQ(ErrorMetadataValue(linked, "sandbox_name"), "parent-1");
}

TEST(AbsenceTest, UnknownWordsAboutTheObjectAreUnclear) {
  for (const char* text : {"Not Found", "Sandbox not found", "no box", "Sandbox box was not found", ""}) {
    const absl::Status error = Mapped(404, Body(404, text), Subject::kSandbox, "box");
    EXPECT_EQ(error.code(), Code::kNotFound) << text;
    EXPECT_FALSE(IsAbsent(error)) << text;
    EXPECT_TRUE(IsUnclearAbsence(error, Subject::kSandbox, "box")) << text;
  }
}

// Row proxy-says-404.
TEST(AbsenceTest, ProxySays404AndProvesNothing) {
  const std::string text = "Sandbox with ID or name box not found";
  for (const std::string& body :
       {std::string("<html><h1>404</h1></html>"), std::string("404 page not found"), std::string(), text,
        Json{{"message", text}}.dump(), Json{{"message", text}, {"statusCode", 404}}.dump(),
        Json{{"message", text}, {"statusCode", 404}, {"error", "Not Found"}}.dump(),
        Json{{"message", text}, {"statusCode", 500}, {"path", "/api/sandbox/box"}}.dump()}) {
    const absl::Status error = Mapped(404, body, Subject::kSandbox, "box");
    EXPECT_EQ(error.code(), Code::kUnavailable) << body;
    EXPECT_EQ(ErrorReason(error), "UPSTREAM_FOREIGN_ANSWER") << body;
    EXPECT_EQ(ErrorMetadataValue(error, "outcome"), "unknown") << body;
  }
}

TEST(ErrorFromResponseTest, MessageSaysWhatHappenedAndWhatToDo) {
  const absl::Status error = Mapped(409, Body(409, "Sandbox with name g1 already exists"));
  EXPECT_EQ(error.message(),
            "The name is taken (HTTP 409): \"Sandbox with name g1 already exists\". Choose another name, or use what "
            "has it.");
}

TEST(ErrorFromResponseTest, ReadsOtherErrorBodies) {
  EXPECT_EQ(ErrorMetadataValue(Mapped(400, R"({"message":"Invalid JSON in request body","error":"Bad Request"})"),
                               "upstream_message"),
            "Invalid JSON in request body");
  EXPECT_EQ(ErrorMetadataValue(Mapped(400, R"({"message":["a must be b","c must be d"]})"), "upstream_message"),
            "a must be b, c must be d");
  EXPECT_EQ(ErrorMetadataValue(Mapped(400, R"({"error":"only this"})"), "upstream_message"), "only this");
  EXPECT_EQ(ErrorMetadataValue(Mapped(400, R"({"message":{"nested":1},"error":"phrase"})"), "upstream_message"),
            "phrase");
  EXPECT_EQ(ErrorMetadataValue(Mapped(502, "upstream\nconnect error\xFF"), "upstream_message"),
            "upstream connect error\uFFFD");
  EXPECT_EQ(ErrorMetadataValue(Mapped(500, ""), "upstream_message"), std::nullopt);
  EXPECT_EQ(ErrorMetadataValue(Mapped(502, "<html><h1>502</h1></html>"), "upstream_message"), std::nullopt);
}

TEST(ErrorFromResponseTest, CutsLongTexts) {
  const absl::Status error = Mapped(400, Body(400, std::string(5000, 'x') + "€"));
  EXPECT_EQ(ErrorMetadataValue(error, "upstream_message")->size(), 1024U);
  EXPECT_LT(error.message().size(), 1300U);
}

TEST(ErrorFromResponseTest, TakesAWebPageForAWrongBaseUrl) {
  const absl::Status error = Mapped(404, "<!DOCTYPE html><html><title>Daytona</title></html>", Subject::kSandbox);
  EXPECT_EQ(ErrorReason(error), "UPSTREAM_FOREIGN_ANSWER");
  EXPECT_THAT(std::string(error.message()), HasSubstr("/api"));
  EXPECT_THAT(std::string(error.message()), Not(HasSubstr("DOCTYPE")));
}

TEST(ErrorFromResponseTest, SaysWhichNumberWasExceeded) {
  EXPECT_EQ(ErrorMetadataValue(Mapped(400, Body(400, "Volume quota exceeded. Maximum allowed: 100")), "limit"), "100");
  EXPECT_EQ(
      ErrorMetadataValue(Mapped(400, Body(400, "CPU request 400 exceeds maximum allowed per sandbox (4).")), "limit"),
      "4");
}

absl::Status RateLimited(const std::vector<std::pair<std::string, std::string>>& headers) {
  HttpResponse response;
  response.status = 429;
  for (const auto& [name, value] : headers) response.headers.Add(name, value);
  return ErrorFromResponse(Request(Subject::kNone, ""), response);
}

TEST(ErrorFromResponseTest, TakesTheThrottlersDelayBeforeThePlainOne) {
  const absl::Status error = RateLimited({{"Retry-After", "99"}, {"retry-after-Sandbox-create", "12"}});
  EXPECT_EQ(RetryDelay(error), std::chrono::seconds(12));
  EXPECT_EQ(ErrorMetadataValue(error, "throttler"), "sandbox-create");
}

TEST(ErrorFromResponseTest, TakesThePlainDelayIfThereIsNoOther) {
  const absl::Status error = RateLimited({{"Retry-After", "1.5"}});
  EXPECT_EQ(RetryDelay(error), std::chrono::milliseconds(1500));
  EXPECT_EQ(ErrorMetadataValue(error, "throttler"), std::nullopt);
}

TEST(ErrorFromResponseTest, IgnoresDelaysThatMakeNoSense) {
  for (const char* value : {"", "-5", "nan", "inf", "soon", "Wed, 99 Oct 2026 07:28:00 GMT"}) {
    EXPECT_EQ(RetryDelay(RateLimited({{"Retry-After-authenticated", value}})), std::nullopt) << value;
  }
  EXPECT_EQ(RetryDelay(RateLimited({{"Retry-Afterwards", "5"}})), std::nullopt);
}

TEST(ErrorFromResponseTest, UnderstandsDatesAndBoundsEachDelay) {
  const std::pair<std::string, std::string> date = {"Date", "Wed, 21 Oct 2026 07:28:00 GMT"};
  EXPECT_EQ(RetryDelay(RateLimited({date, {"Retry-After", "Wed, 21 Oct 2026 07:28:07 GMT"}})), std::chrono::seconds(7));
  EXPECT_EQ(RetryDelay(RateLimited({date, {"Retry-After", "Wed, 21 Oct 2026 07:27:00 GMT"}})), std::chrono::seconds(0));
  EXPECT_EQ(RetryDelay(RateLimited({{"Retry-After", "1e30"}})), std::chrono::hours(24)) << "its window says more";
  HttpResponse overloaded;
  overloaded.status = 503;
  overloaded.headers.Add("Retry-After", "3600");
  EXPECT_EQ(RetryDelay(ErrorFromResponse(Request(Subject::kNone, ""), overloaded)), std::chrono::seconds(60));
}

TEST(IsRouteMissingTest, TellsAMissingRouteFromAMissingObject) {
  EXPECT_TRUE(IsRouteMissing(Mapped(404, Body(404, "Cannot GET /api/sandbox/x/build-logs"))));
  EXPECT_FALSE(IsRouteMissing(Mapped(404, "<html></html>"))) << "not Daytona's word";
  EXPECT_TRUE(IsRouteMissing(Mapped(410, Body(410, "Gone"))));
  EXPECT_FALSE(IsRouteMissing(Mapped(404, Body(404, "Sandbox with ID x not found"))));
  EXPECT_FALSE(IsRouteMissing(Mapped(500, "")));
  EXPECT_FALSE(IsRouteMissing(absl::OkStatus()));
}

}  // namespace
}  // namespace daytonad
