// client/service_config.json serves all languages: it must be valid and list exactly the methods that gRPC may retry.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "client/cpp/client.h"

namespace daytonad::client {
namespace {

using google::protobuf::MethodOptions;

const google::protobuf::ServiceDescriptor* const kServices[] = {
    v1::Sandbox::descriptor()->file()->pool()->FindServiceByName(v1::DaytonaService::service_full_name()),
    v1::Sandbox::descriptor()->file()->pool()->FindServiceByName(v1::SnapshotService::service_full_name()),
    v1::Sandbox::descriptor()->file()->pool()->FindServiceByName(v1::VolumeService::service_full_name()),
    v1::Sandbox::descriptor()->file()->pool()->FindServiceByName(v1::BuildService::service_full_name()),
    v1::Sandbox::descriptor()->file()->pool()->FindServiceByName(v1::DaemonService::service_full_name())};

std::set<std::string> Repeatable(MethodOptions::IdempotencyLevel level) {
  std::set<std::string> methods;
  for (const auto* service : kServices) {
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->options().idempotency_level() == level) methods.insert(service->method(i)->full_name());
    }
  }
  return methods;
}

nlohmann::json Config() { return nlohmann::json::parse(ServiceConfig()); }

TEST(ServiceConfigTest, RetriesExactlyTheMarkedMethods) {
  std::set<std::string> marked = Repeatable(MethodOptions::NO_SIDE_EFFECTS);
  marked.merge(Repeatable(MethodOptions::IDEMPOTENT));
  std::set<std::string> listed;
  const nlohmann::json config = Config();
  for (const auto& method : config.at("methodConfig")) {
    for (const auto& name : method.at("name")) {
      listed.insert(name.at("service").get<std::string>() + "." + name.at("method").get<std::string>());
    }
  }
  EXPECT_EQ(listed, marked);
}

// A method that only its request id makes safe to retry is not marked: a client that reads the mark cannot see the id.
TEST(ServiceConfigTest, NoReadTakesARequestId) {
  for (const auto* service : kServices) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* const method = service->method(i);
      const bool takes_id = method->input_type()->FindFieldByName("request_id") != nullptr;
      const bool is_read = method->options().idempotency_level() == MethodOptions::NO_SIDE_EFFECTS;
      const bool marked = method->options().has_idempotency_level();
      EXPECT_FALSE(takes_id && is_read) << method->full_name();
      EXPECT_TRUE(takes_id || marked) << method->full_name();
    }
  }
}

TEST(ServiceConfigTest, GrpcTakesIt) {
  const auto channel = Connect("unix:/no/such/socket");
  ASSERT_TRUE(channel.ok());
  (*channel)->GetState(/*try_to_connect=*/true);
  ASSERT_TRUE(
      (*channel)->WaitForStateChange(GRPC_CHANNEL_IDLE, std::chrono::system_clock::now() + std::chrono::seconds(30)));
  EXPECT_EQ((*channel)->GetLoadBalancingPolicyName(), "round_robin");
}

}  // namespace
}  // namespace daytonad::client
