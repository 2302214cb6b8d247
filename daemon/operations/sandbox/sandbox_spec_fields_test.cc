#include "daemon/operations/sandbox/sandbox_spec_fields.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ServerVersion kOld = {0, 190, 0};
constexpr ServerVersion kNew = {0, 226, 1};

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// What a server answers to an empty spec.
constexpr char kPlain[] =
    "id: 'i' view: VIEW_FULL user: 'daytona' snapshot: 'base' target: 'us' cpu: 1 memory_gib: 1 disk_gib: 3 "
    "sandbox_class_text: 'container' sandbox_class: SANDBOX_CLASS_CONTAINER auto_stop_minutes: 15 "
    "auto_archive_minutes: 10080 auto_delete_minutes: -1 created_at { seconds: 1000 } "
    "labels { key: 'code-toolbox-language' value: 'python' } ";

bool Fits(const std::string& sandbox, const std::string& spec, std::optional<ServerVersion> server = kNew,
          const std::optional<ImageBuild>& build = std::nullopt) {
  v1::Sandbox told = Parse<v1::Sandbox>(kPlain);
  told.MergeFrom(Parse<v1::Sandbox>(sandbox));
  return FitsSpec(told, Parse<v1::SandboxSpec>(spec), build, server);
}

TEST(SpecFieldsTest, WhatWasMadeForTheSpecFitsIt) {
  const std::pair<const char*, const char*> fitting[] = {
      {"", ""},
      {"", "snapshot: 'base'"},
      {"", "snapshot: '8f594dc5-66dd-4a29-ac7e-2270f4776e41'"},
      {"", "target: 'us'"},
      {"", "user: 'daytona' auto_stop_minutes: 15 auto_delete_minutes: -5"},
      {"env { key: 'A' value: '1' }", "env { key: 'A' value: '1' }"},
      {"labels { key: 'a' value: 'b' }", "labels { key: 'a' value: 'b' }"},
      {"auto_delete_minutes: 0", "ephemeral: true"},
      {"auto_archive_minutes: 43200", "auto_archive_minutes: 0"},
      {"auto_destroy_at { seconds: 4603 }", "ttl_minutes: 60"},
      {"spot: true", "spot: true"},
      {"auto_pause_minutes: 5 auto_stop_minutes: 0", "auto_pause_minutes: 5"},
      {"outbound_proxy_url: 'http://p:1'", "outbound_proxy_url: 'http://user:secret@p:1/'"},
      {"network_allow_list: '10.0.0.0/8' network_allow_list: '11.0.0.0/8'",
       "network_allow_list: '11.0.0.0/8' network_allow_list: '10.0.0.0/8'"},
      {"volumes { volume: '4e91c945-3c9c-48d5-b301-529d8aca5c11' mount_path: '/data' subpath: 'a' }",
       "volumes { volume: 'v1' mount_path: '/data/' subpath: 'a' }"},
      {"linked_sandbox_id: '4e91c945-3c9c-48d5-b301-529d8aca5c11'", "linked_sandbox: 'other'"},
      {"queue_timeout_minutes: 3", "queue_timeout_minutes: 3"},
      {"queue_timeout_minutes: 30", ""},
  };
  for (const auto& [sandbox, spec] : fitting) EXPECT_TRUE(Fits(sandbox, spec)) << sandbox << " for " << spec;
}

TEST(SpecFieldsTest, WhatWasMadeForAnotherSpecDoesNot) {
  const std::pair<const char*, const char*> others[] = {
      {"", "language: CODE_LANGUAGE_TYPESCRIPT"},
      {"labels { key: 'code-toolbox-language' value: 'python' }", "language_text: 'ruby'"},
      {"", "snapshot: 'other'"},
      {"", "target: 'eu'"},
      {"", "user: 'root'"},
      {"user: 'root'", ""},
      {"", "env { key: 'A' value: '1' }"},
      {"env { key: 'A' value: '1' }", ""},
      {"env { key: 'A' value: '2' }", "env { key: 'A' value: '1' }"},
      {"", "labels { key: 'a' value: 'b' }"},
      {"labels { key: 'a' value: 'b' }", ""},
      {"", "is_public: true"},
      {"is_public: true", ""},
      {"", "auto_stop_minutes: 5"},
      {"auto_stop_minutes: 5", ""},
      {"", "auto_archive_minutes: 5"},
      {"", "ephemeral: true"},
      {"auto_delete_minutes: 0", ""},
      {"", "ttl_minutes: 60"},
      {"auto_destroy_at { seconds: 4600 }", ""},
      {"auto_destroy_at { seconds: 8200 }", "ttl_minutes: 60"},
      {"", "spot: true"},
      {"spot: true", ""},
      {"", "kvm: true"},
      {"", "network_block_all: true"},
      {"network_block_all: true", ""},
      {"", "domain_allow_list: 'example.com'"},
      {"network_allow_list: '10.0.0.0/8'", ""},
      {"", "outbound_proxy_url: 'http://p'"},
      {"outbound_proxy_url: 'http://q'", "outbound_proxy_url: 'http://p'"},
      {"", "volumes { volume: 'v1' mount_path: '/data' }"},
      {"volumes { volume: 'v1' mount_path: '/data' }", ""},
      {"volumes { volume: '4e91c945-3c9c-48d5-b301-529d8aca5c11' mount_path: '/data' }",
       "volumes { volume: '5e91c945-3c9c-48d5-b301-529d8aca5c11' mount_path: '/data' }"},
      {"linked_sandbox_id: '4e91c945-3c9c-48d5-b301-529d8aca5c11'", ""},
      {"queue_timeout_minutes: 3", "queue_timeout_minutes: 4"},
      {"build_info { dockerfile_content: 'FROM a' }", ""},
  };
  for (const auto& [sandbox, spec] : others) EXPECT_FALSE(Fits(sandbox, spec)) << sandbox << " for " << spec;
}

TEST(SpecFieldsTest, ABuildFitsByItsDockerfileItsContextsAndItsMachine) {
  const ImageBuild build{"FROM a\n", std::vector<std::string>{"h1"}};
  const std::string built = "build_info { dockerfile_content: 'FROM a\\n' context_hashes: 'h1' } ";
  EXPECT_TRUE(Fits(built, "", kNew, build));
  EXPECT_FALSE(Fits("", "", kNew, build));
  EXPECT_FALSE(Fits("build_info { dockerfile_content: 'FROM b' context_hashes: 'h1' }", "", kNew, build));
  EXPECT_FALSE(Fits("build_info { dockerfile_content: 'FROM a' }", "", kNew, build));
  EXPECT_TRUE(Fits(built + "cpu: 2", "resources { cpu: 2 }", kNew, build));
  EXPECT_FALSE(Fits(built, "resources { cpu: 2 }", kNew, build));
  EXPECT_FALSE(Fits(built + "cpu: 2", "", kNew, build));
}

TEST(SpecFieldsTest, WhatAServerMayNotKnowNeedNotBeTold) {
  EXPECT_TRUE(Fits("", "ttl_minutes: 60", kOld));
  EXPECT_TRUE(Fits("", "ttl_minutes: 60", std::nullopt));
  EXPECT_TRUE(Fits("", "ttl_minutes: 60", ServerVersion{0, 200, 0}));  // either way is possible
  EXPECT_FALSE(Fits("", "labels { key: 'a' value: 'b' }", kOld));
}

constexpr char kEverythingNew[] =
    "ttl_minutes: 5 spot: true auto_pause_minutes: 5 outbound_proxy_url: 'http://p:1' otel_endpoint_override: "
    "'http://o' "
    "secrets { key: 'K' value: 's' } kvm: true queue_timeout_minutes: 3";

TEST(SpecFieldsTest, WhatAnOldServerIgnoresIsKnown) {
  const auto spec = Parse<v1::SandboxSpec>(kEverythingNew);
  EXPECT_THAT(FieldsUnknownTo(kOld, spec),
              ElementsAre("spec.auto_pause_minutes", "spec.ttl_minutes", "spec.spot", "spec.outbound_proxy_url",
                          "spec.otel_endpoint_override", "spec.secrets", "spec.kvm", "spec.queue_timeout_minutes"));
  EXPECT_THAT(FieldsUnknownTo(ServerVersion{0, 205, 1}, spec), ElementsAre("spec.kvm", "spec.queue_timeout_minutes"));
  EXPECT_THAT(FieldsUnknownTo(ServerVersion{0, 218, 0}, spec), ElementsAre("spec.queue_timeout_minutes"));
  EXPECT_THAT(FieldsUnknownTo(kNew, spec), IsEmpty());
  EXPECT_THAT(FieldsUnknownTo(std::nullopt, spec), IsEmpty());
}

TEST(SpecFieldsTest, WhatIsNotAskedForIsNotIgnored) {
  const auto spec = Parse<v1::SandboxSpec>("ttl_minutes: 0 spot: false auto_pause_minutes: 0 kvm: false");
  EXPECT_THAT(FieldsUnknownTo(kOld, spec), IsEmpty());
  EXPECT_THAT(IgnoredFields(kOld, spec, Parse<v1::Sandbox>(kPlain)), IsEmpty());
}

TEST(SpecFieldsTest, AnAnswerThatSaysNothingShowsWhatWasIgnored) {
  const auto spec = Parse<v1::SandboxSpec>(std::string(kEverythingNew) + " network_allow_list: '10.0.0.0/8'");
  const auto plain = Parse<v1::Sandbox>(kPlain);
  // Of secrets no answer tells.
  EXPECT_THAT(
      IgnoredFields(std::nullopt, spec, plain),
      ElementsAre("spec.network_allow_list", "spec.auto_pause_minutes", "spec.ttl_minutes", "spec.spot",
                  "spec.outbound_proxy_url", "spec.otel_endpoint_override", "spec.kvm", "spec.queue_timeout_minutes"));
  const auto whole = Parse<v1::Sandbox>(
      std::string(kPlain) +
      "auto_destroy_at { seconds: 1300 } spot: true auto_pause_minutes: 5 outbound_proxy_url: 'http://p:1' "
      "otel_endpoint_override: 'http://o' kvm: true queue_timeout_minutes: 3 network_allow_list: '10.0.0.0/8'");
  EXPECT_THAT(IgnoredFields(kNew, spec, whole), IsEmpty());
}

TEST(SpecFieldsTest, FiltersThatAnOldServerIgnoresAreKnown) {
  const auto filter = Parse<v1::SandboxFilter>(
      "auto_destroy_at_after {} auto_destroy_at_before {} include_warm: true min_gpu: 1 max_gpu: 2 is_public: true");
  EXPECT_THAT(FiltersUnknownTo(kOld, filter),
              ElementsAre("filter.auto_destroy_at_after", "filter.auto_destroy_at_before", "filter.include_warm",
                          "filter.min_gpu", "filter.max_gpu"));
  EXPECT_THAT(FiltersUnknownTo(ServerVersion{0, 205, 0}, filter), ElementsAre("filter.min_gpu", "filter.max_gpu"));
  EXPECT_THAT(FiltersUnknownTo(kNew, filter), IsEmpty());
}

TEST(SpecFieldsTest, AnItemThatDoesNotMatchShowsThatTheFilterWasIgnored) {
  const auto filter = Parse<v1::SandboxFilter>("auto_destroy_at_after { seconds: 100 } min_gpu: 1 max_gpu: 2");
  const std::vector<v1::Sandbox> none;
  EXPECT_THAT(IgnoredFilters(std::nullopt, filter, none), IsEmpty());
  const std::vector<v1::Sandbox> matching = {Parse<v1::Sandbox>("auto_destroy_at { seconds: 101 } gpu: 1")};
  EXPECT_THAT(IgnoredFilters(std::nullopt, filter, matching), IsEmpty());
  const std::vector<v1::Sandbox> plain = {Parse<v1::Sandbox>(kPlain)};
  EXPECT_THAT(IgnoredFilters(std::nullopt, filter, plain),
              ElementsAre("filter.auto_destroy_at_after", "filter.min_gpu"));
  EXPECT_THAT(IgnoredFilters(kNew, filter, plain), IsEmpty());
}

TEST(ServerVersionTest, IsReadInEveryForm) {
  EXPECT_EQ(ParseServerVersion("0.190.0"), (ServerVersion{0, 190, 0}));
  EXPECT_EQ(ParseServerVersion("v0.226.1-rc.2"), (ServerVersion{0, 226, 1}));
  for (const char* text : {"", "v", "main", "0.190", "0..1", "1.-2.3", "99999999999.0.0"}) {
    EXPECT_EQ(ParseServerVersion(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace daytonad
