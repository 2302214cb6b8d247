// Two backends in one process: whatever belongs to one credential is not seen through the other.
#include "daemon/backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/backend_registry.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/asio_clock.h"
#include "daemon/net/testing/test_http_server.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;

constexpr char kVolume[] = R"({"id": "id-of-data", "name": "data", "state": "ready", "organizationId": "o"})";

class BackendTest : public ::testing::Test {
 protected:
  ~BackendTest() override {
    loop_.Post([this] { backends_.Stop(); });
    loop_.Stop();
  }

  BackendConfig ConfigOf(const std::string& name) {
    BackendConfig config;
    config.name = name;
    config.api_url = server_.Url("/api");
    config.credential = *MakeCredential({"key-of-" + name, "", ""});
    config.events = false;
    return config;
  }
  const BackendHandlers& Add(const std::string& name) {
    const BackendConfig config = ConfigOf(name);
    absl::StatusOr<BackendParts> parts = Backend::Open(config, clock_);
    EXPECT_TRUE(parts.ok()) << parts.status();
    const SharedResources shared{loop_, clock_, pool_, roots_, nullptr, CallContext::kMaxQueueWait};
    backends_.Add(*Backend::Make(config, *std::move(parts), ConnectionLimits{10, 10, 10}, shared));
    return backends_.Find(name)->handlers();
  }
  template <typename T>
  T Run(Task<T> task) {
    return StartTask(loop_.context(), std::move(task)).get();
  }
  absl::StatusOr<v1::CreateVolumeResponse> Create(const BackendHandlers& handlers) {
    v1::CreateVolumeRequest request;
    request.set_name("data");
    request.set_request_id("one-intent");
    return Run(handlers.volumes->CreateVolume(CallContext::Background("test"), std::move(request)));
  }
  // "POST Bearer key-of-one" for each request so far.
  std::vector<std::string> Seen() {
    std::vector<std::string> seen;
    for (const TestHttpServer::Request& request : server_.requests()) {
      seen.push_back(request.method + " " + std::string(request.headers.Get("Authorization")));
    }
    return seen;
  }

  TestHttpServer server_{[](const TestHttpServer::Request&) -> TestHttpServer::Script {
    return {TestHttpServer::Answer(200, kVolume, "Content-Type: application/json\r\n")};
  }};
  AsioClock clock_;
  EventLoop loop_;
  WorkPool pool_;
  ContextRoots roots_;
  BackendRegistry backends_;
};

TEST_F(BackendTest, ARequestIdBelongsToItsBackend) {
  const BackendHandlers& one = Add("one");
  const BackendHandlers& two = Add("two");
  EXPECT_EQ(Create(one)->volume().id(), "id-of-data");
  EXPECT_EQ(Create(one)->volume().id(), "id-of-data") << "the outcome of the first call";
  EXPECT_THAT(Seen(), ElementsAre("POST Bearer key-of-one"));
  EXPECT_TRUE(Create(two).ok());
  EXPECT_THAT(Seen(), ElementsAre("POST Bearer key-of-one", "POST Bearer key-of-two"));
}

TEST_F(BackendTest, ACacheBelongsToItsBackend) {
  const BackendHandlers& one = Add("one");
  const BackendHandlers& two = Add("two");
  v1::GetVolumeRequest request;
  request.set_volume("id-of-data");
  request.mutable_max_age()->set_seconds(3600);
  ASSERT_TRUE(Run(one.volumes->GetVolume(CallContext::Background("test"), request)).ok());
  EXPECT_TRUE(one.volumes->FindCached(request).has_value());
  EXPECT_FALSE(two.volumes->FindCached(request).has_value());
}

TEST_F(BackendTest, IsFoundByItsName) {
  Add("one");
  Add(std::string(kDefaultBackend));
  EXPECT_EQ(backends_.Find("one")->name(), "one");
  EXPECT_EQ(backends_.main().name(), kDefaultBackend);
  EXPECT_EQ(backends_.Find("two"), nullptr);
}

TEST_F(BackendTest, AWrongSettingIsToldBeforeAnythingIsMade) {
  BackendConfig config = ConfigOf("one");
  config.api_url = "ftp://example.com";
  EXPECT_FALSE(Backend::Open(config, clock_).ok());
  config = ConfigOf("one");
  config.trusted_origins = {"nonsense"};
  EXPECT_FALSE(Backend::Open(config, clock_).ok());
  config = ConfigOf("one");
  config.credential.reset();
  config.api_key_file = "/no/such/file";
  EXPECT_FALSE(Backend::Open(config, clock_).ok());
}

}  // namespace
}  // namespace daytonad
