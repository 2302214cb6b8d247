// Answers from memory: when they are given, how old they may be, and that they cost no request. What they must never
// show is in coherence_test.cc.
#include <atomic>
#include <future>

#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

// The daemon hears of no changes, and the cache lifetime is longer than any test.
class CacheTest : public SharedStateTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", "1h"}; }

  // Created behind the daemon's back.
  v1::Sandbox ForeignSandbox(const v1::SandboxSpec& spec = {}) {
    return AsSomebodyElse([&] { return MakeSandbox(spec); });
  }
  v1::Snapshot ForeignSnapshot(const std::string& name) {
    return AsSomebodyElse([&] { return MakeSnapshot(name); });
  }
  v1::Volume ForeignVolume(const std::string& name) {
    return AsSomebodyElse([&] { return MakeVolume(name); });
  }

  // A read of an unknown object is a miss; after it, reads by id and by name are hits, without requests.
  template <typename T, typename ReadIt>
  void ExpectMissThenHits(const T& made, const std::string& path, ReadIt read_it) {
    control().ResetRequests();
    const Read<T> first = read_it(made.id());
    EXPECT_EQ(first.outcome, "OK");
    EXPECT_EQ(first.source, "miss");
    EXPECT_GE(first.age, 0);
    const int asked = control().CountRequests("GET", path);
    EXPECT_EQ(asked, 1);
    double age = 0;
    for (const std::string& key : {made.id(), made.name(), made.id()}) {
      const Read<T> again = read_it(key);
      EXPECT_EQ(again.source, "hit") << key;
      EXPECT_GE(again.age, age) << "it is the same observation, and time goes on";
      age = again.age;
      EXPECT_EQ(again.object.SerializeAsString(), first.object.SerializeAsString());
    }
    EXPECT_EQ(control().CountRequests("GET", path), asked);
  }
};

TEST_F(CacheTest, ASandboxThatWasReadIsAHitByIdAndByName) {
  v1::SandboxSpec spec;
  spec.set_name("box");
  ExpectMissThenHits(ForeignSandbox(spec), "/sandbox/", [this](const std::string& key) { return ReadSandbox(key); });
}

TEST_F(CacheTest, ASnapshotThatWasReadIsAHitByIdAndByName) {
  ExpectMissThenHits(ForeignSnapshot("snap"), "/snapshots/",
                     [this](const std::string& key) { return ReadSnapshot(key); });
}

TEST_F(CacheTest, AVolumeThatWasReadIsAHitByIdAndByName) {
  ExpectMissThenHits(ForeignVolume("vol"), "/volumes/", [this](const std::string& key) { return ReadVolume(key); });
}

TEST_F(CacheTest, AReadByNameMakesAHitById) {
  const v1::Sandbox sandbox = ForeignSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  EXPECT_EQ(ReadSandbox("box").source, "miss");
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
  const v1::Volume volume = ForeignVolume("vol");
  EXPECT_EQ(ReadVolume("vol").source, "miss");
  EXPECT_EQ(ReadVolume(volume.id()).source, "hit");
}

TEST_F(CacheTest, ObjectsCreatedHereAreKnownAtOnce) {
  const v1::Sandbox sandbox = MakeSandbox();
  const v1::Snapshot snapshot = MakeSnapshot("snap");
  const v1::Volume volume = MakeVolume("vol");
  control().ResetRequests();
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
  EXPECT_EQ(ReadSandbox(sandbox.name()).object.state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(ReadSnapshot(snapshot.id()).source, "hit");
  EXPECT_EQ(ReadSnapshot("snap").object.state(), v1::SNAPSHOT_STATE_ACTIVE);
  EXPECT_EQ(ReadVolume(volume.id()).source, "hit");
  EXPECT_EQ(ReadVolume("vol").object.state(), v1::VOLUME_STATE_READY);
  EXPECT_EQ(control().Requests().size(), 0U);
}

TEST_F(CacheTest, FindSandboxIsAHitByIdOrNameButAsksUpstreamByLabels) {
  const v1::Sandbox sandbox = MakeSandbox(Parse<v1::SandboxSpec>(R"(labels { key: "of" value: "this" })"));
  const auto find = [this](const std::string& request) {
    return ReadObject(sandboxes(), &Stub::FindSandbox, Parse<v1::FindSandboxRequest>(request),
                      &v1::FindSandboxResponse::sandbox);
  };
  EXPECT_EQ(find("sandbox: '" + sandbox.id() + "'").source, "hit");
  EXPECT_EQ(find("sandbox: '" + sandbox.name() + "'").source, "hit");
  for (int i = 0; i < 2; ++i) {
    control().ResetRequests();
    const Read<v1::Sandbox> found = find("labels { key: 'of' value: 'this' }");
    EXPECT_EQ(found.object.id(), sandbox.id());
    EXPECT_EQ(found.source, "bypass");
    EXPECT_EQ(SandboxReads(), 2);  // the list, and the sandbox found in it
  }
}

TEST_F(CacheTest, ListsAlwaysAskUpstream) {
  MakeSandbox();
  MakeSnapshot("snap");
  MakeVolume("vol");
  const auto expect_asking = [this](auto& stub, auto method, const auto& request, const std::string& path) {
    for (int i = 0; i < 2; ++i) {
      control().ResetRequests();
      grpc::ClientContext context;
      EXPECT_EQ(Outcome(client::Call(stub, method, request, context).error), "OK");
      std::string source;
      double age = -1;
      ReadCacheEntry(context, source, age);
      EXPECT_EQ(source, "bypass") << path;
      EXPECT_EQ(control().CountRequests("GET", path), 1) << path;
    }
  };
  expect_asking(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>(kUpToAnHour), "/sandbox");
  expect_asking(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>("page: 1"), "/sandbox");
  expect_asking(snapshots(), &Snapshots::ListSnapshots, Parse<v1::ListSnapshotsRequest>(kUpToAnHour), "/snapshots");
  expect_asking(volumes(), &Volumes::ListVolumes, Parse<v1::ListVolumesRequest>(kUpToAnHour), "/volumes");
}

TEST_F(CacheTest, AListItemDoesNotAnswerARead) {
  const v1::Sandbox sandbox = ForeignSandbox(Parse<v1::SandboxSpec>(R"(name: "box" env { key: "A" value: "b" })"));
  EXPECT_EQ(Call(sandboxes(), &Stub::ListSandboxes, {}).value.sandboxes_size(), 1);
  EXPECT_EQ(ReadSandbox("box").source, "miss");
  EXPECT_EQ(Call(sandboxes(), &Stub::ListSandboxes, {}).value.sandboxes_size(), 1);
  const Read<v1::Sandbox> known = ReadSandbox("box");
  EXPECT_EQ(known.source, "hit");
  EXPECT_EQ(known.object.view(), v1::VIEW_FULL);
  EXPECT_EQ(known.object.env().at("A"), "b") << "a list item has no environment";
}

TEST_F(CacheTest, MaxAgeZeroAsksUpstreamAndSeesWhatOthersDid) {
  const v1::Sandbox sandbox = MakeSandbox();
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  control().ResetRequests();
  EXPECT_EQ(ReadSandbox(sandbox.id()).object.state(), v1::SANDBOX_STATE_STARTED) << "within the lifetime of an hour";
  EXPECT_EQ(SandboxReads(), 0);
  const Read<v1::Sandbox> asked = ReadSandbox(sandbox.id(), kAskUpstream);
  EXPECT_EQ(asked.source, "bypass");
  EXPECT_EQ(asked.object.state(), v1::SANDBOX_STATE_STOPPED);
  EXPECT_EQ(SandboxReads(), 1);
  const Read<v1::Sandbox> known = ReadSandbox(sandbox.name());
  EXPECT_EQ(known.source, "hit");
  EXPECT_EQ(known.object.state(), v1::SANDBOX_STATE_STOPPED) << "what one call learns, all know";
}

TEST_F(CacheTest, MaxAgeBoundsTheAge) {
  const v1::Sandbox sandbox = MakeSandbox();
  EXPECT_EQ(ReadSandbox(sandbox.id(), kUpToAnHour).source, "hit");
  EXPECT_EQ(ReadSandbox(sandbox.id(), "max_age { nanos: 1 }").source, "miss");
  EXPECT_EQ(ReadSandbox(sandbox.id(), "max_age { seconds: 315576000000 }").source, "hit");
}

TEST_F(CacheTest, AnInvalidMaxAgeIsAnErrorEvenWhereAHitIsPossible) {
  const v1::Sandbox sandbox = MakeSandbox();
  ASSERT_EQ(ReadSandbox(sandbox.id(), "max_age { seconds: 3600 }").source, "hit");
  control().ResetRequests();
  for (const char* age : {"max_age { seconds: -1 }", "max_age { nanos: -1 }", "max_age { nanos: 1000000000 }",
                          "max_age { seconds: 3600 nanos: -1 }", "max_age { seconds: 3600 nanos: 2000000000 }"}) {
    EXPECT_EQ(ReadSandbox(sandbox.id(), age).outcome, "INVALID_ARGUMENT INVALID_REQUEST");
    EXPECT_EQ(ReadSnapshot("snap", age).outcome, "INVALID_ARGUMENT INVALID_REQUEST");
    EXPECT_EQ(ReadVolume("vol", age).outcome, "INVALID_ARGUMENT INVALID_REQUEST");
  }
  EXPECT_EQ(control().Requests().size(), 0U);
}

TEST_F(CacheTest, NotFoundIsNeverRemembered) {
  for (int i = 0; i < 2; ++i) {
    control().ResetRequests();
    EXPECT_EQ(ReadSandbox("box").outcome, "NOT_FOUND SANDBOX_NOT_FOUND");
    EXPECT_EQ(ReadSnapshot("snap").outcome, "NOT_FOUND SNAPSHOT_NOT_FOUND");
    EXPECT_EQ(ReadVolume("vol").outcome, "NOT_FOUND VOLUME_NOT_FOUND");
    EXPECT_EQ(control().Requests().size(), 3U);
  }
  ForeignSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  ForeignSnapshot("snap");
  ForeignVolume("vol");
  EXPECT_EQ(ReadSandbox("box").outcome, "OK");
  EXPECT_EQ(ReadSnapshot("snap").outcome, "OK");
  EXPECT_EQ(ReadVolume("vol").outcome, "OK");
}

TEST_F(CacheTest, ConcurrentReadsOfOneObjectAreOneRequest) {
  const v1::Sandbox sandbox = ForeignSandbox();
  control().ResetRequests();
  std::vector<std::future<Read<v1::Sandbox>>> readers;
  readers.push_back(BeginHeld("GET", "/sandbox/" + sandbox.id(), [&] { return ReadSandbox(sandbox.id()); }));
  constexpr int kMore = 16;
  std::atomic<int> begun = 0;
  for (int i = 0; i < kMore; ++i) {
    readers.push_back(std::async(std::launch::async, [&, i] {
      ++begun;
      return ReadSandbox(sandbox.id(), i % 2 == 0 ? "" : kAskUpstream);
    }));
  }
  // Their arrival at the daemon is not observable; but these calls come after most of them.
  ASSERT_TRUE(Eventually([&] { return begun == kMore; }));
  for (int i = 0; i < 20; ++i) ReadVolume("none");
  EXPECT_EQ(SandboxReads(), 1);
  Release();
  EXPECT_EQ(readers.front().get().source, "miss");
  int joined = 0;
  for (size_t i = 1; i < readers.size(); ++i) {
    const Read<v1::Sandbox> read = readers[i].get();
    EXPECT_EQ(read.object.id(), sandbox.id());
    if (read.source != "coalesced") continue;
    ++joined;
    EXPECT_GT(read.age, 0) << "counts from when the request was sent";
  }
  EXPECT_GE(joined, kMore / 2);
}

TEST_F(CacheTest, ARepeatedReadIsRevalidatedByItsEtag) {
  const v1::Sandbox sandbox = ForeignSandbox();
  control().ResetRequests();
  const Read<v1::Sandbox> first = ReadSandbox(sandbox.id(), kAskUpstream);
  const Read<v1::Sandbox> second = ReadSandbox(sandbox.id(), kAskUpstream);
  EXPECT_EQ(second.source, "bypass");
  EXPECT_EQ(second.object.SerializeAsString(), first.object.SerializeAsString());
  const nlohmann::json requests = control().Requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0]["status"], 200);
  EXPECT_EQ(requests[1]["status"], 304);
  control().ForceSandbox(sandbox.id(), {{"state", "stopped"}});
  EXPECT_EQ(ReadSandbox(sandbox.id(), kAskUpstream).object.state(), v1::SANDBOX_STATE_STOPPED);
}

class ReadOnlyListenerTest : public CacheTest {
 protected:
  std::vector<std::string> flags() override {
    std::vector<std::string> flags = CacheTest::flags();
    flags.insert(flags.end(), {"--listen-read-only", "127.0.0.1:0"});
    return flags;
  }
};

TEST_F(ReadOnlyListenerTest, ReadOnlyCallersGetHitsToo) {
  const v1::Sandbox sandbox = MakeSandbox();
  const v1::Volume volume = MakeVolume("vol");
  control().ResetRequests();
  client::Client reader = *client::Client::Connect(daemon_->addresses().at(1));
  std::swap(*client_, reader);
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
  EXPECT_EQ(ReadVolume("vol").source, "hit");
  EXPECT_EQ(control().Requests().size(), 0U);
  EXPECT_THAT(ReadVolume("vol", "create_if_missing: true").outcome, ::testing::StartsWith("PERMISSION_DENIED"))
      << "even if it would have been in memory";
}

class NoLifetimeTest : public CacheTest {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", "0"}; }
};

TEST_F(NoLifetimeTest, OnlyReadsThatAllowAnAgeAreAnsweredFromMemory) {
  const v1::Sandbox sandbox = MakeSandbox();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ReadSandbox(sandbox.id()).source, "miss");
  EXPECT_EQ(ReadSandbox(sandbox.id(), kUpToAnHour).source, "hit");
}

class NoCacheTest : public CacheTest {
 protected:
  std::vector<std::string> flags() override {
    return {"--events", "off", "--cache-lifetime", "1h", "--cache-size", "0"};
  }
};

TEST_F(NoCacheTest, NothingIsAnsweredFromMemory) {
  const v1::Sandbox sandbox = MakeSandbox();
  const v1::Volume volume = MakeVolume("vol");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ReadSandbox(sandbox.id(), kUpToAnHour).source, "miss");
    EXPECT_EQ(ReadVolume("vol", kUpToAnHour).source, "miss");
  }
  // Waiting works without a cache.
  EXPECT_EQ(Outcome(Stop(sandbox.id()).error), "OK");
  EXPECT_EQ(ReadSandbox(sandbox.id()).object.state(), v1::SANDBOX_STATE_STOPPED);
}

// Without events nothing is answered from memory; with them, for longer than any test takes.
class CacheWithEventsTest : public CacheTest {
 protected:
  std::vector<std::string> flags() override { return {"--cache-lifetime", "0", "--cache-lifetime-with-events", "1h"}; }
  void SetUp() override {
    CacheTest::SetUp();
    AwaitEvents();
  }
};

TEST_F(CacheWithEventsTest, ChangesByOthersAreHitsAtOnceWithoutARequest) {
  const v1::Sandbox sandbox = ForeignSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  ReadSandbox("box");
  control().ResetRequests();
  control().ForceSandbox("box", {{"state", "stopped"}});
  EXPECT_TRUE(Eventually([&] { return ReadSandbox("box").object.state() == v1::SANDBOX_STATE_STOPPED; }));
  control().ForceSandbox("box", {{"state", "started"}});
  EXPECT_TRUE(Eventually([&] { return ReadSandbox(sandbox.id()).object.state() == v1::SANDBOX_STATE_STARTED; }));
  EXPECT_EQ(ReadSandbox("box").source, "hit");
  EXPECT_EQ(SandboxReads(), 0);
}

TEST_F(CacheWithEventsTest, TheLifetimeIsTheShortOneWhileEventsAreDown) {
  const v1::Sandbox sandbox = MakeSandbox();
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
  control().SetEvents({{"refuse", "http-503"}, {"cut", true}});
  AwaitLog("events of Daytona do not arrive");
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "miss");
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "miss");
  // Changes made before events resumed may have been missed.
  control().SetEvents({{"refuse", nullptr}});
  AwaitEvents(2);
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "miss");
  EXPECT_EQ(ReadSandbox(sandbox.id()).source, "hit");
}

}  // namespace
}  // namespace daytonad::testing
