#include "daemon/server/acceptor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <thread>

#include "daemon/server/listening_sockets.h"
#include "daemon/server/testing/temp_directory.h"

namespace daytonad {
namespace {

// An acceptor on a UNIX socket, and what it hands over.
class AcceptorTest : public ::testing::Test {
 protected:
  ~AcceptorTest() override {
    acceptor_.reset();
    for (const int fd : taken_) ::close(fd);
  }

  void Start(ConnectionTable::Limits limits) {
    ListenAddress address;
    address.path = directory_.File("d.sock");
    absl::StatusOr<ListeningSockets> opened = OpenListeningSockets(address, 0600);
    ASSERT_TRUE(opened.ok()) << opened.status();
    file_ = std::move(opened->file);
    absl::StatusOr<std::unique_ptr<Acceptor>> acceptor =
        Acceptor::Start("test", std::move(opened->sockets), limits, [this](int /*listening*/, int connection) {
          const std::lock_guard lock(mutex_);
          taken_.push_back(connection);
        });
    ASSERT_TRUE(acceptor.ok()) << acceptor.status();
    acceptor_ = *std::move(acceptor);
  }

  FileDescriptor Connect() const {
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    directory_.File("d.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0)
        << std::strerror(errno);
    return fd;
  }

  size_t taken() {
    const std::lock_guard lock(mutex_);
    return taken_.size();
  }
  // As gRPC does it at the end of a connection.
  void CloseTaken(size_t index) {
    const std::lock_guard lock(mutex_);
    ::shutdown(taken_[index], SHUT_RDWR);
    ::close(taken_[index]);
    taken_.erase(taken_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  template <typename Condition>
  static void Await(Condition condition) {
    while (!condition()) std::this_thread::yield();
  }
  // Blocks until the other side has closed.
  static bool IsClosed(const FileDescriptor& fd) {
    char byte = 0;
    return ::recv(fd.get(), &byte, 1, 0) <= 0;
  }

  static bool IsClosedWithin(const FileDescriptor& fd, std::chrono::milliseconds limit) {
    pollfd one{fd.get(), POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(limit.count())) > 0;
  }

  TempDirectory directory_;
  std::mutex mutex_;
  std::vector<int> taken_;
  SocketFile file_;
  std::unique_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, HandsOverAndNoticesTheEnd) {
  Start({});
  FileDescriptor client = Connect();
  Await([&] { return taken() == 1; });
  EXPECT_EQ(acceptor_->connections().size(), 1U);
  EXPECT_EQ(acceptor_->connections().TakeLoads()[0].peer.user, ::getuid());
  EXPECT_EQ(acceptor_->connections().TakeLoads()[0].peer.process, ::getpid());
  CloseTaken(0);
  Await([&] { return acceptor_->connections().size() == 0; });
  EXPECT_TRUE(IsClosed(client));
}

TEST_F(AcceptorTest, ClosesWhatIsTooMuchAndTakesAgainWhenThereIsRoom) {
  Start({.connections = 2, .per_user = 2});
  const FileDescriptor first = Connect();
  const FileDescriptor second = Connect();
  Await([&] { return taken() == 2; });
  EXPECT_TRUE(IsClosed(Connect()));
  EXPECT_EQ(taken(), 2U);
  CloseTaken(0);
  Await([&] { return acceptor_->connections().size() == 1; });
  const FileDescriptor third = Connect();
  Await([&] { return taken() == 2; });
}

TEST_F(AcceptorTest, LimitsTheConnectionsOfAUser) {
  Start({.connections = 5, .per_user = 1});
  const FileDescriptor first = Connect();
  Await([&] { return taken() == 1; });
  EXPECT_TRUE(IsClosed(Connect()));
}

TEST_F(AcceptorTest, DelaysAPenalizedPeer) {
  Start({.penalty = std::chrono::milliseconds(50)});
  const FileDescriptor flooding = Connect();
  Await([&] { return taken() == 1; });
  acceptor_->connections().Penalize(acceptor_->connections().TakeLoads()[0].id);
  EXPECT_TRUE(IsClosed(flooding));
  const ConnectionTable::TimePoint penalty_end = acceptor_->connections().PenaltyEnd({::getuid(), ::getpid(), ""});
  const FileDescriptor anew = Connect();
  Await([&] { return taken() == 2; });
  EXPECT_GE(std::chrono::steady_clock::now(), penalty_end);
}

TEST_F(AcceptorTest, ClosesDelayedConnectionsWhenItStops) {
  Start({.penalty = std::chrono::hours(1)});
  const FileDescriptor flooding = Connect();
  Await([&] { return taken() == 1; });
  acceptor_->connections().Penalize(acceptor_->connections().TakeLoads()[0].id);
  const FileDescriptor anew = Connect();
  Await([&] { return acceptor_->connections().size() == 2; });
  acceptor_->StopAccepting();
  EXPECT_TRUE(IsClosed(anew));
  CloseTaken(0);
  Await([&] { return acceptor_->drained(); });
  EXPECT_EQ(taken(), 0U);
}

TEST_F(AcceptorTest, SurvivesTheLackOfDescriptors) {
  Start({});
  // The clients' descriptors are of this process, too: they are there before.
  std::array<FileDescriptor, 3> clients;
  for (FileDescriptor& client : clients) client = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  // All numbers below the lowest free one are taken.
  none.rlim_cur = static_cast<rlim_t>(FileDescriptor(::dup(0)).get());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  directory_.File("d.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  bool closed = true;
  for (const FileDescriptor& client : clients) {
    ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    closed = IsClosed(client) && closed;
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(taken(), 0U);
  // It may still be closing what came before.
  FileDescriptor client;
  Await([&] {
    client = Connect();
    return !IsClosedWithin(client, std::chrono::milliseconds(50)) && taken() == 1;
  });
}

TEST_F(AcceptorTest, TakesNothingOnceItStopsAndKnowsWhenItIsDrained) {
  Start({});
  const FileDescriptor client = Connect();
  Await([&] { return taken() == 1; });
  acceptor_->StopAccepting();
  acceptor_->StopAccepting();
  EXPECT_FALSE(acceptor_->drained());
  const FileDescriptor late(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  directory_.File("d.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_NE(::connect(late.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  CloseTaken(0);
  Await([&] { return acceptor_->drained(); });
}

}  // namespace
}  // namespace daytonad
