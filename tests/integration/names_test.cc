// Calls by name, on an upstream that forgets a name for a while after a deletion by it: objects known by name are
// requested by id. The cache lifetime is an hour or zero, or the cache is off.
#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

constexpr char kNotFound[] = "NOT_FOUND SANDBOX_NOT_FOUND";

class NamesTest : public SharedStateTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.name_lag = std::chrono::hours(1);
    return options;
  }
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", "1h"}; }

  v1::Sandbox MakeNamed(const std::string& name) {
    v1::SandboxSpec spec;
    spec.set_name(name);
    return MakeSandbox(spec);
  }
  // As if somebody had deleted a sandbox by this name, and another one had taken it since.
  void Forget(const std::string& name) {
    control().AddFault({{"path_regex", "/sandbox/" + name + "(/[a-z]+)?$"}},
                       {{"status", 404},
                        {"body",
                         {{"path", "/api/sandbox/" + name},
                          {"timestamp", "2026-11-28T14:15:36.738Z"},
                          {"statusCode", 404},
                          {"error", "Not Found"},
                          {"message", "Sandbox with ID or name " + name + " not found"}}}});
  }
  Read<v1::Sandbox> Find(const std::string& name) {
    v1::FindSandboxRequest request;
    request.set_sandbox(name);
    return ReadObject(sandboxes(), &Stub::FindSandbox, request, &v1::FindSandboxResponse::sandbox);
  }
};

class NamesWithLifetimeTest : public NamesTest, public ::testing::WithParamInterface<const char*> {
 protected:
  std::vector<std::string> flags() override { return {"--events", "off", "--cache-lifetime", GetParam()}; }
};

INSTANTIATE_TEST_SUITE_P(, NamesWithLifetimeTest, ::testing::Values("1h", "0"),
                         [](const auto& info) { return std::string(info.index == 0 ? "AnHour" : "None"); });

// Row redeploy-same-name.
TEST_P(NamesWithLifetimeTest, RedeploySameName) {
  for (int i = 0; i < 3; ++i) {
    const v1::Sandbox sandbox = MakeNamed("box");
    EXPECT_EQ(ReadSandbox("box", kAskUpstream).object.id(), sandbox.id());
    EXPECT_EQ(Find("box").object.id(), sandbox.id());
    EXPECT_EQ(Outcome(Stop("box").error), "OK");
    EXPECT_EQ(Outcome(Start("box").error), "OK");
    EXPECT_EQ(Outcome(Wait("box", "states: SANDBOX_STATE_STARTED").error), "OK");
    EXPECT_EQ(WatchSandbox("box")->Next().sandbox().id(), sandbox.id());
    EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  }
  EXPECT_EQ(control().CountRequests("DELETE", "/sandbox/box"), 0) << "deletes go by id";
}

TEST_P(NamesWithLifetimeTest, ANameThatUpstreamHasForgottenIsKnownHere) {
  const v1::Sandbox sandbox = MakeNamed("box");
  Forget("box");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ReadSandbox("box", kAskUpstream).object.id(), sandbox.id());
    EXPECT_EQ(ReadSandbox("box").object.id(), sandbox.id());
    EXPECT_EQ(Find("box").object.id(), sandbox.id());
    EXPECT_EQ(Outcome(Stop("box").error), "OK");
    EXPECT_EQ(Outcome(Start("box").error), "OK");
    EXPECT_EQ(WatchSandbox("box")->Next().sandbox().id(), sandbox.id());
  }
  EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  EXPECT_EQ(ReadSandbox("box").outcome, kNotFound);
}

TEST_F(NamesTest, AnUnknownNameIsDeletedByIdToo) {
  const v1::Sandbox sandbox = AsSomebodyElse([&] { return MakeNamed("box"); });
  EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
  EXPECT_EQ(control().CountRequests("DELETE", "/sandbox/" + sandbox.id()), 1);
  EXPECT_EQ(Outcome(Delete("box").error), kNotFound);
}

TEST_P(NamesWithLifetimeTest, AReusedNameIsNotTakenForItsOldOwner) {
  const auto redeploy = [this] {
    return AsSomebodyElse([&] {
      EXPECT_EQ(Outcome(Delete("box", "wait: true").error), "OK");
      return MakeNamed("box").id();
    });
  };
  MakeNamed("box");
  std::string id = redeploy();
  EXPECT_EQ(ReadSandbox("box", kAskUpstream).object.id(), id);
  id = redeploy();
  EXPECT_EQ(Stop("box").value.sandbox().id(), id);
  id = redeploy();
  EXPECT_EQ(Delete("box", "wait: true").value.sandbox().id(), id);
  EXPECT_EQ(ReadSandbox("box").outcome, kNotFound);
}

TEST_P(NamesWithLifetimeTest, ANameMayBeTheIdOfAnother) {
  const v1::Sandbox first = MakeNamed("first");
  const v1::Sandbox second = MakeNamed(first.id());
  EXPECT_EQ(ReadSandbox(second.id()).object.id(), second.id());
  for (const char* age : {"", kAskUpstream}) {
    EXPECT_EQ(ReadSandbox(first.id(), age).object.id(), first.id());
    EXPECT_EQ(ReadSandbox("first", age).object.id(), first.id());
    EXPECT_EQ(ReadSandbox(second.id(), age).object.id(), second.id());
  }
  EXPECT_EQ(Stop(first.id()).value.sandbox().id(), first.id());
  EXPECT_EQ(ReadSandbox(second.id()).object.state(), v1::SANDBOX_STATE_STARTED);
  EXPECT_EQ(Outcome(Delete(first.id(), "wait: true").error), "OK");
  EXPECT_EQ(ReadSandbox(second.id(), kAskUpstream).outcome, "OK");
}

TEST_F(NamesTest, AVolumeMayHaveTheIdOfAnotherOneAsItsName) {
  const v1::Volume first = MakeVolume("first");
  const v1::Volume second = MakeVolume(first.id());
  EXPECT_EQ(ReadVolume(second.id()).object.id(), second.id());
  EXPECT_EQ(ReadVolume(first.id()).object.id(), first.id());
  EXPECT_EQ(ReadVolume("first").object.id(), first.id());
}

}  // namespace
}  // namespace daytonad::testing
