// Watching: what a stream reports about an object, in which order, its cost upstream, and how it ends.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The states in the order seen, ignoring other changes.
template <typename Message>
std::vector<std::string> StatesOf(const std::vector<Message>& messages) {
  std::vector<std::string> states;
  for (const Message& message : messages) {
    if (states.empty() || states.back() != message.sandbox().state_text()) {
      states.push_back(message.sandbox().state_text());
    }
  }
  return states;
}

template <typename Message>
void ExpectNumbered(const std::vector<Message>& messages) {
  for (size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(messages[i].sequence(), static_cast<int64_t>(i + 1));
}

class WatchTest : public SharedStateTest {
 protected:
  std::unique_ptr<WatchStream<v1::WatchSnapshotResponse>> WatchSnapshot(const std::string& id_or_name) {
    v1::WatchSnapshotRequest request;
    request.set_snapshot(id_or_name);
    return std::make_unique<WatchStream<v1::WatchSnapshotResponse>>(snapshots(), &Snapshots::WatchSnapshot, request);
  }
  std::unique_ptr<WatchStream<v1::WatchVolumeResponse>> WatchVolume(const std::string& id_or_name) {
    v1::WatchVolumeRequest request;
    request.set_volume(id_or_name);
    return std::make_unique<WatchStream<v1::WatchVolumeResponse>>(volumes(), &Volumes::WatchVolume, request);
  }
};

// What holds both with events and with polling.
class WatchEitherWayTest : public WatchTest, public ::testing::WithParamInterface<bool> {
 protected:
  bool events() const { return GetParam(); }
  std::vector<std::string> flags() override { return {"--events", events() ? "on" : "off"}; }
  void SetUp() override {
    WatchTest::SetUp();
    if (events()) AwaitEvents();
  }
};

INSTANTIATE_TEST_SUITE_P(, WatchEitherWayTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "WithEvents" : "Polling"; });

TEST_P(WatchEitherWayTest, TheFirstMessageIsTheCurrentStateAndEachChangeFollows) {
  const v1::Sandbox sandbox = MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box" env { key: "A" value: "b" })"));
  for (const std::string& key : {sandbox.id(), std::string("box")}) {
    const auto watch = WatchSandbox(key);
    const v1::WatchSandboxResponse first = watch->Next();
    EXPECT_EQ(first.sequence(), 1);
    EXPECT_EQ(first.sandbox().state(), v1::SANDBOX_STATE_STARTED);
    EXPECT_FALSE(first.removed());
    EXPECT_FALSE(first.maybe_missed());
    int64_t sequence = 1;
    for (const char* state : {"stopping", "stopped", "archiving", "archived", "restoring", "started"}) {
      control().ForceSandbox("box", {{"state", state}});
      const v1::WatchSandboxResponse next = watch->NextThat(
          [&](const v1::WatchSandboxResponse& message) { return message.sandbox().state_text() == state; });
      EXPECT_EQ(next.sequence(), ++sequence) << "no message without a change";
      EXPECT_EQ(next.sandbox().view(), v1::VIEW_FULL);
      EXPECT_EQ(next.sandbox().env().at("A"), "b");
      EXPECT_FALSE(next.removed());
    }
    watch->HangUp();
  }
  const auto watch = WatchSandbox("box");
  watch->Next();
  AsSomebodyElse([&] { return Outcome(Delete("box", "wait: true").error); });
  const auto rest = watch->Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  ASSERT_FALSE(rest.messages.empty());
  for (const auto& message : rest.messages) EXPECT_EQ(message.removed(), &message == &rest.messages.back());
  EXPECT_EQ(rest.messages.back().sandbox().id(), sandbox.id());
}

TEST_P(WatchEitherWayTest, ChangesMadeHereAreSeenUntilTheEnd) {
  const v1::Sandbox sandbox = MakeSandbox();
  const auto watch = WatchSandbox(sandbox.id());
  std::vector<v1::WatchSandboxResponse> seen = {watch->Next()};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
    EXPECT_EQ(Outcome(Start(sandbox.id()).error), "OK");
  }
  EXPECT_EQ(Outcome(Delete(sandbox.id(), "wait: true").error), "OK");
  const auto rest = watch->Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  seen.insert(seen.end(), rest.messages.begin(), rest.messages.end());
  ExpectNumbered(seen);
  EXPECT_TRUE(seen.back().removed());
  const std::vector<std::string> states = StatesOf(seen);
  if (events()) {
    const std::vector<std::string> all = {"started",  "stopping", "stopped",  "starting", "started",
                                          "stopping", "stopped",  "starting", "started",  "destroying"};
    ASSERT_GE(states.size(), all.size());
    EXPECT_EQ(std::vector<std::string>(states.begin(), states.begin() + all.size()), all);
    for (const auto& message : seen) EXPECT_FALSE(message.maybe_missed()) << message.ShortDebugString();
  } else {
    // The daemon waited for these, so it saw them.
    EXPECT_GE(std::count(states.begin(), states.end(), "stopped"), 2);
    EXPECT_GE(std::count(states.begin(), states.end(), "started"), 3);
  }
}

TEST_P(WatchEitherWayTest, ASandboxIsWatchedWhileItComesUp) {
  EXPECT_EQ(Outcome(Create("spec { name: 'box' } wait: false").error), "OK");
  const auto watch = WatchSandbox("box");
  const auto up = watch->NextThat(
      [](const v1::WatchSandboxResponse& message) { return message.sandbox().state() == v1::SANDBOX_STATE_STARTED; });
  EXPECT_EQ(up.sandbox().name(), "box");
}

TEST_P(WatchEitherWayTest, ASnapshotIsWatchedUntilItIsGone) {
  const v1::Snapshot snapshot = MakeSnapshot("snap");
  for (const std::string& key : {snapshot.id(), std::string("snap")}) {
    const auto watch = WatchSnapshot(key);
    const v1::WatchSnapshotResponse first = watch->Next();
    EXPECT_EQ(first.sequence(), 1);
    EXPECT_EQ(first.snapshot().state(), v1::SNAPSHOT_STATE_ACTIVE);
    control().ForceSnapshot("snap", {{"state", "error"}, {"errorReason", "for a test"}});
    const v1::WatchSnapshotResponse next = watch->Next();
    EXPECT_EQ(next.sequence(), 2);
    EXPECT_EQ(next.snapshot().state(), v1::SNAPSHOT_STATE_ERROR);
    EXPECT_EQ(next.snapshot().error_reason(), "for a test");
    control().ForceSnapshot("snap", {{"state", "active"}});
    EXPECT_EQ(watch->Next().snapshot().state(), v1::SNAPSHOT_STATE_ACTIVE);
    watch->HangUp();
  }
  const auto watch = WatchSnapshot("snap");
  watch->Next();
  AsSomebodyElse([&] {
    v1::DeleteSnapshotRequest request;
    request.set_snapshot("snap");
    return Outcome(Call(snapshots(), &Snapshots::DeleteSnapshot, request).error);
  });
  const auto rest = watch->Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  ASSERT_FALSE(rest.messages.empty());
  EXPECT_TRUE(rest.messages.back().removed());
  EXPECT_EQ(rest.messages.back().snapshot().id(), snapshot.id());
}

TEST_P(WatchEitherWayTest, AVolumeIsWatchedUntilItIsGone) {
  v1::CreateVolumeRequest create;
  create.set_name("vol");
  ASSERT_EQ(Outcome(Call(volumes(), &Volumes::CreateVolume, create).error), "OK");
  const auto watch = WatchVolume("vol");
  watch->NextThat(
      [](const v1::WatchVolumeResponse& message) { return message.volume().state() == v1::VOLUME_STATE_READY; });
  AsSomebodyElse([&] {
    v1::DeleteVolumeRequest request;
    request.set_volume("vol");
    return Outcome(Call(volumes(), &Volumes::DeleteVolume, request).error);
  });
  const auto rest = watch->Rest();
  EXPECT_EQ(Outcome(rest.error), "OK");
  ASSERT_FALSE(rest.messages.empty());
  EXPECT_TRUE(rest.messages.back().removed());
}

TEST_P(WatchEitherWayTest, WhatDoesNotExistIsNotFound) {
  EXPECT_EQ(WatchSandbox("none")->End(), "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(WatchSandbox("00000000-0000-4000-8000-000000000000")->End(), "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(WatchSandbox("")->End(), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_EQ(WatchSnapshot("none")->End(), "NOT_FOUND SNAPSHOT_NOT_FOUND");
  EXPECT_EQ(WatchVolume("none")->End(), "NOT_FOUND VOLUME_NOT_FOUND");
  EXPECT_EQ(WatchVolume("00000000-0000-4000-8000-000000000000")->End(), "NOT_FOUND VOLUME_NOT_FOUND");
  const v1::Sandbox sandbox = MakeSandbox();
  EXPECT_EQ(Outcome(Delete(sandbox.id(), "wait: true").error), "OK");
  EXPECT_EQ(WatchSandbox(sandbox.id())->End(), "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_P(WatchEitherWayTest, AHundredWatchersCostAsMuchAsOne) {
  const std::string id = MakeSandbox().id();
  control().ResetRequests();
  const auto began = steady_clock::now();
  constexpr int kWatchers = 100;
  std::vector<std::unique_ptr<SandboxWatch>> watches;
  watches.reserve(kWatchers);
  for (int i = 0; i < kWatchers; ++i) watches.push_back(WatchSandbox(id));
  for (const auto& watch : watches) EXPECT_EQ(watch->Next().sandbox().state(), v1::SANDBOX_STATE_STARTED);
  for (const char* state : {"stopped", "started", "archived"}) {
    control().ForceSandbox(id, {{"state", state}});
    for (const auto& watch : watches) EXPECT_EQ(watch->Next().sandbox().state_text(), state);
  }
  // A single one is polled at most once per 100 ms.
  const auto rounds = (steady_clock::now() - began) / milliseconds(100);
  EXPECT_LE(SandboxReads(), rounds + 2);
  if (events()) {
    EXPECT_LE(SandboxReads(), rounds / 10 + 2);
  }
}

TEST_P(WatchEitherWayTest, HangingUpStopsTheRequestsUpstream) {
  const std::string id = MakeSandbox().id();
  const std::string other = MakeSandbox().id();
  std::vector<std::unique_ptr<SandboxWatch>> watches;
  watches.reserve(3);
  for (int i = 0; i < 3; ++i) watches.push_back(WatchSandbox(id));
  for (const auto& watch : watches) watch->Next();
  for (const auto& watch : watches) watch->HangUp();
  for (const auto& watch : watches) EXPECT_EQ(watch->End(), "CANCELLED CANCELLED");
  // Another object is still polled; once it was, polls of the first one would have come as well.
  const auto witness = WatchSandbox(other);
  witness->Next();
  const int few = events() ? 1 : 5;
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", other) >= few; }));
  control().ResetRequests();
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", other) >= few; }));
  EXPECT_EQ(control().CountRequests("GET", id), 0);
}

TEST_P(WatchEitherWayTest, AShutdownEndsIt) {
  const std::string id = MakeSandbox().id();
  const auto watch = WatchSandbox(id);
  watch->Next();
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(watch->End(), "UNAVAILABLE SHUTTING_DOWN");
  EXPECT_EQ(daemon_->WaitForExit(), 0);
}

class WatchWithEventsTest : public WatchTest {
 protected:
  void SetUp() override {
    WatchTest::SetUp();
    AwaitEvents();
  }
};

TEST_F(WatchWithEventsTest, ASlowReaderMissesSomeButNotTheLastAndDelaysNobody) {
  // Large, so that unread messages do not fit into the buffers of a connection that only this stream uses.
  v1::SandboxSpec spec;
  (*spec.mutable_env())["LARGE"] = std::string(100'000, 'x');
  const std::string id = MakeSandbox(spec).id();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  client::Client own(
      grpc::CreateCustomChannel(daemon_->addresses().front(), grpc::InsecureChannelCredentials(), arguments));
  const auto quick = WatchSandbox(id);
  quick->Next();
  std::swap(*client_, own);
  const auto slow = WatchSandbox(id);
  EXPECT_EQ(slow->Next().sequence(), 1);
  constexpr int kChanges = 60;
  for (int i = 0; i < kChanges; ++i) {
    const std::string state = i % 2 == 0 ? "stopped" : "started";
    control().ForceSandbox(id, {{"state", state}});
    EXPECT_EQ(quick->Next().sandbox().state_text(), state);
  }
  control().ForceSandbox(id, {{"state", "archived"}});
  EXPECT_EQ(quick->Next().sandbox().state(), v1::SANDBOX_STATE_ARCHIVED);
  int64_t sequence = 1;
  bool missed = false;
  const auto last = slow->NextThat([&](const v1::WatchSandboxResponse& message) {
    EXPECT_EQ(message.sequence(), ++sequence);
    missed = missed || message.maybe_missed();
    return message.sandbox().state() == v1::SANDBOX_STATE_ARCHIVED;
  });
  EXPECT_TRUE(missed);
  EXPECT_LT(last.sequence(), kChanges);
}

}  // namespace
}  // namespace daytonad::testing
