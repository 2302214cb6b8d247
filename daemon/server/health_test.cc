#include "daemon/server/health.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/server/listener.h"
#include "daemon/server/reflection.h"
#include "daemon/server/testing/temp_directory.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace daytonad {
namespace {

using HealthStub = grpc::health::v1::Health::Stub;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    Health::EnableForNewServers();
    for (const char* name : {"a.sock", "b.sock"}) {
      ListenerOptions options;
      options.address = *ParseListenAddress("unix:" + directory_.File(name));
      listeners_.push_back(*Listener::Start(options, MakeReflectionServices({})));
      health_.Attach(listeners_.back()->server());
      stubs_.push_back(grpc::health::v1::Health::NewStub(
          grpc::CreateChannel(listeners_.back()->bound_address(), grpc::InsecureChannelCredentials())));
    }
  }

  // The answer at every listener, which is the same.
  std::string Check(const std::string& service) {
    std::string answer;
    for (const auto& stub : stubs_) {
      grpc::ClientContext context;
      HealthCheckRequest request;
      request.set_service(service);
      HealthCheckResponse response;
      const grpc::Status status = stub->Check(&context, request, &response);
      const std::string here = status.ok() ? HealthCheckResponse::ServingStatus_Name(response.status())
                                           : std::to_string(status.error_code());
      if (!answer.empty()) {
        EXPECT_EQ(here, answer);
      }
      answer = here;
    }
    return answer;
  }

  TempDirectory directory_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<HealthStub>> stubs_;
  Health health_{{"daytonad.v1.DaytonaService", "daytonad.v1.VolumeService"}};
};

TEST_F(HealthTest, ServesFromTheStartButKnowsNothingOfUpstream) {
  EXPECT_EQ(Check(""), "SERVING");
  EXPECT_EQ(Check("daytonad.v1.DaytonaService"), "SERVING");
  EXPECT_EQ(Check("daytonad.v1.VolumeService"), "SERVING");
  EXPECT_EQ(Check("upstream"), "NOT_SERVING");
  EXPECT_EQ(Check("no.such.Service"), std::to_string(grpc::StatusCode::NOT_FOUND));
}

TEST_F(HealthTest, TellsWatchersOfUpstreamAndLeavesTheRest) {
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service(kUpstreamHealthName);
  const auto watch = stubs_[0]->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  health_.SetUpstream(true);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check("upstream"), "SERVING");
  health_.SetUpstream(false);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check(""), "SERVING");
  EXPECT_EQ(Check("daytonad.v1.VolumeService"), "SERVING");
  context.TryCancel();
}

TEST_F(HealthTest, SaysNotServingOfEverythingOnceItShutsDown) {
  health_.SetUpstream(true);
  health_.BeginShutdown();
  health_.SetUpstream(true);  // too late
  for (const char* service : {"", "daytonad.v1.DaytonaService", "daytonad.v1.VolumeService", "upstream"}) {
    EXPECT_EQ(Check(service), "NOT_SERVING") << service;
  }
}

}  // namespace
}  // namespace daytonad
