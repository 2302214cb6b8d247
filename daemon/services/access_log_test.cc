#include "daemon/services/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

using ::testing::internal::CaptureStderr;

const Caller kCaller{.listener = "unix:/run/daytonad.sock", .read_only = false, .client = "unix/worker-7"};

// The lines that were written since CaptureStderr(), as JSON.
std::vector<nlohmann::json> Lines() {
  FlushLog();
  std::vector<nlohmann::json> lines;
  std::istringstream text(::testing::internal::GetCapturedStderr());
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

CallRecord RecordOf(Effect effect, const absl::Status& status) {
  return CallRecord{.method = "daytonad.v1.DaytonaService/StartSandbox",
                    .effect = effect,
                    .caller = kCaller,
                    .object = "box",
                    .status = status,
                    .duration = std::chrono::microseconds(1500),
                    .upstream_attempts = 2,
                    .call_id = "0123456789abcdef",
                    .request_id = "id-1"};
}

TEST(AccessLogTest, MutationsAndErrorsAreInfoAndOtherReadsDebug) {
  AccessLog log;
  const absl::Status ok;
  const absl::Status error = absl::NotFoundError("gone");
  ConfigureLog(LogLevel::kInfo, LogFormat::kJson);
  EXPECT_TRUE(log.Wants(Effect::kMutation, ok));
  EXPECT_TRUE(log.Wants(Effect::kMutation, error));
  EXPECT_TRUE(log.Wants(Effect::kRead, error));
  EXPECT_FALSE(log.Wants(Effect::kRead, ok));
  ConfigureLog(LogLevel::kDebug, LogFormat::kJson);
  EXPECT_TRUE(log.Wants(Effect::kRead, ok));
  ConfigureLog(LogLevel::kWarning, LogFormat::kJson);
  EXPECT_FALSE(log.Wants(Effect::kMutation, error));
}

TEST(AccessLogTest, ALineSaysWhoDidWhatToWhichObjectAndHowItEnded) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kJson);
  AccessLog log;
  CaptureStderr();
  log.Write(RecordOf(Effect::kMutation, MakeError(absl::StatusCode::kNotFound, "SANDBOX_NOT_FOUND", "no text of it")));
  const std::vector<nlohmann::json> lines = Lines();
  ASSERT_EQ(lines.size(), 1U);
  nlohmann::json line = lines[0];
  line.erase("time");
  EXPECT_EQ(line, (nlohmann::json{{"level", "info"},
                                  {"message", "call ended"},
                                  {"call", "0123456789abcdef"},
                                  {"method", "daytonad.v1.DaytonaService/StartSandbox"},
                                  {"listener", "unix:/run/daytonad.sock"},
                                  {"client", "unix/worker-7"},
                                  {"object", "box"},
                                  {"request_id", "id-1"},
                                  {"status", "NOT_FOUND"},
                                  {"reason", "SANDBOX_NOT_FOUND"},
                                  {"duration_ms", "1.500"},
                                  {"upstream_attempts", "2"}}));
}

TEST(AccessLogTest, AHitSaysSoAndLeavesOutWhatItDoesNotHave) {
  ConfigureLog(LogLevel::kDebug, LogFormat::kJson);
  AccessLog log;
  const absl::Status ok;
  CaptureStderr();
  log.Write(CallRecord{.method = "daytonad.v1.DaytonaService/GetSandbox",
                       .caller = kCaller,
                       .status = ok,
                       .read_source = ReadSource::kHit});
  const std::vector<nlohmann::json> lines = Lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["level"], "debug");
  EXPECT_EQ(lines[0]["cache"], "hit");
  EXPECT_EQ(lines[0]["status"], "OK");
  for (const char* key : {"call", "object", "request_id", "reason"}) EXPECT_FALSE(lines[0].contains(key)) << key;
}

TEST(AccessLogTest, EachMutationThatReachedUpstreamIsWritten) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kJson);
  AccessLog log;
  const absl::Status error = absl::AlreadyExistsError("it is there");
  CaptureStderr();
  for (int i = 0; i < 1500; ++i) log.Write(RecordOf(Effect::kMutation, error));
  EXPECT_EQ(Lines().size(), 1500U);
}

TEST(AccessLogTest, AFloodOfOtherErrorsIsLimitedPerStatus) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kJson);
  AccessLog log;
  const absl::Status flood = absl::ResourceExhaustedError("too many");
  const absl::Status other = absl::UnauthenticatedError("who?");
  CaptureStderr();
  for (int i = 0; i < 1500; ++i) log.Write(RecordOf(Effect::kRead, flood));
  log.Write(RecordOf(Effect::kRead, other));
  const std::vector<nlohmann::json> lines = Lines();
  ASSERT_EQ(lines.size(), 101U);
  EXPECT_EQ(lines.back()["status"], "UNAUTHENTICATED");
}

}  // namespace
}  // namespace daytonad
