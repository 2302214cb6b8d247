#include "client/cli/base/error_text.h"

#include <chrono>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/base/json.h"

namespace daytonad::cli {
namespace {

client::Error Full() {
  client::Error error;
  error.code = grpc::StatusCode::INVALID_ARGUMENT;
  error.message = "the request is not valid";
  error.reason = "INVALID_REQUEST";
  error.metadata = {{"sandbox_name", "de\x1bmo"}, {"limit", "10"}};
  error.violations = {{"spec.name", "has a newline"}};
  error.retry_delay = std::chrono::milliseconds(1500);
  return error;
}

TEST(ErrorToText, HasEveryDetail) {
  EXPECT_EQ(ErrorToText(Full()),
            "error: the request is not valid\n"
            "  spec.name: has a newline\n"
            "  try again in 1.5 s\n"
            "  code: INVALID_ARGUMENT\n"
            "  reason: INVALID_REQUEST\n"
            "  limit: 10\n"
            "  sandbox_name: de\uFFFDmo\n");
}

TEST(ErrorToText, SaysEachViolationOnce) {
  client::Error error;
  error.code = grpc::StatusCode::INVALID_ARGUMENT;
  error.message = "spec.name: is required";
  error.violations = {{"spec.name", "is required"}};
  EXPECT_EQ(ErrorToText(error), "error: spec.name: is required\n  code: INVALID_ARGUMENT\n");

  error.message = "give an id or labels";
  error.violations = {{"", "give an id or labels"}};
  EXPECT_EQ(ErrorToText(error), "error: give an id or labels\n  code: INVALID_ARGUMENT\n");

  error.message = "spec.name: is required; spec.image: is empty";
  error.violations = {{"spec.name", "is required"}, {"spec.image", "is empty"}};
  EXPECT_EQ(ErrorToText(error),
            "error: 2 things are wrong with the request\n  spec.name: is required\n  spec.image: is empty\n"
            "  code: INVALID_ARGUMENT\n");
}

TEST(ErrorToText, NamesTheCodeIfThereIsNoMessage) {
  client::Error error;
  error.code = grpc::StatusCode::INTERNAL;
  EXPECT_EQ(ErrorToText(error), "error: INTERNAL\n  code: INTERNAL\n");
}

TEST(ErrorToJson, IsOneLineThatParses) {
  const std::string json = ErrorToJson(Full());
  EXPECT_EQ(json.find('\n'), json.size() - 1);
  google::protobuf::Struct root;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &root).ok());
  const auto& error = root.fields().at("error").struct_value().fields();
  EXPECT_EQ(error.at("code").string_value(), "INVALID_ARGUMENT");
  EXPECT_EQ(error.at("message").string_value(), "the request is not valid");
  EXPECT_EQ(error.at("reason").string_value(), "INVALID_REQUEST");
  EXPECT_EQ(error.at("metadata").struct_value().fields().at("limit").string_value(), "10");
  EXPECT_EQ(error.at("field_violations").list_value().values(0).struct_value().fields().at("field").string_value(),
            "spec.name");
  EXPECT_EQ(error.at("retry_delay_seconds").number_value(), 1.5);
}

TEST(ExplainConnection, DistinguishesAMissingDaemonFromABrokenConnection) {
  client::Error error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  error.message = "gone";
  EXPECT_EQ(ExplainConnection(error, "unix:/d", false).message,
            "no daemon answers at unix:/d (gone); start one with `daytonad --listen unix:/d`, or say where it is with "
            "--address or DAYTONAD_ADDRESS");
  EXPECT_EQ(ExplainConnection(error, "unix:/d", true).message, "the connection to the daemon at unix:/d broke (gone)");
}

TEST(ExplainConnection, LeavesTheDaemonsOwnErrorsAlone) {
  client::Error error;
  error.code = grpc::StatusCode::UNAVAILABLE;
  error.reason = "UPSTREAM_UNREACHABLE";
  error.message = "Daytona can't be reached";
  EXPECT_EQ(ExplainConnection(error, "unix:/d", false).message, "Daytona can't be reached");
}

TEST(ExitCodeOf, IsStable) {
  using grpc::StatusCode;
  EXPECT_EQ(ExitCodeOf(StatusCode::OK), 0);
  EXPECT_EQ(ExitCodeOf(StatusCode::INTERNAL), 1);
  EXPECT_EQ(ExitCodeOf(StatusCode::UNIMPLEMENTED), 1);
  EXPECT_EQ(ExitCodeOf(StatusCode::CANCELLED), 1);
  EXPECT_EQ(ExitCodeOf(StatusCode::NOT_FOUND), 3);
  EXPECT_EQ(ExitCodeOf(StatusCode::INVALID_ARGUMENT), 4);
  EXPECT_EQ(ExitCodeOf(StatusCode::OUT_OF_RANGE), 4);
  EXPECT_EQ(ExitCodeOf(StatusCode::UNAUTHENTICATED), 5);
  EXPECT_EQ(ExitCodeOf(StatusCode::PERMISSION_DENIED), 5);
  EXPECT_EQ(ExitCodeOf(StatusCode::DEADLINE_EXCEEDED), 6);
  EXPECT_EQ(ExitCodeOf(StatusCode::UNAVAILABLE), 7);
  EXPECT_EQ(ExitCodeOf(StatusCode::RESOURCE_EXHAUSTED), 8);
  EXPECT_EQ(ExitCodeOf(StatusCode::FAILED_PRECONDITION), 9);
  EXPECT_EQ(ExitCodeOf(StatusCode::ABORTED), 9);
  EXPECT_EQ(ExitCodeOf(StatusCode::ALREADY_EXISTS), 9);
}

}  // namespace
}  // namespace daytonad::cli
