#include "client/cpp/address.h"

#include <string>

#include <gtest/gtest.h>

namespace daytonad::client {
namespace {

TEST(GrpcTarget, TakesBothForms) {
  EXPECT_EQ(*GrpcTarget("unix:/run/d.sock"), "unix:/run/d.sock");
  EXPECT_EQ(*GrpcTarget("unix:///run/d.sock"), "unix:/run/d.sock");
  EXPECT_EQ(*GrpcTarget("unix:d.sock"), "unix:d.sock");
  EXPECT_EQ(*GrpcTarget("127.0.0.1:80"), "dns:///127.0.0.1:80");
  EXPECT_EQ(*GrpcTarget("[::1]:80"), "dns:///[::1]:80");
}

TEST(GrpcTarget, TakesSeveralDaemons) {
  EXPECT_EQ(*GrpcTarget("127.0.0.1:7070,127.0.0.1:7071"), "ipv4:127.0.0.1:7070,127.0.0.1:7071");
  EXPECT_EQ(*GrpcTarget("unix:/run/a,b"), "unix:/run/a,b");
}

TEST(GrpcTarget, SaysWhatIsWrong) {
  const auto message = [](const std::string& address) { return std::string(GrpcTarget(address).status().message()); };
  EXPECT_NE(message("").find("port is missing"), std::string::npos);
  EXPECT_NE(message("unix:").find("path is missing"), std::string::npos);
  EXPECT_NE(message("unix:/" + std::string(107, 'x')).find("107 bytes"), std::string::npos);
  EXPECT_NE(message("localhost").find("port is missing"), std::string::npos);
  EXPECT_NE(message(":80").find("host is missing"), std::string::npos);
  EXPECT_NE(message("::1:80").find("brackets"), std::string::npos);
  EXPECT_NE(message("h:0").find("between 1 and 65535"), std::string::npos);
  EXPECT_NE(message("h:x").find("between 1 and 65535"), std::string::npos);
  EXPECT_NE(message("http://h:80").find("URL"), std::string::npos);
  EXPECT_NE(message("127.0.0.1:80,").find("port is missing"), std::string::npos);
  EXPECT_NE(message("127.0.0.1:80,127.0.0.2").find("port is missing"), std::string::npos);
  EXPECT_NE(message("localhost:80,localhost:81").find("as numbers"), std::string::npos);
}

TEST(DefaultAddress, IsTheEnvironmentsFirst) {
  setenv("DAYTONAD_ADDRESS", "unix:/elsewhere", 1);
  EXPECT_EQ(DefaultAddress(), "unix:/elsewhere");
  setenv("DAYTONAD_ADDRESS", "", 1);
  EXPECT_EQ(DefaultAddress().substr(0, 5), "unix:");
  unsetenv("DAYTONAD_ADDRESS");
}

}  // namespace
}  // namespace daytonad::client
