#ifndef DAYTONAD_TESTS_FAULTS_FAULT_FIXTURE_H_
#define DAYTONAD_TESTS_FAULTS_FAULT_FIXTURE_H_

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "tests/faults/fault_proxy.h"
#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {

// A daemon that reaches the emulator through the proxy, build logs included; control() bypasses it. It polls, and
// answers nothing from memory.
class FaultTest : public SharedStateTest {
 protected:
  using Action = Fault::Action;

  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.build_log_url_base = proxy_.origin();
    return options;
  }
  ProcessOptions daemon_options() override {
    proxy_.ForwardTo(emulator_->port());
    return DaemonFor(proxy_.origin() + "/api");
  }

  // Ends the emulator with everything it holds, and starts another at the same port.
  void RestartEmulator() {
    emulator::EmulatorOptions options = emulator_options();
    options.port = emulator_->port();
    emulator_->Stop();
    ASSERT_TRUE(Eventually([&] {
      emulator_ = std::make_unique<emulator::Emulator>(options);
      return emulator_->Start().ok();
    }));
  }

  // The number of sandboxes with this name upstream.
  int CountSandboxes(const std::string& name) {
    const auto listed = Call(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>("max_age {}"));
    EXPECT_EQ(Outcome(listed.error), "OK");
    const auto has_name = [&](const v1::Sandbox& sandbox) { return sandbox.name() == name; };
    return static_cast<int>(std::ranges::count_if(listed.value.sandboxes(), has_name));
  }

  FaultProxy proxy_;
};

// Sandboxes stay in transitional states until the test says otherwise.
class SlowFaultTest : public FaultTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = FaultTest::emulator_options();
    options.hold_limit = std::chrono::milliseconds(1);
    options.delays.create = options.delays.start = options.delays.stop = std::chrono::hours(1);
    return options;
  }

  std::string BeginSandbox(const std::string& name) {
    const auto created = Create("spec { name: '" + name + "' } wait: false");
    EXPECT_EQ(Outcome(created.error), "OK");
    return created.value.sandbox().id();
  }
  // Waits until it is started, without its own time limit. Returns the state or the error.
  std::future<std::string> BeginWait(const std::string& id, const std::string& timeout = "timeout {}") {
    return std::async(std::launch::async, [this, id, timeout] {
      const auto waited = Wait(id, "states: SANDBOX_STATE_STARTED " + timeout);
      return waited.ok() ? waited.value.sandbox().state_text() : Outcome(waited.error);
    });
  }
};

// The event connection, by its first line.
inline constexpr char kEvents[] = "/socket.io/";

// A daemon with the defaults: it receives events, and answers from memory. Tests begin when events arrive.
class EventFaultTest : public SlowFaultTest {
 protected:
  ProcessOptions daemon_options() override {
    proxy_.ForwardTo(emulator_->port());
    ProcessOptions options = PlainDaemonFor(proxy_.origin() + "/api");
    const std::vector<std::string> more = flags();
    options.flags.insert(options.flags.end(), more.begin(), more.end());
    return options;
  }
  void SetUp() override {
    SlowFaultTest::SetUp();
    AwaitEvents();
  }

  // Until Heal() there is no event connection. Returns when the daemon has noticed.
  void BreakEvents() {
    proxy_.Add({.action = Action::kCut, .way = Way::kToServer, .opening = kEvents, .times = -1});
    proxy_.CutNow(kEvents);
    AwaitLog("events of Daytona do not arrive");
  }
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_FAULTS_FAULT_FIXTURE_H_
