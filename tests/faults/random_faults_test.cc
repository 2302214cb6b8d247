// Random faults in random order: no state goes backwards, and nobody misses the last one.
#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/fault_fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;

constexpr int kSandboxes = 6;  // more than are polled individually
constexpr int kSteps = 120;

// States are numbers here, so that older and newer ones can be distinguished. The initial state is 0.
int NumberOf(const v1::Sandbox& sandbox) {
  return sandbox.state_text().starts_with("state-") ? std::stoi(sandbox.state_text().substr(6)) : 0;
}

// Reads a WatchSandbox stream on its own thread.
class Watcher {
 public:
  Watcher(v1::DaytonaService::Stub& stub, const std::string& id)
      : thread_([this, &stub, id] {
          v1::WatchSandboxRequest request;
          request.set_sandbox(id);
          client::Stream(stub, &v1::DaytonaService::Stub::WatchSandbox, request, context_,
                         [this](const v1::WatchSandboxResponse& message) { Take(message); });
        }) {}
  ~Watcher() {
    context_.TryCancel();
    thread_.join();
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // The last state received; -1: none yet.
  int number() {
    const std::lock_guard lock(mutex_);
    return number_;
  }

 private:
  void Take(const v1::WatchSandboxResponse& message) {
    const std::lock_guard lock(mutex_);
    const int number = NumberOf(message.sandbox());
    EXPECT_GE(number, number_) << "it went backwards";
    EXPECT_EQ(message.sequence(), ++messages_);
    number_ = number;
  }

  std::mutex mutex_;
  int number_ = -1;
  std::int64_t messages_ = 0;
  grpc::ClientContext context_;
  std::thread thread_;
};

class RandomFaultsTest : public EventFaultTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  // Upstream's modification times are in milliseconds: two changes of a sandbox within one millisecond cannot be
  // ordered.
  static void AwaitNextMillisecond() {
    const auto now = [] {
      return std::chrono::floor<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    };
    const milliseconds begun = now();
    while (now() == begun) std::this_thread::yield();
  }

  void BreakSomething(int what) {
    switch (what) {
      case 0:
        return proxy_.CutNow(kEvents);
      case 1:
        return proxy_.CutNow();
      case 2:
        return proxy_.EndNow();
      case 3:
        return proxy_.StallNow();
      case 4:
        return proxy_.StallNow(kEvents);
      case 5:
        return proxy_.Add({.action = Action::kSlow, .piece = 50, .delay = milliseconds(1)});
      case 6:
        return proxy_.Add(
            {.action = Action::kReplace, .opening = kEvents, .find = "state.updated\",", .with = "state.updated\";"});
      case 7:
        return proxy_.Add({.action = Action::kCut, .after = 500});
      case 8:
        return proxy_.RefuseConnections(true);
      case 9:
        return control().SetEvents({{"drop", 1}});
      case 10:
        return control().SetEvents({{"duplicate", true}, {"delay_ms", 20}});
      default:
        proxy_.RefuseConnections(false);
        return proxy_.Heal();
    }
  }
};

TEST_P(RandomFaultsTest, NothingGoesBackwardsAndTheLastStateIsSeen) {
  std::mt19937 random(GetParam());
  const auto below = [&random](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  std::vector<std::string> ids;
  std::deque<Watcher> watchers;
  for (int i = 0; i < kSandboxes; ++i) {
    ids.push_back(BeginSandbox("box-" + std::to_string(i)));
    watchers.emplace_back(sandboxes(), ids.back());
  }
  ASSERT_TRUE(
      Eventually([&] { return std::ranges::none_of(watchers, [](Watcher& each) { return each.number() < 0; }); }));

  std::map<int, int> forced;  // by sandbox
  std::map<int, int> read;
  for (int step = 1; step <= kSteps; ++step) {
    const int changed = below(kSandboxes);
    AwaitNextMillisecond();
    control().ForceSandbox(ids[static_cast<size_t>(changed)], {{"state", "state-" + std::to_string(step)}});
    forced[changed] = step;
    if (step % 3 == 0) BreakSomething(below(16));

    const int looked_at = below(kSandboxes);
    v1::GetSandboxRequest request;
    request.set_sandbox(ids[static_cast<size_t>(looked_at)]);
    if (below(2) == 0) request.mutable_max_age();
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + milliseconds(200));
    const auto got = client::Call(sandboxes(), &Stub::GetSandbox, request, context);
    if (!got.ok()) continue;
    std::string source;
    double age = 0;
    ReadCacheEntry(context, source, age);
    // A delayed read, or one shared with it, may return an older state than one read meanwhile.
    const int number = NumberOf(got.value.sandbox());
    EXPECT_TRUE(source != "hit" || number >= read[looked_at]) << "memory went backwards in step " << step;
    read[looked_at] = std::max(read[looked_at], number);
  }
  proxy_.RefuseConnections(false);
  proxy_.Heal();
  for (int i = 0; i < kSandboxes; ++i) {
    EXPECT_TRUE(Eventually([&] { return watchers[static_cast<size_t>(i)].number() == forced[i]; }))
        << "the last was " << forced[i] << ", told was " << watchers[static_cast<size_t>(i)].number();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFaultsTest, ::testing::Range(1U, 7U));

}  // namespace
}  // namespace daytonad::testing
