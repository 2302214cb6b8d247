#include "daemon/server/socket_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>

#include "daemon/server/testing/temp_directory.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

// A bound socket, listening or not; the file stays when it is closed, as after a kill.
class BoundSocket {
 public:
  BoundSocket(const std::string& path, int type, bool listening) : fd_(::socket(AF_UNIX, type, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    if (listening) {
      EXPECT_EQ(::listen(fd_, 1), 0);
    }
  }
  ~BoundSocket() { ::close(fd_); }

 private:
  int fd_;
};

class PrepareSocketPathTest : public ::testing::Test {
 protected:
  static std::string Error(const std::string& path) {
    const absl::Status status = PrepareSocketPath(path).status();
    return status.ok() ? "it was accepted" : std::string(status.message());
  }

  TempDirectory directory_;
  const std::string path_ = directory_.File("d.sock");
};

TEST_F(PrepareSocketPathTest, IsContentWithNothingThere) { EXPECT_TRUE(PrepareSocketPath(path_).ok()); }

TEST_F(PrepareSocketPathTest, RemovesASocketThatNobodyAnswersOn) {
  { const BoundSocket killed(path_, SOCK_STREAM, true); }
  ASSERT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(PrepareSocketPath(path_).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(PrepareSocketPathTest, LeavesASocketThatSomebodyAnswersOn) {
  const BoundSocket live(path_, SOCK_STREAM, true);
  EXPECT_THAT(Error(path_), HasSubstr("another process already answers on " + path_));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(PrepareSocketPathTest, LeavesASocketOfAnotherKind) {
  const BoundSocket datagrams(path_, SOCK_DGRAM, false);
  EXPECT_THAT(Error(path_), HasSubstr("cannot be told"));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(PrepareSocketPathTest, NeverRemovesWhatIsNoSocket) {
  std::ofstream(path_) << "precious";
  EXPECT_THAT(Error(path_), HasSubstr("is not a socket"));
  EXPECT_TRUE(std::filesystem::exists(path_));

  const std::string link = directory_.File("link.sock");
  std::filesystem::create_symlink(path_, link);
  EXPECT_THAT(Error(link), HasSubstr("is not a socket"));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(PrepareSocketPathTest, AsksForTheDirectory) {
  EXPECT_THAT(Error(directory_.File("none/d.sock")), HasSubstr(directory_.File("none") + " cannot be used"));
  std::ofstream(directory_.File("file")) << "";
  EXPECT_THAT(Error(directory_.File("file/d.sock")), HasSubstr("is not a directory"));
}

TEST_F(PrepareSocketPathTest, SaysThatTheDirectoryMayNotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0500), 0);
  EXPECT_THAT(Error(path_), HasSubstr("may not create files"));
}

TEST_F(PrepareSocketPathTest, OneAtATimeSoThatTheSecondSeesTheSocketOfTheFirst) {
  { const BoundSocket killed(path_, SOCK_STREAM, true); }
  std::optional<absl::StatusOr<SocketPathClaim>> first = PrepareSocketPath(path_);
  ASSERT_TRUE(first->ok());
  std::promise<void> begun;
  std::future<std::string> second = std::async(std::launch::async, [&] {
    begun.set_value();
    return Error(path_);
  });
  begun.get_future().wait();
  const BoundSocket live(path_, SOCK_STREAM, true);
  first.reset();
  EXPECT_THAT(second.get(), HasSubstr("another process already answers on " + path_));
}

TEST_F(PrepareSocketPathTest, GoesWithoutTheLockThatSomebodyKeeps) {
  const absl::StatusOr<SocketPathClaim> kept = PrepareSocketPath(path_);
  { const BoundSocket killed(path_, SOCK_STREAM, true); }
  EXPECT_TRUE(PrepareSocketPath(path_, std::chrono::milliseconds(1)).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path())) << "the lock leaves no file";
}

}  // namespace
}  // namespace daytonad
