#include "daemon/services/rpc/steps/caller.h"

#include <gtest/gtest.h>

#include <string>

namespace daytonad {
namespace {

TEST(ClientIdentityTest, IsThePeersAddressWithoutItsPort) {
  EXPECT_EQ(ClientIdentity("ipv4:10.1.2.3:4711", ""), "10.1.2.3");
  EXPECT_EQ(ClientIdentity("ipv4:10.1.2.3:4712", ""), "10.1.2.3");
  EXPECT_EQ(ClientIdentity("ipv6:%5B::1%5D:4711", ""), "%5B::1%5D");
  EXPECT_EQ(ClientIdentity("unix:", ""), "unix");
  EXPECT_EQ(ClientIdentity("fd:17", ""), "fd");
  EXPECT_EQ(ClientIdentity("", ""), "");
}

TEST(ClientIdentityTest, EndsInTheNameThatTheCallGave) {
  EXPECT_EQ(ClientIdentity("unix:", "worker-7"), "unix/worker-7");
  EXPECT_EQ(ClientIdentity("ipv4:10.1.2.3:4711", "a"), "10.1.2.3/a");
  EXPECT_EQ(ClientIdentity("unix:", std::string(64, 'x')), "unix/" + std::string(64, 'x'));
}

TEST(ClientIdentityTest, IgnoresWhatIsNoName) {
  for (const std::string& name :
       {std::string(65, 'x'), std::string("a b"), std::string("a\n"), std::string("\xC3\xA9")}) {
    EXPECT_EQ(ClientIdentity("unix:", name), "unix");
  }
}

}  // namespace
}  // namespace daytonad
