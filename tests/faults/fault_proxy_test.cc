#include "tests/faults/fault_proxy.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "tests/integration/daemon_process.h"

namespace daytonad::testing {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Action = Fault::Action;

void Send(tcp::socket& socket, const std::string& bytes) { asio::write(socket, asio::buffer(bytes)); }

std::string Receive(tcp::socket& socket, std::size_t size) {
  std::string bytes(size, '\0');
  asio::read(socket, asio::buffer(bytes));
  return bytes;
}

// Everything up to the end, and how it ended.
std::pair<std::string, error_code> ReceiveAll(tcp::socket& socket) {
  std::string bytes;
  error_code error;
  asio::read(socket, asio::dynamic_buffer(bytes), error);
  return {bytes, error};
}

class FaultProxyTest : public ::testing::Test {
 protected:
  // Both ends of a connection through the proxy, after its first line went through.
  struct Ends {
    tcp::socket client;
    tcp::socket server;
  };

  FaultProxyTest() { proxy_.ForwardTo(acceptor_.local_endpoint().port()); }

  tcp::socket Dial(error_code& error) {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), proxy_.port()}, error);
    return socket;
  }
  Ends Connect(const std::string& opening = "hello") {
    error_code error;
    tcp::socket client = Dial(error);
    EXPECT_FALSE(error) << error;
    Send(client, opening + "\n");
    tcp::socket server = acceptor_.accept();
    EXPECT_EQ(Receive(server, opening.size() + 1), opening + "\n");
    return {std::move(client), std::move(server)};
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  FaultProxy proxy_;
};

TEST_F(FaultProxyTest, PassesBytesOnBothWaysAndCountsThem) {
  Ends ends = Connect();
  Send(ends.client, "ping");
  EXPECT_EQ(Receive(ends.server, 4), "ping");
  Send(ends.server, "pong!");
  EXPECT_EQ(Receive(ends.client, 5), "pong!");
  EXPECT_EQ(proxy_.bytes(Way::kToServer), 10U);
  EXPECT_EQ(proxy_.bytes(Way::kToClient, "hello"), 5U);
  EXPECT_EQ(proxy_.counts().open, 1);
  ends.client.close();
  EXPECT_EQ(ReceiveAll(ends.server).second, asio::error::eof);
  EXPECT_TRUE(Eventually([this] { return proxy_.counts().open == 0; }));
}

TEST_F(FaultProxyTest, CutsAfterTheGivenBytesTheGivenNumberOfTimes) {
  proxy_.Add({.action = Action::kCut, .after = 4});
  Ends ends = Connect();
  Send(ends.server, "0123456789");
  const auto [received, error] = ReceiveAll(ends.client);
  EXPECT_EQ(received, "0123");
  EXPECT_EQ(error, asio::error::connection_reset);
  EXPECT_EQ(ReceiveAll(ends.server).second, asio::error::connection_reset);

  Ends unharmed = Connect();
  Send(unharmed.server, "0123456789");
  EXPECT_EQ(Receive(unharmed.client, 10), "0123456789");
  EXPECT_EQ(proxy_.counts().strikes, 1);
}

TEST_F(FaultProxyTest, CountsFromTheFaultInAnOlderConnection) {
  Ends ends = Connect();
  Send(ends.client, "0123456789");
  EXPECT_EQ(Receive(ends.server, 10), "0123456789");
  proxy_.Add({.action = Action::kEnd, .way = Way::kToServer, .after = 3});
  Send(ends.client, "abc");
  EXPECT_EQ(ReceiveAll(ends.server), std::pair(std::string("abc"), error_code(asio::error::eof)));
  EXPECT_EQ(ReceiveAll(ends.client).second, asio::error::eof);
}

TEST_F(FaultProxyTest, ChangesBytes) {
  proxy_.Add({.action = Action::kFlip, .after = 1, .mask = 0x20});
  proxy_.Add({.action = Action::kReplace, .way = Way::kToServer, .find = "two", .with = "zwei"});
  Ends ends = Connect();
  Send(ends.server, "abc");
  EXPECT_EQ(Receive(ends.client, 3), "aBc");
  Send(ends.client, "one two two");
  EXPECT_EQ(Receive(ends.server, 12), "one zwei two");
}

TEST_F(FaultProxyTest, StallsUntilItHeals) {
  Ends ends = Connect();
  proxy_.Add({.action = Action::kStall, .after = 2});
  Send(ends.server, "abcd");
  EXPECT_EQ(Receive(ends.client, 2), "ab");
  EXPECT_TRUE(Eventually([this] { return proxy_.counts().stalled == 1; }));
  Send(ends.client, "the other way is open");
  EXPECT_EQ(Receive(ends.server, 21), "the other way is open");
  EXPECT_EQ(ends.client.available(), 0U);
  proxy_.Heal();
  EXPECT_EQ(Receive(ends.client, 2), "cd");
  EXPECT_EQ(proxy_.counts().stalled, 0);
}

TEST_F(FaultProxyTest, AClientThatGivesUpOnAStalledAnswerIsSeen) {
  Ends ends = Connect();
  proxy_.Add({.action = Action::kStall});
  Send(ends.server, "never arrives");
  ASSERT_TRUE(Eventually([this] { return proxy_.counts().stalled == 1; }));
  ends.client.close();
  EXPECT_TRUE(Eventually([this] { return proxy_.counts().open == 0; }));
}

TEST_F(FaultProxyTest, SlicesAndDelaysAndLosesNothing) {
  proxy_.Add({.action = Action::kSlow, .piece = 1, .delay = std::chrono::milliseconds(1)});
  Ends ends = Connect();
  Send(ends.server, "0123456789");
  std::string received;
  while (received.size() < 10) {
    std::string piece(10, '\0');
    piece.resize(ends.client.read_some(asio::buffer(piece)));
    received += piece;
  }
  EXPECT_EQ(received, "0123456789");
}

TEST_F(FaultProxyTest, TellsConnectionsApartByTheirFirstLine) {
  proxy_.Add({.action = Action::kCut, .opening = "/socket.io/", .times = -1});
  Ends rest = Connect("GET /api/sandbox");
  Ends events = Connect("GET /api/socket.io/?EIO=4");
  EXPECT_EQ(proxy_.open("/socket.io/"), 1);
  Send(events.server, "x");
  EXPECT_EQ(ReceiveAll(events.client).second, asio::error::connection_reset);
  Send(rest.server, "x");
  EXPECT_EQ(Receive(rest.client, 1), "x");

  Ends second = Connect("GET /api/socket.io/?EIO=4");
  proxy_.EndNow("/socket.io/");
  EXPECT_EQ(ReceiveAll(second.client).second, asio::error::eof);
  EXPECT_EQ(proxy_.counts().open, 1);
  proxy_.CutNow();
  EXPECT_EQ(ReceiveAll(rest.client).second, asio::error::connection_reset);
}

TEST_F(FaultProxyTest, RefusesConnectionsWithAndWithoutListening) {
  error_code error;
  proxy_.RefuseConnections(true);
  tcp::socket refused = Dial(error);
  EXPECT_EQ(ReceiveAll(refused).second, asio::error::connection_reset);
  proxy_.RefuseConnections(false);

  Ends older = Connect();
  proxy_.StopListening();
  Dial(error);
  EXPECT_EQ(error, asio::error::connection_refused);
  Send(older.client, "older ones live");
  EXPECT_EQ(Receive(older.server, 15), "older ones live");
  proxy_.ListenAgain();
  Connect();
}

TEST_F(FaultProxyTest, WithoutAServerBehindItClientsAreReset) {
  acceptor_.close();
  error_code error;
  tcp::socket client = Dial(error);
  Send(client, "hello\n");
  EXPECT_EQ(ReceiveAll(client).second, asio::error::connection_reset);
}

}  // namespace
}  // namespace daytonad::testing
