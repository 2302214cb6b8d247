#include "daemon/server/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace daytonad {
namespace {

using ::testing::HasSubstr;

TEST(ParseListenAddress, UnderstandsUnixSockets) {
  for (const char* text : {"unix:/run/d.sock", "unix:///run/d.sock"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->path, "/run/d.sock");
    EXPECT_EQ(address->text, "unix:/run/d.sock");
    EXPECT_TRUE(address->is_unix());
    EXPECT_TRUE(address->is_loopback());
  }
}

TEST(ParseListenAddress, UnderstandsHostsAndPorts) {
  struct Case {
    const char* text;
    const char* host;
    int port;
    bool loopback;
  };
  for (const Case& c :
       {Case{"127.0.0.1:7070", "127.0.0.1", 7070, true}, Case{"localhost:0", "localhost", 0, true},
        Case{"127.9.9.9:1", "127.9.9.9", 1, true}, Case{"[::1]:65535", "::1", 65535, true},
        Case{"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true}, Case{"0.0.0.0:80", "0.0.0.0", 80, false},
        Case{"[::]:80", "::", 80, false}, Case{"10.0.0.1:80", "10.0.0.1", 80, false},
        Case{"sidecar.internal:80", "sidecar.internal", 80, false}}) {
    const auto address = ParseListenAddress(c.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->text, c.text);
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
    EXPECT_EQ(address->is_loopback(), c.loopback) << c.text;
    EXPECT_FALSE(address->is_unix());
  }
}

TEST(ParseListenAddress, SaysWhatIsWrong) {
  struct Case {
    std::string text;
    const char* problem;
  };
  for (const Case& c :
       {Case{"", "the port is missing"}, Case{"7070", "the port is missing"}, Case{"unix:", "the path is missing"},
        Case{"unix:run/d.sock", "not absolute"}, Case{"unix:/" + std::string(200, 'x'), "longer than 107 bytes"},
        Case{"localhost:http", "not a number"}, Case{"localhost:65536", "not a number"},
        Case{"localhost:-1", "not a number"}, Case{":7070", "the host is missing"},
        Case{"::1:7070", "stands in brackets"}, Case{"[::1:7070", "closing bracket"},
        Case{"[localhost]:7070", "not an IPv6 address"}, Case{"http://localhost:80", "no slash"}}) {
    const auto address = ParseListenAddress(c.text);
    ASSERT_FALSE(address.ok()) << c.text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(c.problem)) << c.text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr("Write unix:/PATH, HOST:PORT or [IPV6]:PORT"));
  }
}

}  // namespace
}  // namespace daytonad
