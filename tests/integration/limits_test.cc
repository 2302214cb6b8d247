// What happens at limits: descriptors, connections, message size.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <future>
#include <set>

#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::SizeIs;

// --- Descriptors ---

class DescriptorsTest : public SharedStateTest {
 protected:
  // While it lives, the daemon gets no further descriptor. Those it has stay usable.
  class NoMore {
   public:
    explicit NoMore(pid_t daemon) : daemon_(daemon) {
      rlimit limit{};
      EXPECT_EQ(::prlimit(daemon_, RLIMIT_NOFILE, nullptr, &before_), 0);
      limit = before_;
      limit.rlim_cur = 3;  // all numbers below are taken
      EXPECT_EQ(::prlimit(daemon_, RLIMIT_NOFILE, &limit, nullptr), 0);
    }
    NoMore(const NoMore&) = delete;
    NoMore& operator=(const NoMore&) = delete;
    ~NoMore() { EXPECT_EQ(::prlimit(daemon_, RLIMIT_NOFILE, &before_, nullptr), 0); }

   private:
    pid_t daemon_;
    rlimit before_{};
  };
};

TEST_F(DescriptorsTest, EventsResumeOnceDescriptorsAreFree) {
  AwaitEvents();
  {
    const NoMore no_more(daemon_->pid());
    control().SetEvents({{"cut", true}});
    AwaitLog("DAEMON_EXHAUSTED");
    EXPECT_EQ(Health(""), "SERVING");
  }
  AwaitEvents(2);
  EXPECT_EQ(ReadSandbox("nope").outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
}

class NewConnectionsTest : public DescriptorsTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off"}; }
};

TEST_F(NewConnectionsTest, ACallThatNeedsAConnectionFailsWithARetryableError) {
  // Occupies the only connection.
  control().AddFault({{"path_regex", "^/api/volumes"}, {"times", 1}}, {{"hold", true}});
  auto held = std::async(std::launch::async, [this] { return ReadVolume("held").outcome; });
  ASSERT_TRUE(Eventually([this] { return control().in_progress() == 1; }));
  {
    const NoMore no_more(daemon_->pid());
    v1::GetVolumeRequest request;
    request.set_volume("v");
    const auto got = CallWithin(std::chrono::seconds(1), volumes(), &Volumes::GetVolume, request);
    EXPECT_EQ(Outcome(got.error), "UNAVAILABLE UPSTREAM_UNREACHABLE");
    EXPECT_THAT(got.error->message, HasSubstr("Too many open files"));
  }
  EXPECT_EQ(ReadVolume("v").outcome, "NOT_FOUND VOLUME_NOT_FOUND");
  control().ClearFaults();
  EXPECT_EQ(held.get(), "NOT_FOUND VOLUME_NOT_FOUND");
}

// --- Connections ---

class NoConnectionLimitTest : public SharedStateTest {
 protected:
  std::vector<std::string> flags() override { return {"--max-connections", "None", "--max-creates", "none"}; }
};

TEST_F(NoConnectionLimitTest, MoreReadsThanTheDefaultLimitRunAtOnce) {
  constexpr int kReads = 300;
  control().AddFault({{"path_regex", "^/api/volumes"}}, {{"hold", true}});
  struct Read {
    grpc::ClientContext context;
    v1::GetVolumeRequest request;
    v1::GetVolumeResponse response;
  };
  std::deque<Read> reads;
  std::atomic<int> not_found = 0;
  for (int i = 0; i < kReads; ++i) {
    Read& read = reads.emplace_back();
    read.request.set_volume("v" + std::to_string(i));
    read.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    volumes().async()->GetVolume(&read.context, &read.request, &read.response,
                                 [&not_found](const grpc::Status& status) {
                                   if (status.error_code() == grpc::StatusCode::NOT_FOUND) ++not_found;
                                 });
  }
  EXPECT_TRUE(Eventually([&] { return control().in_progress() == kReads; })) << control().in_progress();
  control().ClearFaults();
  EXPECT_TRUE(Eventually([&] { return not_found == kReads; })) << not_found;
}

// --- The size of a page ---

// A client with gRPC's default limit, messages of 4 MiB.
class LargePagesTest : public SandboxesTest {
 protected:
  static constexpr int kObjects = 130;

  void SetUp() override {
    SandboxesTest::SetUp();
    channel_ = grpc::CreateChannel(daemon_->addresses().front(), grpc::InsecureChannelCredentials());
    sandboxes_ = v1::DaytonaService::NewStub(channel_);
    snapshots_ = v1::SnapshotService::NewStub(channel_);
  }

  client::Result<v1::ListSandboxesResponse> List(const std::string& request) {
    return Call(*sandboxes_, &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>(request));
  }
  static std::string LongDockerfile() { return "FROM debian:12\\n# " + std::string(33'000, 'x') + "\\n"; }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::DaytonaService::Stub> sandboxes_;
  std::unique_ptr<v1::SnapshotService::Stub> snapshots_;
};

// A server with numbered pages of full sandboxes.
class OldServerLargePagesTest : public LargePagesTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_190); }
};

TEST_F(OldServerLargePagesTest, ANumberedPageOfLongDockerfilesIsWholeAndBasic) {
  for (int i = 0; i < kObjects; ++i) {
    const std::string spec = "spec { name: 'n" + std::to_string(i) + "' dockerfile: \"" + LongDockerfile() + "\" }";
    ASSERT_EQ(Outcome(Create(spec + " wait: false").error), "OK");
  }
  const auto all = List("page: 1 page_size: 200");
  ASSERT_EQ(Outcome(all.error), "OK");
  EXPECT_EQ(all.value.total_size(), kObjects);
  std::set<std::string> names;
  for (const v1::Sandbox& sandbox : all.value.sandboxes()) names.insert(sandbox.name());
  EXPECT_THAT(names, SizeIs(kObjects));
  EXPECT_THAT(all.value.sandboxes(),
              Each(AllOf(Property(&v1::Sandbox::view, v1::VIEW_BASIC), Property(&v1::Sandbox::has_build_info, false))));
  const auto few = List("page: 1 page_size: 50");
  ASSERT_EQ(few.value.sandboxes_size(), 50);
  EXPECT_EQ(few.value.sandboxes(0).view(), v1::VIEW_FULL);
  EXPECT_THAT(few.value.sandboxes(0).build_info().dockerfile_content(), SizeIs(::testing::Gt(33'000U)));
}

TEST_F(LargePagesTest, APageByTokenIsShortenedAndTheNextOneContinues) {
  for (int i = 0; i < kObjects; ++i) {
    v1::CreateSandboxRequest request;
    request.mutable_spec()->set_name("n" + std::to_string(i));
    (*request.mutable_spec()->mutable_labels())["note"] = std::string(33'000, 'x');
    request.set_wait(false);
    ASSERT_EQ(Outcome(Call(*sandboxes_, &Stub::CreateSandbox, request).error), "OK");
  }
  const auto numbered = List("page: 1 page_size: 200");
  EXPECT_EQ(Outcome(numbered.error), "RESOURCE_EXHAUSTED PAGE_TOO_LARGE");
  EXPECT_THAT(numbered.error->message, HasSubstr("a smaller page_size"));

  std::vector<std::string> names;
  std::string token;
  do {
    const auto page = List("page_size: 200 page_token: '" + token + "'");
    ASSERT_EQ(Outcome(page.error), "OK");
    ASSERT_GT(page.value.sandboxes_size(), 0);
    for (const v1::Sandbox& sandbox : page.value.sandboxes()) names.push_back(sandbox.name());
    token = page.value.next_page_token();
  } while (!token.empty());
  EXPECT_THAT(names, SizeIs(kObjects));
  EXPECT_THAT(std::set<std::string>(names.begin(), names.end()), SizeIs(kObjects));
}

TEST_F(LargePagesTest, SnapshotsOfLongDockerfilesAreBasicInALargePage) {
  for (int i = 0; i < kObjects; ++i) {
    const auto request = Parse<v1::CreateSnapshotRequest>("spec { name: 'n" + std::to_string(i) + "' dockerfile: \"" +
                                                          LongDockerfile() + "\" } wait: false");
    ASSERT_EQ(Outcome(Call(*snapshots_, &v1::SnapshotService::Stub::CreateSnapshot, request).error), "OK");
  }
  v1::ListSnapshotsRequest request;
  request.set_page_size(200);
  const auto all = Call(*snapshots_, &v1::SnapshotService::Stub::ListSnapshots, request);
  ASSERT_EQ(Outcome(all.error), "OK");
  EXPECT_GE(all.value.snapshots_size(), kObjects);
  EXPECT_THAT(all.value.snapshots(), Each(AllOf(Property(&v1::Snapshot::view, v1::VIEW_BASIC),
                                                Property(&v1::Snapshot::has_build_info, false))));
}

}  // namespace
}  // namespace daytonad::testing
