#include "daemon/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/call_context.h"
#include "daemon/base/log_record.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::internal::CaptureStderr;

std::string GetCapturedStderr() {
  FlushLog();
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, PlainLineHasLevelMessageAndFields) {
  EXPECT_EQ(FormatLogLine(LogFormat::kPlain, LogLevel::kWarning, "slow answer", {{"ms", "1200"}, {"path", "/sandbox"}}),
            "warning slow answer ms=1200 path=/sandbox");
}

TEST(LogTest, PlainValuesThatWouldBreakTheLineAreQuotedAndEscaped) {
  EXPECT_EQ(FormatLogLine(LogFormat::kPlain, LogLevel::kInfo, "m", {{"a", "two words"}, {"b", ""}, {"c", "x=\"y\""}}),
            R"(info m a="two words" b="" c="x=\"y\"")");
  EXPECT_EQ(FormatLogLine(LogFormat::kPlain, LogLevel::kInfo, "m\nforged", {{"a", "1\r\n2"}}),
            R"(info m\nforged a=1\r\n2)");
}

TEST(LogTest, JsonLineIsOneObjectWithAMemberPerField) {
  const std::string line =
      FormatLogLine(LogFormat::kJson, LogLevel::kError, "say \"hi\"\n", {{"reason", "UPSTREAM_UNREACHABLE"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["level"], "error");
  EXPECT_EQ(object["message"], "say \"hi\"\n");
  EXPECT_EQ(object["reason"], "UPSTREAM_UNREACHABLE");
}

TEST(LogTest, JsonSurvivesBrokenUtf8) {
  const auto object = nlohmann::json::parse(FormatLogLine(LogFormat::kJson, LogLevel::kInfo, "m", {{"a", "x\xffy"}}));
  EXPECT_THAT(object["a"].get<std::string>(), ::testing::StartsWith("x"));
}

TEST(LogTest, WritesTheCallInFrontOfTheFields) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kPlain);
  const CallContext context = CallContext::Background("probe");
  CaptureStderr();
  Log(LogLevel::kInfo, context, "done", {{"n", "1"}});
  EXPECT_THAT(GetCapturedStderr(), EndsWith(" info done call=" + context.identity().call_id + " method=probe n=1\n"));
}

TEST(LogTest, JsonLinesOnStandardErrorAreWholeObjectsWithATime) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kJson);
  CaptureStderr();
  Log(LogLevel::kInfo, "100% {} %v", {{"k", "{%}"}});
  const auto object = nlohmann::json::parse(GetCapturedStderr());
  EXPECT_EQ(object["message"], "100% {} %v");
  EXPECT_EQ(object["k"], "{%}");
  EXPECT_THAT(object["time"].get<std::string>(), EndsWith("Z"));
}

TEST(LogTest, BelowTheThresholdNothingIsWritten) {
  ConfigureLog(LogLevel::kWarning, LogFormat::kPlain);
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kError));
  CaptureStderr();
  Log(LogLevel::kInfo, "quiet");
  Log(LogLevel::kWarning, "loud");
  const std::string written = GetCapturedStderr();
  EXPECT_THAT(written, HasSubstr("loud"));
  EXPECT_EQ(written.find("quiet"), std::string::npos);
}

TEST(LogTest, AFloodOfOneMessageIsCutShortWhateverItsFields) {
  ConfigureLog(LogLevel::kDebug, LogFormat::kPlain);
  CaptureStderr();
  for (int i = 0; i < 1000; ++i) Log(LogLevel::kWarning, "a flood", {{"n", std::to_string(i)}});
  for (int i = 0; i < 100; ++i) Log(LogLevel::kDebug, "details", {{"n", std::to_string(i)}});
  const std::string written = GetCapturedStderr();
  ConfigureLog(LogLevel::kInfo, LogFormat::kPlain);
  EXPECT_THAT(written, HasSubstr("a flood n=9\n"));
  EXPECT_THAT(written, Not(HasSubstr("a flood n=10\n")));
  EXPECT_THAT(written, HasSubstr("details n=99\n")) << "who asks for debug lines wants all of them";
}

TEST(LogTest, RecordsHaveAGenerousLimitPerKindAndThenAreSuppressed) {
  ConfigureLog(LogLevel::kDebug, LogFormat::kPlain);
  EXPECT_TRUE(AdmitLogRecord(LogLevel::kDebug, "kind"));
  int admitted = 0;
  for (int i = 0; i < 2000; ++i) admitted += AdmitLogRecord(LogLevel::kInfo, "kind") ? 1 : 0;
  EXPECT_EQ(admitted, 100);
  EXPECT_TRUE(AdmitLogRecord(LogLevel::kInfo, "another kind"));
  ConfigureLog(LogLevel::kWarning, LogFormat::kPlain);
  EXPECT_FALSE(AdmitLogRecord(LogLevel::kInfo, "another kind"));
}

TEST(LogTest, AnAdmittedRecordIsWrittenHoweverManyThereAre) {
  ConfigureLog(LogLevel::kInfo, LogFormat::kPlain);
  CaptureStderr();
  for (int i = 0; i < 100; ++i) WriteLogRecord(LogLevel::kInfo, "a record", {{"n", std::to_string(i)}});
  WriteLogRecord(LogLevel::kDebug, "a debug record", {});
  const std::string written = GetCapturedStderr();
  EXPECT_THAT(written, HasSubstr("a record n=99\n"));
  EXPECT_THAT(written, Not(HasSubstr("a debug record")));
}

}  // namespace
}  // namespace daytonad
