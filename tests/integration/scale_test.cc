// Many calls at once: all of them end, and the daemon stays small. The figures are printed.
#include <atomic>
#include <deque>
#include <filesystem>
#include <iostream>
#include <set>

#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Sandboxes = v1::DaytonaService::Stub;

constexpr long kMaxResidentKib = 100 * 1024;
constexpr int kMaxThreads = 40;

// Calls all made at once, from gRPC's threads.
template <typename Request, typename Response>
class ManyCalls {
 public:
  using Method = void (Sandboxes::async::*)(grpc::ClientContext*, const Request*, Response*,
                                            std::function<void(grpc::Status)>);

  struct One {
    grpc::ClientContext context;
    Request request;
    Response response;
    grpc::Status status;
  };

  void Begin(Sandboxes& stub, Method method, Request request) {
    One& one = calls_.emplace_back();
    one.request = std::move(request);
    one.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(150));
    (stub.async()->*method)(&one.context, &one.request, &one.response, [this, &one](grpc::Status status) {
      one.status = std::move(status);
      ++done_;
    });
  }

  int size() const { return static_cast<int>(calls_.size()); }
  int done() const { return done_; }
  bool all_done() const { return done() == size(); }
  // Once all_done().
  const std::deque<One>& calls() const { return calls_; }

 private:
  std::deque<One> calls_;
  std::atomic<int> done_ = 0;
};

class ScaleTest : public IntegrationTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    // Long enough that calls overlap on any machine.
    options.delays.create = milliseconds(500);
    options.delays.build = milliseconds(2000);
    return options;
  }
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    // Lets whoever runs the test count its descriptors.
    options.flags.emplace_back("--allow-core-dumps");
    return options;
  }

  struct Peak {
    int threads = 0;
    int descriptors = 0;
    int in_flight = 0;
  };

  // Samples the daemon until all calls have ended.
  template <typename Calls>
  Peak Watch(const Calls& calls) {
    Peak peak;
    EXPECT_TRUE(Eventually(
        [&] {
          peak.threads = std::max(peak.threads, daemon_->threads());
          peak.descriptors = std::max(peak.descriptors, Descriptors());
          peak.in_flight = std::max(peak.in_flight, calls.size() - calls.done());
          return calls.all_done();
        },
        std::chrono::seconds(160)));
    return peak;
  }

  int Descriptors() const {
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(daemon_->pid()) + "/fd");
    return static_cast<int>(std::distance(begin(files), end(files)));
  }

  void ExpectSmall(const std::string& what, const Peak& peak, steady_clock::time_point began) {
    const std::chrono::duration<double> took = steady_clock::now() - began;
    std::cout << what << ": " << took.count() << " s, peak resident " << daemon_->peak_resident_kib() / 1024
              << " MiB, threads " << peak.threads << ", descriptors " << peak.descriptors << ", calls in flight "
              << peak.in_flight << "\n";
    EXPECT_LT(daemon_->peak_resident_kib(), kMaxResidentKib);
    EXPECT_LT(peak.threads, kMaxThreads);
    // 250 connections for creates, as many for the rest, and a few.
    EXPECT_LT(peak.descriptors, 560);
  }
};

// Row three-pools: descriptors and connections are bounded as well.
TEST_F(ScaleTest, ThreePoolsForTwoThousandCreatesAtOnce) {
  constexpr int kCreates = 2000;
  const auto began = steady_clock::now();
  ManyCalls<v1::CreateSandboxRequest, v1::CreateSandboxResponse> creates;
  for (int i = 0; i < kCreates; ++i) {
    v1::CreateSandboxRequest request;
    request.mutable_spec()->set_name("sandbox-" + std::to_string(i));
    // Upstream withholds its answer for a snapshot's sandbox until that is up; a build is waited for by polling.
    if (i % 2 == 0) request.mutable_spec()->set_dockerfile("FROM debian:12\nRUN echo " + std::to_string(i % 20) + "\n");
    request.mutable_timeout()->set_seconds(0);
    creates.Begin(sandboxes(), &Sandboxes::async::CreateSandbox, std::move(request));
  }
  const Peak peak = Watch(creates);
  ASSERT_TRUE(creates.all_done()) << creates.done();
  std::set<std::string> ids;
  for (const auto& create : creates.calls()) {
    ASSERT_TRUE(create.status.ok()) << create.status.error_message();
    EXPECT_EQ(create.response.sandbox().name(), create.request.spec().name());
    EXPECT_EQ(create.response.sandbox().state(), v1::SANDBOX_STATE_STARTED);
    ids.insert(create.response.sandbox().id());
  }
  EXPECT_EQ(ids.size(), size_t{kCreates});
  ExpectSmall("2,000 concurrent CreateSandbox", peak, began);
}

// Row polling-storm: a sandbox with many waiters is polled as with one.
TEST_F(ScaleTest, PollingStormOfAThousandWaitersForOneSandbox) {
  constexpr int kWaiters = 1000;
  const std::string id = MakeSandbox().id();
  control().ResetRequests();
  const auto began = steady_clock::now();
  v1::WaitSandboxRequest request;
  request.set_sandbox(id);
  request.add_states(v1::SANDBOX_STATE_ARCHIVED);
  request.mutable_timeout()->set_seconds(0);
  ManyCalls<v1::WaitSandboxRequest, v1::WaitSandboxResponse> waits;
  for (int i = 0; i < kWaiters; ++i) waits.Begin(sandboxes(), &Sandboxes::async::WaitSandbox, request);
  ASSERT_TRUE(Eventually([&] { return control().CountRequests("GET", id) >= 10; }));
  EXPECT_EQ(waits.done(), 0);
  control().ForceSandbox(id, {{"state", "archived"}});
  const Peak peak = Watch(waits);
  ASSERT_TRUE(waits.all_done()) << waits.done();
  for (const auto& wait : waits.calls()) {
    ASSERT_TRUE(wait.status.ok()) << wait.status.error_message();
    EXPECT_EQ(wait.response.sandbox().state(), v1::SANDBOX_STATE_ARCHIVED);
  }
  ExpectSmall("1,000 concurrent WaitSandbox", peak, began);
  std::cout << "requests upstream: " << control().CountRequests("GET", id) << "\n";
}

}  // namespace
}  // namespace daytonad::testing
