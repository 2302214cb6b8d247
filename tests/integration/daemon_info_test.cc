// What the daemon reports about itself, which it must know without asking upstream.
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Stub = v1::DaemonService::Stub;

std::vector<int> Numbers(const google::protobuf::RepeatedField<int>& capabilities) {
  return {capabilities.begin(), capabilities.end()};
}

class DaemonInfoTest : public IntegrationTest {
 protected:
  v1::GetDaemonInfoResponse Info() {
    const auto answer = Call(client_->daemon(), &Stub::GetDaemonInfo, {});
    EXPECT_EQ(Outcome(answer.error), "OK");
    return answer.value;
  }
};

TEST_F(DaemonInfoTest, AnswersWithoutAskingUpstream) {
  const v1::GetDaemonInfoResponse info = Info();
  EXPECT_EQ(info.version(), DAYTONAD_VERSION);
  EXPECT_EQ(info.api_url(), upstream_origin() + "/api");
  EXPECT_THAT(info.upstream_version(), Not(IsEmpty()));
  EXPECT_EQ(info.events(), v1::EVENTS_STATE_OFF);
  EXPECT_THAT(Numbers(info.capabilities()), ::testing::Contains(v1::CAPABILITY_MUTATIONS));
  EXPECT_THAT(Numbers(info.unknown_capabilities()), IsEmpty());
  EXPECT_EQ(control().Requests().size(), 0U);
  EXPECT_THAT(info.DebugString(), Not(::testing::HasSubstr(kApiKey)));
}

class UpstreamAwayTest : public DaemonInfoTest {
 protected:
  ProcessOptions daemon_options() override {
    emulator_->Stop();
    return DaemonFor(emulator_->url());
  }
  bool waits_for_upstream() override { return false; }
};

TEST_F(UpstreamAwayTest, UnknownFactsAreReportedAsUnknown) {
  const v1::GetDaemonInfoResponse info = Info();
  EXPECT_EQ(info.version(), DAYTONAD_VERSION);
  EXPECT_EQ(info.upstream_version(), "");
  EXPECT_THAT(Numbers(info.capabilities()), ElementsAre(v1::CAPABILITY_MUTATIONS));
  EXPECT_THAT(Numbers(info.unknown_capabilities()),
              ElementsAre(v1::CAPABILITY_NUMBERED_SANDBOX_LIST, v1::CAPABILITY_SNAPSHOTS_BY_SOURCE));
}

class EquippedTest : public DaemonInfoTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = PlainDaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--listen-read-only", "127.0.0.1:0", "--spool-dir", ::testing::TempDir(),
                                               "--context-root", ::testing::TempDir()});
    return options;
  }
};

TEST_F(EquippedTest, ConfiguredFeaturesAreReported) {
  ASSERT_TRUE(Eventually([this] { return Info().events() == v1::EVENTS_STATE_UP; }));
  EXPECT_THAT(Numbers(Info().capabilities()),
              ::testing::IsSupersetOf({v1::CAPABILITY_UPLOAD_WITHOUT_HASH, v1::CAPABILITY_DAEMON_PATHS}));
}

TEST_F(EquippedTest, AReadOnlyListenerTakesNoMutations) {
  client_ = *client::Client::Connect(daemon_->addresses().at(1));
  EXPECT_THAT(Numbers(Info().capabilities()), Not(::testing::Contains(v1::CAPABILITY_MUTATIONS)));
}

}  // namespace
}  // namespace daytonad::testing
