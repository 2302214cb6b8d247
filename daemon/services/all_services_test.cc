#include "daemon/services/all_services.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "daemon/net/asio_clock.h"
#include "daemon/net/event_loop.h"
#include "daemon/services/access_log.h"

namespace daytonad {
namespace {

using ::testing::UnorderedElementsAreArray;

const MethodInfo& Row(const std::vector<ServiceInfo>& services, std::string_view name) {
  for (const ServiceInfo& service : services) {
    for (const MethodInfo& method : service.methods) {
      if (method.name == name) return method;
    }
  }
  ADD_FAILURE() << "no row " << name;
  return services.front().methods.front();
}

TEST(AllServicesTest, EveryServiceOfTheContractHasATable) {
  std::vector<std::string> names;
  // The build lists the contract's files.
  for (const std::string& file : std::vector<std::string>(absl::StrSplit(DAYTONAD_PROTO_FILES, ','))) {
    const auto* const descriptor = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file);
    ASSERT_NE(descriptor, nullptr) << file;
    for (int i = 0; i < descriptor->service_count(); ++i) names.push_back(descriptor->service(i)->full_name());
  }
  EXPECT_GE(names.size(), 5U);
  EXPECT_THAT(AllServiceNames(), UnorderedElementsAreArray(names));
}

TEST(AllServicesTest, TheTablesAgreeWithTheContract) {
  AsioClock clock;
  EventLoop loop;
  CallRegistry calls;
  CallGate gate{CallGate::Limits()};
  UntakenAnswers answers{UntakenAnswers::Limits()};
  AccessLog records;
  const RpcRuntime runtime{.executor = loop.executor(),
                           .clock = clock,
                           .calls = calls,
                           .gate = gate,
                           .answers = answers,
                           .records = records};
  const auto none = [](std::string_view) -> const BackendHandlers* { return nullptr; };
  const auto services = MakeAllServices(runtime, Caller(), none);
  ASSERT_TRUE(services.ok()) << services.status();
  EXPECT_EQ(services->size(), AllServiceNames().size());
}

TEST(AllServicesTest, RowsSayWhatTheMethodsAre) {
  const std::vector<ServiceInfo> services = AllServices();
  const MethodInfo& create = Row(services, "CreateSandboxStream");
  EXPECT_EQ(create.kind, MethodKind::kServerStream);
  EXPECT_EQ(create.effect, Effect::kMutation);
  EXPECT_EQ(create.object_field, "spec.name");
  EXPECT_FALSE(create.cached);
  const MethodInfo& get = Row(services, "GetVolume");
  EXPECT_EQ(get.kind, MethodKind::kUnary);
  EXPECT_EQ(get.effect, Effect::kRead);
  EXPECT_EQ(get.mutation_flag, "create_if_missing");
  EXPECT_TRUE(get.cached);
  EXPECT_EQ(Row(services, "UploadBuildContext").kind, MethodKind::kClientStream);
}

}  // namespace
}  // namespace daytonad
