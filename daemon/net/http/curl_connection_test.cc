// What becomes of a connection for which there are no descriptors.
#include "daemon/net/http/curl_connection.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/testing/no_descriptors.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// A socket that listens and that nobody accepts from: the kernel completes its connections, which takes none of the
// descriptors that this test counts.
class SilentListener {
 public:
  SilentListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 64), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  ~SilentListener() { ::close(fd_); }

  const std::string& url() const { return url_; }

 private:
  int fd_;
  std::string url_;
};

TEST(CurlConnectionTest, TooFewDescriptorsAreAnErrorThatPasses) {
  boost::asio::io_context io{1};
  CurlHandleOptions options;
  options.connect_timeout = std::chrono::seconds(30);
  const auto handles = std::make_shared<CurlHandles>(std::move(options));
  const SilentListener listener;
  const auto connect = [&] {
    CurlConnection connection(io.get_executor(), handles);
    return RunTask(io, connection.Connect(CallContext::Background("test"), listener.url()));
  };
  ASSERT_TRUE(connect().ok());

  // Each step of a connection that needs one finds none, one after the other.
  std::set<std::string> reasons;
  unsigned spare = 0;
  for (bool connected = false; !connected; ++spare) {
    ASSERT_LT(spare, 50U);
    const NoDescriptors no_more(spare);
    const absl::Status status = connect();
    connected = status.ok();
    if (connected) continue;
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("Too many open files"));
    reasons.insert(ErrorReason(status));
  }
  EXPECT_GE(spare, 3U) << "an epoll set, the socket, and its second number";
  EXPECT_THAT(reasons, Contains("DAEMON_EXHAUSTED"));
  EXPECT_THAT(reasons, Contains("UPSTREAM_UNREACHABLE"));
  EXPECT_TRUE(connect().ok());
}

}  // namespace
}  // namespace daytonad
