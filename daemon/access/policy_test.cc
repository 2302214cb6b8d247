#include "daemon/access/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

const Caller kFullCaller{.listener = "unix:/run/daytonad/daytonad.sock", .read_only = false};
const Caller kReadOnlyCaller{.listener = "127.0.0.1:7070", .read_only = true};

AccessRequest Read(const Caller& caller) {
  return {
      .caller = caller, .method = "daytonad.v1.DaytonaService/GetSandbox", .effect = Effect::kRead, .object = "box"};
}
AccessRequest Mutation(const Caller& caller) {
  return {.caller = caller,
          .method = "daytonad.v1.DaytonaService/StartSandbox",
          .effect = Effect::kMutation,
          .object = "box"};
}

TEST(CheckAccess, LetsAnOrdinaryCallerReadAndMutate) {
  EXPECT_TRUE(CheckAccess(Read(kFullCaller)).ok());
  EXPECT_TRUE(CheckAccess(Mutation(kFullCaller)).ok());
  EXPECT_TRUE(MayMutate(kFullCaller));
}

TEST(CheckAccess, LetsAReadOnlyCallerRead) { EXPECT_TRUE(CheckAccess(Read(kReadOnlyCaller)).ok()); }

TEST(CheckAccess, RefusesAMutationOfAReadOnlyCallerAndSaysWhatToDo) {
  EXPECT_FALSE(MayMutate(kReadOnlyCaller));
  const absl::Status status = CheckAccess(Mutation(kReadOnlyCaller));
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(status), "READ_ONLY_LISTENER");
  EXPECT_EQ(ErrorMetadataValue(status, "listener"), "127.0.0.1:7070");
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1:7070"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--listen"));
}

}  // namespace
}  // namespace daytonad
