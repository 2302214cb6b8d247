#include "daemon/server/listener.h"

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>

#include "daemon/server/testing/temp_directory.h"
#include "daemon/services/rpc/take_request.h"
#include "daytonad/v1/volume_service.grpc.pb.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Answers with the name that was asked for.
class EchoService final : public v1::VolumeService::WithCallbackMethod_GetVolume<v1::VolumeService::Service> {
  grpc::ServerUnaryReactor* GetVolume(grpc::CallbackServerContext* context, const v1::GetVolumeRequest* request,
                                      v1::GetVolumeResponse* response) override {
    response->mutable_volume()->set_name(request->volume());
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

absl::StatusOr<std::unique_ptr<Listener>> StartAt(const std::string& text, mode_t mode = 0660) {
  absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
  if (!address.ok()) return address.status();
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<EchoService>());
  return Listener::Start({.address = *address, .read_only = false, .socket_mode = mode}, std::move(services));
}

grpc::Status Echo(const std::string& address, size_t bytes) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto stub =
      v1::VolumeService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  v1::GetVolumeRequest request;
  request.set_volume(std::string(bytes, 'x'));
  v1::GetVolumeResponse response;
  grpc::Status status = stub->GetVolume(&context, request, &response);
  if (status.ok()) {
    EXPECT_EQ(response.volume().name().size(), bytes);
  }
  return status;
}

TEST(Listener, ServesOnAUnixSocketWithTheAskedForMode) {
  const TempDirectory directory;
  const std::string path = directory.File("d.sock");
  for (const mode_t mode : {0660U, 0600U, 0777U}) {
    auto listener = StartAt("unix:" + path, mode);
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_EQ((*listener)->bound_address(), "unix:" + path);
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, mode);
    EXPECT_TRUE(Echo((*listener)->bound_address(), 1).ok());
    (*listener)->ShutDown(std::chrono::system_clock::now());
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST(Listener, LeavesTheUmaskAsItWas) {
  const TempDirectory directory;
  const mode_t before = ::umask(0027);
  ASSERT_TRUE(StartAt("unix:" + directory.File("d.sock")).ok());
  EXPECT_EQ(::umask(before), 0027U);
}

TEST(Listener, ServesOnTcpAndTellsThePort) {
  for (const std::string host : {"127.0.0.1:", "localhost:"}) {
    auto listener = StartAt(host + "0");
    ASSERT_TRUE(listener.ok()) << listener.status();
    const std::string bound = (*listener)->bound_address();
    EXPECT_THAT(bound, StartsWith(host));
    EXPECT_NE(bound, host + "0");
    // By number: looking up a name leaks a few bytes inside c-ares, which AddressSanitizer would report.
    EXPECT_TRUE(Echo("127.0.0.1" + bound.substr(bound.rfind(':')), 1).ok());
  }
}

TEST(Listener, TakesMessagesUpToItsLimit) {
  const auto listener = StartAt("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(Echo((*listener)->bound_address(), kMaxRequestBytes - 1024).ok());
  EXPECT_EQ(Echo((*listener)->bound_address(), kMaxRequestBytes + 1).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Listener, RefusesATcpPortThatIsTaken) {
  const auto first = StartAt("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = StartAt((*first)->bound_address());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), "cannot listen on " + (*first)->bound_address() + ": Address already in use");
}

TEST(Listener, RefusesAnAddressThatThisMachineHasNot) {
  const auto listener = StartAt("192.0.2.1:0");
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.status().message(), "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

TEST(Listener, RefusesASocketThatIsInUseAndHarmsItNot) {
  const TempDirectory directory;
  const std::string address = "unix:" + directory.File("d.sock");
  const auto first = StartAt(address);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = StartAt(address);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another process already answers"));
  EXPECT_TRUE(Echo(address, 1).ok());
}

}  // namespace
}  // namespace daytonad
