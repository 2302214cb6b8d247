#include "daemon/net/testing/test_proxy.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace daytonad {
namespace {

using boost::asio::ip::tcp;
using Acceptor = boost::asio::basic_socket_acceptor<tcp, Executor>;
using Socket = boost::asio::basic_stream_socket<tcp, Executor>;

constexpr auto kTuple = boost::asio::as_tuple(kUseTask);

// "CONNECT host:PORT HTTP/1.1"
uint16_t PortOf(const std::string& line) {
  const size_t end = line.rfind(' ');
  const size_t colon = line.rfind(':', end);
  int port = 0;
  if (end == std::string::npos || colon == std::string::npos ||
      !absl::SimpleAtoi(line.substr(colon + 1, end - colon - 1), &port)) {
    return 0;
  }
  return static_cast<uint16_t>(port);
}

}  // namespace

class TestProxy::Impl {
 public:
  explicit Impl(TestProxy& proxy)
      : proxy_(proxy), acceptor_(proxy.loop_.executor(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {}

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void Stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Socket* socket : open_) socket->close(ignored);
  }

  Task<void> Accept() {
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) co_return;
      proxy_.loop_.Spawn(Serve(std::move(socket)));
    }
  }

 private:
  Task<void> Serve(Socket accepted) {
    const auto client = std::make_shared<Socket>(std::move(accepted));
    const auto server = std::make_shared<Socket>(proxy_.loop_.executor());
    open_.insert(client.get());
    open_.insert(server.get());
    std::string head;
    auto buffer = boost::asio::dynamic_buffer(head);
    const auto [error, size] = co_await boost::asio::async_read_until(*client, buffer, "\r\n\r\n", kTuple);
    const std::string line = head.substr(0, head.find('\r'));
    {
      const std::lock_guard lock(proxy_.mutex_);
      proxy_.requests_.push_back(line);
    }
    const tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), PortOf(line));
    const auto [refused] = co_await server->async_connect(endpoint, kTuple);
    if (error || refused) {
      Close(*client, *server);
      co_return;
    }
    constexpr std::string_view kAnswer = "HTTP/1.1 200 Connected\r\n\r\n";
    const auto answer = boost::asio::buffer(kAnswer);
    co_await boost::asio::async_write(*client, answer, kTuple);
    proxy_.loop_.Spawn(Pass(server, client));
    co_await Pass(client, server);
  }

  Task<void> Pass(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to) {
    std::array<char, 4096> bytes;
    while (true) {
      const auto room = boost::asio::buffer(bytes);
      const auto [error, size] = co_await from->async_read_some(room, kTuple);
      if (error) break;
      const auto read = boost::asio::buffer(bytes.data(), size);
      const auto [failed, written] = co_await boost::asio::async_write(*to, read, kTuple);
      if (failed) break;
    }
    Close(*from, *to);
  }

  void Close(Socket& one, Socket& other) {
    boost::system::error_code ignored;
    for (Socket* socket : {&one, &other}) {
      open_.erase(socket);
      socket->close(ignored);
    }
  }

  TestProxy& proxy_;
  Acceptor acceptor_;
  std::set<Socket*> open_;
};

TestProxy::TestProxy() : impl_(std::make_unique<Impl>(*this)) { loop_.Spawn(impl_->Accept()); }

TestProxy::~TestProxy() {
  loop_.Post([this] { impl_->Stop(); });
  loop_.Stop();
}

std::string TestProxy::Url() const { return absl::StrCat("http://127.0.0.1:", impl_->port()); }

std::vector<std::string> TestProxy::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

}  // namespace daytonad
