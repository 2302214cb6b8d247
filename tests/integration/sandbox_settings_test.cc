// Settings of sandboxes: RPCs that become one request each, and what callers see of the change afterwards.
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kNotFound[] = "NOT_FOUND SANDBOX_NOT_FOUND";

class SandboxSettingsTest : public SandboxesTest {
 protected:
  // What is read comes from memory if it may.
  ProcessOptions daemon_options() override { return PlainDaemonFor(emulator_->url()); }

  // Calls a setting's RPC on a sandbox; `more` are the request's further fields.
  template <typename Request, typename Response>
  client::Result<Response> Set(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                               const std::string& sandbox, const std::string& more) {
    auto request = Parse<Request>(more);
    request.set_sandbox(sandbox);
    return Call(sandboxes(), method, request);
  }
  // The sandbox as a caller reads it now.
  v1::Sandbox Read(const std::string& sandbox) { return Get(sandbox).value.sandbox(); }
  // "POST /api/sandbox/ID/autostop/5" for each change that upstream was asked for.
  std::vector<std::string> Changes() {
    std::vector<std::string> changes;
    for (const nlohmann::json& request : control().Requests()) {
      if (request.at("method") == "GET") continue;
      changes.push_back(request.at("method").get<std::string>() + " " + request.at("path").get<std::string>());
    }
    return changes;
  }
};

TEST_F(SandboxSettingsTest, IntervalsAreSetAndSeenAtOnce) {
  const std::string id = MakeSandbox().id();
  Read(id);  // now it is cached
  const auto stop = Set(&Stub::SetSandboxAutoStop, id, "minutes: 7");
  ASSERT_EQ(Outcome(stop.error), "OK");
  EXPECT_EQ(stop.value.sandbox().auto_stop_minutes(), 7);
  EXPECT_EQ(stop.value.sandbox().view(), v1::VIEW_FULL);
  EXPECT_EQ(Read(id).auto_stop_minutes(), 7);
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxAutoArchive, id, "minutes: 60").error), "OK");
  EXPECT_EQ(Read(id).auto_archive_minutes(), 60);
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxAutoDelete, id, "minutes: -1").error), "OK");
  EXPECT_EQ(Read(id).auto_delete_minutes(), -1);
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxAutoStop, id, "minutes: 0").error), "OK");
  EXPECT_EQ(Read(id).auto_stop_minutes(), 0);
}

TEST_F(SandboxSettingsTest, LabelsAreReplacedAsAWhole) {
  v1::SandboxSpec spec;
  (*spec.mutable_labels())["old"] = "1";
  const std::string id = MakeSandbox(spec).id();
  Read(id);
  const auto set = Set(&Stub::SetSandboxLabels, id, "labels { key: 'team' value: 'a' }");
  ASSERT_EQ(Outcome(set.error), "OK");
  EXPECT_THAT(set.value.labels(), UnorderedElementsAre(Pair("team", "a")));
  EXPECT_THAT(Read(id).labels(), UnorderedElementsAre(Pair("team", "a"))) << "not the ones of before, from memory";
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxLabels, id, "").error), "OK");
  EXPECT_THAT(Read(id).labels(), IsEmpty());
}

TEST_F(SandboxSettingsTest, PreviewsAreMadePublicAndPrivate) {
  const std::string id = MakeSandbox().id();
  EXPECT_TRUE(Set(&Stub::SetSandboxPublic, id, "is_public: true").value.sandbox().is_public());
  EXPECT_TRUE(Read(id).is_public());
  EXPECT_FALSE(Set(&Stub::SetSandboxPublic, id, "is_public: false").value.sandbox().is_public());
}

TEST_F(SandboxSettingsTest, OnlyGivenNetworkSettingsAreSent) {
  const std::string id = MakeSandbox().id();
  const std::string path = "/api/sandbox/" + id + "/network-settings";
  const auto listed =
      Set(&Stub::SetSandboxNetwork, id, "network_allow_list { entries: '10.0.0.0/8' entries: '192.168.0.0/16' }");
  ASSERT_EQ(Outcome(listed.error), "OK");
  EXPECT_EQ(BodyOf("POST", path), nlohmann::json({{"networkAllowList", "10.0.0.0/8,192.168.0.0/16"}}));
  EXPECT_THAT(Read(id).network_allow_list(), ElementsAre("10.0.0.0/8", "192.168.0.0/16"));
  const auto blocked = Set(&Stub::SetSandboxNetwork, id, "network_block_all: true");
  EXPECT_TRUE(blocked.value.sandbox().network_block_all());
  EXPECT_THAT(blocked.value.sandbox().network_allow_list(), IsEmpty());
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxNetwork, id, "domain_allow_list { entries: '*.example.com' }").error), "OK");
  EXPECT_THAT(Read(id).domain_allow_list(), ElementsAre("*.example.com"));
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxNetwork, id, "domain_allow_list {}").error), "OK");
  EXPECT_EQ(BodyOf("POST", path), nlohmann::json({{"domainAllowList", ""}}));
  EXPECT_THAT(Read(id).domain_allow_list(), IsEmpty());
}

TEST_F(SandboxSettingsTest, ActivityIsRefreshed) {
  const v1::Sandbox made = MakeSandbox();
  EXPECT_EQ(Outcome(Set(&Stub::RefreshSandboxActivity, made.id(), "").error), "OK");
  EXPECT_EQ(control().CountRequests("POST", "/" + made.id() + "/last-activity"), 1);
  const auto time_of = [](const v1::Sandbox& sandbox) {
    return std::pair(sandbox.last_activity_at().seconds(), sandbox.last_activity_at().nanos());
  };
  EXPECT_GE(time_of(Read(made.id())), time_of(made));
}

TEST_F(SandboxSettingsTest, ANameBecomesTheIdThatItBelongsTo) {
  v1::SandboxSpec spec;
  spec.set_name("my box #1?50%");
  const std::string id = MakeSandbox(spec).id();
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxAutoStop, "my box #1?50%", "minutes: 9").error), "OK");
  EXPECT_THAT(Changes(), ::testing::Contains("POST /api/sandbox/" + id + "/autostop/9"));
  const auto unknown = Set(&Stub::SetSandboxAutoStop, "nobody", "minutes: 9");
  EXPECT_EQ(Outcome(unknown.error), kNotFound);
  EXPECT_EQ(unknown.error->metadata.at("sandbox_name"), "nobody");
}

TEST_F(SandboxSettingsTest, ARequestIdSendsAChangeOnce) {
  const std::string id = MakeSandbox().id();
  control().ResetRequests();
  const std::string request = "request_id: 'one' labels { key: 'a' value: 'b' }";
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxLabels, id, request).error), "OK");
  const auto again = Set(&Stub::SetSandboxLabels, id, request);
  EXPECT_EQ(Outcome(again.error), "OK");
  EXPECT_THAT(again.value.labels(), UnorderedElementsAre(Pair("a", "b")));
  EXPECT_THAT(Changes(), ElementsAre("PUT /api/sandbox/" + id + "/labels"));
  const auto other = Set(&Stub::SetSandboxLabels, id, "request_id: 'one'");
  EXPECT_EQ(Outcome(other.error), "INVALID_ARGUMENT REQUEST_ID_REUSED");
}

TEST_F(SandboxSettingsTest, AChangeWhoseAnswerWasLostIsSentAgain) {
  const std::string id = MakeSandbox().id();
  control().AddFault({{"path_regex", "autostop"}, {"times", 1}}, {{"status", 503}});
  EXPECT_EQ(Set(&Stub::SetSandboxAutoStop, id, "minutes: 8").value.sandbox().auto_stop_minutes(), 8);
}

TEST_F(SandboxSettingsTest, BadInputNamesTheField) {
  const auto negative = Set(&Stub::SetSandboxTtl, "a", "minutes: -1");
  EXPECT_EQ(Outcome(negative.error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_THAT(negative.error->message, HasSubstr("minutes: is -1"));
  const auto nothing = Set(&Stub::SetSandboxNetwork, "a", "");
  EXPECT_THAT(nothing.error->message, HasSubstr("nothing to change"));
}

class NewSettingsTest : public SandboxSettingsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_226); }
};

TEST_F(NewSettingsTest, ASandboxIsPausedAndDeletedByTime) {
  const std::string id = MakeSandbox().id();
  EXPECT_EQ(Set(&Stub::SetSandboxAutoPause, id, "minutes: 5").value.sandbox().auto_pause_minutes(), 5);
  const auto limited = Set(&Stub::SetSandboxTtl, id, "minutes: 90");
  ASSERT_EQ(Outcome(limited.error), "OK");
  EXPECT_TRUE(limited.value.sandbox().has_auto_destroy_at());
  EXPECT_FALSE(Set(&Stub::SetSandboxTtl, id, "minutes: 0").value.sandbox().has_auto_destroy_at());
}

class OldServerTest : public SandboxSettingsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_190); }
};

TEST_F(OldServerTest, WhatItDoesNotHaveIsToldAsThat) {
  const std::string id = MakeSandbox().id();
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxAutoPause, id, "minutes: 5").error),
            "UNIMPLEMENTED NOT_SUPPORTED_BY_UPSTREAM");
  EXPECT_EQ(Outcome(Set(&Stub::SetSandboxTtl, id, "minutes: 5").error), "UNIMPLEMENTED NOT_SUPPORTED_BY_UPSTREAM");
}

}  // namespace
}  // namespace daytonad::testing
