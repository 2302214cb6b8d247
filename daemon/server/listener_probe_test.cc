#include "daemon/server/listener_probe.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <future>

#include "daemon/server/listener.h"
#include "daemon/server/listening_sockets.h"
#include "daemon/server/testing/temp_directory.h"
#include "daytonad/v1/volume_service.grpc.pb.h"

namespace daytonad {
namespace {

using std::chrono::milliseconds;

OwnAddress AddressOf(int socket) {
  OwnAddress own;
  own.listener = "the listener";
  own.length = sizeof(own.address);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&own.address), &own.length), 0);
  return own;
}

ListenAddress AnyPort() {
  ListenAddress address;
  address.text = "127.0.0.1:0";
  address.host = "127.0.0.1";
  return address;
}

absl::StatusOr<std::unique_ptr<Listener>> StartAt(const ListenAddress& address, size_t connections) {
  ListenerOptions options;
  options.address = address;
  options.connections.connections = connections;
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<v1::VolumeService::CallbackService>());
  return Listener::Start(options, std::move(services));
}

TEST(ListenerProbeTest, AListenerAnswers) {
  const TempDirectory directory;
  for (const ListenAddress& address : {AnyPort(), *ParseListenAddress("unix:" + directory.File("d.sock"))}) {
    const auto listener = StartAt(address, 10);
    ASSERT_TRUE(listener.ok()) << listener.status();
    ASSERT_EQ((*listener)->own_addresses().size(), 1U);
    EXPECT_TRUE(Answers((*listener)->own_addresses()[0], std::chrono::seconds(60)));
  }
}

TEST(ListenerProbeTest, ItsOwnLimitMakesNoListenerDeaf) {
  const auto listener = StartAt(AnyPort(), 0);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(Answers((*listener)->own_addresses()[0], std::chrono::seconds(60)));
}

TEST(ListenerProbeTest, ASocketThatNobodyAcceptsFromIsDeafAndSoIsOneThatIsGone) {
  absl::StatusOr<ListeningSockets> opened = OpenListeningSockets(AnyPort(), 0600);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const OwnAddress own = AddressOf(opened->sockets[0].get());
  EXPECT_FALSE(Answers(own, milliseconds(1)));
  opened->sockets.clear();
  EXPECT_FALSE(Answers(own, std::chrono::seconds(60)));
}

TEST(ListenerProbeTest, TellsOfADeafListenerOnce) {
  const absl::StatusOr<ListeningSockets> opened = OpenListeningSockets(AnyPort(), 0600);
  ASSERT_TRUE(opened.ok()) << opened.status();
  std::promise<std::string> deaf;
  ListenerProbe probe({.interval = milliseconds(1), .limit = milliseconds(1), .patience = milliseconds(20)},
                      {AddressOf(opened->sockets[0].get())},
                      [&deaf](const std::string& listener) { deaf.set_value(listener); });
  EXPECT_EQ(deaf.get_future().get(), "the listener");
}

}  // namespace
}  // namespace daytonad
