#include "daemon/access/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/error.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

Caller FullCaller() { return Caller{.listener = "unix:/run/daytonad/daytonad.sock", .read_only = false}; }
Caller ReadOnlyCaller() { return Caller{.listener = "127.0.0.1:7070", .read_only = true}; }

TEST(CheckAccess, LetsAnOrdinaryCallerReadAndMutate) {
  EXPECT_TRUE(CheckAccess(FullCaller(), Action::kRead).ok());
  EXPECT_TRUE(CheckAccess(FullCaller(), Action::kMutate).ok());
}

TEST(CheckAccess, LetsAReadOnlyCallerRead) { EXPECT_TRUE(CheckAccess(ReadOnlyCaller(), Action::kRead).ok()); }

TEST(CheckAccess, RefusesAMutationOfAReadOnlyCallerAndSaysWhatToDo) {
  const absl::Status status = CheckAccess(ReadOnlyCaller(), Action::kMutate);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(status), "READ_ONLY_LISTENER");
  EXPECT_EQ(ErrorMetadataValue(status, "listener"), "127.0.0.1:7070");
  EXPECT_THAT(std::string(status.message()), HasSubstr("127.0.0.1:7070"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--listen"));
}

}  // namespace
}  // namespace daytonad
