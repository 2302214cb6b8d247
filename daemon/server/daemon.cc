#include "daemon/server/daemon.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/server/reflection.h"

namespace daytonad {
namespace {

using std::chrono::seconds;

// After the drain: the time for cancelled calls to end, and for idle connections and health watchers to close.
constexpr auto kTimeToEnd = seconds(2);
constexpr auto kTimeToClose = std::chrono::milliseconds(500);
// Clients get a GOAWAY when no call has arrived for kQuiet, and after kLongestUnrest in any case.
constexpr auto kQuiet = std::chrono::milliseconds(100);
constexpr auto kLongestUnrest = seconds(1);

CallGate::Limits GateLimits(const DaemonOptions& options) {
  CallGate::Limits limits;
  limits.calls = options.max_calls;
  return limits;
}

}  // namespace

Daemon::Daemon(DaemonOptions options, EventLoop& loop, Clock& clock, UpstreamPing ping, ServiceCatalog services)
    : options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      services_(std::move(services)),
      gate_(GateLimits(options_)),
      runtime_{.executor = loop.executor(),
               .clock = clock,
               .calls = calls_,
               .gate = gate_,
               .answers = answers_,
               .records = access_log_,
               .max_wait = options_.max_wait,
               .max_queue_wait = options_.max_queue_wait,
               .max_stall = options_.max_stall,
               .max_request_bytes = options_.max_request_bytes},
      health_(services_.names),
      probe_(std::move(ping), clock, options_.probe, [this](bool answers) { health_.SetUpstream(answers); }) {}

Daemon::~Daemon() {
  if (!running_) return;
  RequestStop("destruction");
  WaitUntilStopped();
}

absl::Status Daemon::Start() {
  // First: once a listener or the address file exists, a signal may arrive.
  if (options_.stop_on_signals) CatchSignals();
  absl::Status status = OpenListeners();
  if (status.ok()) status = WriteAddressFile();
  if (!status.ok()) {
    listeners_.clear();
    return status;
  }
  loop_watchdog_ = std::make_unique<LoopWatchdog>(loop_, options_.loop_watchdog,
                                                  [this](bool running) { health_.SetLoopRunning(running); });
  running_ = true;
  GuardListeners();
  loop_.Spawn(RunProbe());
  if (signals_ != nullptr) loop_.Post([this] { signals_->Start(); });
  return absl::OkStatus();
}

absl::Status Daemon::OpenListeners() {
  Health::EnableForNewServers();
  quota_.Resize(options_.max_memory);
  for (ListenerOptions options : options_.listeners) {
    options.quota = &quota_;
    const Caller caller{.listener = options.address.text, .read_only = options.read_only};
    absl::StatusOr<ServiceCatalog::Services> services = services_.make(runtime_, caller);
    if (!services.ok()) return services.status();
    for (auto& service : MakeReflectionServices(services_.names)) services->push_back(std::move(service));
    absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Start(options, *std::move(services));
    if (!listener.ok()) return listener.status();
    health_.Attach((*listener)->server());
    Log(LogLevel::kInfo, "listening",
        {{"address", (*listener)->bound_address()}, {"access", options.read_only ? "read-only" : "full"}});
    listeners_.push_back(*std::move(listener));
  }
  return absl::OkStatus();
}

absl::Status Daemon::WriteAddressFile() const {
  if (options_.address_file.empty()) return absl::OkStatus();
  // Renamed at the end, so that a process that waits for the file never reads a part of it.
  const std::string unfinished = absl::StrCat(options_.address_file, ".tmp");
  std::ofstream file(unfinished, std::ios::trunc);
  for (const std::string& address : addresses()) file << address << '\n';
  file.close();
  if (file.fail() || std::rename(unfinished.c_str(), options_.address_file.c_str()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write the address file ", options_.address_file, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

void Daemon::GuardListeners() {
  std::vector<ConnectionTable*> connections;
  std::vector<OwnAddress> addresses;
  for (const auto& listener : listeners_) {
    connections.push_back(&listener->connections());
    addresses.insert(addresses.end(), listener->own_addresses().begin(), listener->own_addresses().end());
  }
  memory_watchdog_ = std::make_unique<MemoryWatchdog>(options_.max_memory, gate_, std::move(connections));
  listener_probe_ =
      std::make_unique<ListenerProbe>(ListenerProbe::Options(), std::move(addresses), [](const std::string& listener) {
        Log(LogLevel::kError, "a listener no longer accepts connections, the process ends", {{"listener", listener}});
        FlushLog();
        std::_Exit(1);
      });
}

std::vector<std::string> Daemon::addresses() const {
  std::vector<std::string> addresses;
  addresses.reserve(listeners_.size());
  for (const auto& listener : listeners_) addresses.push_back(listener->bound_address());
  return addresses;
}

Task<void> Daemon::RunProbe() {
  co_await probe_.Run(CallContext::Background("upstream probe").WithStopToken(probe_stop_.get_token()));
  probe_ended_.Fire();
}

void Daemon::CatchSignals() {
  signals_ = std::make_unique<StopSignals>(loop_.executor(), [this](std::string_view name) {
    if (draining_) {
      Log(LogLevel::kWarning, "ended at once by a second signal", {{"signal", name}});
      FlushLog();
      std::_Exit(1);
    }
    RequestStop(name);
  });
}

void Daemon::RequestStop(std::string_view why) {
  loop_.Post([this, why = std::string(why)] {
    if (!std::exchange(draining_, true)) loop_.Spawn(Drain(why));
  });
}

Task<void> Daemon::Drain(std::string why) {
  Log(LogLevel::kInfo, "stopping", {{"why", why}, {"calls", absl::StrCat(calls_.size())}});
  listener_probe_->Stop();
  health_.BeginShutdown();
  for (const auto& listener : listeners_) listener->StopAccepting();
  calls_.BeginDrain();
  const CallContext context = CallContext::Background("drain");
  const CallContext drain = context.WithDeadline(clock_.Now() + options_.drain_timeout);
  absl::Status idle = co_await calls_.WaitUntilIdle(clock_, drain);
  if (!idle.ok()) {
    Log(LogLevel::kWarning, "calls that took too long are cancelled", {{"calls", absl::StrCat(calls_.size())}});
    calls_.ShutDownAll();
    idle = co_await calls_.WaitUntilIdle(clock_, context.WithDeadline(clock_.Now() + kTimeToEnd));
  }
  if (services_.settle) {
    absl::Status settled = co_await services_.settle(drain);
    if (!settled.ok()) Log(LogLevel::kWarning, "mutations were sent and not answered in time");
  }
  co_await BecomeQuiet();
  probe_stop_.request_stop();
  idle = co_await probe_ended_.Wait(clock_, context.WithDeadline(clock_.Now() + kTimeToEnd));
  if (signals_ != nullptr) signals_->Forget();
  drained_.set_value();
}

// gRPC cancels calls that arrive between its GOAWAY and the client's reading of it, without a reason. So the GOAWAY is
// sent when no client is about to call: answers to rejected calls are withheld, so that their clients do not call again
// meanwhile.
Task<void> Daemon::BecomeQuiet() {
  calls_.WithholdRefusals();
  const CallContext context = CallContext::Background("end of the drain").WithDeadline(clock_.Now() + kLongestUnrest);
  size_t refused = 0;
  absl::Status slept;
  do {
    refused = calls_.refused();
    slept = co_await clock_.Sleep(context, kQuiet);
  } while (slept.ok() && calls_.refused() != refused);
}

void Daemon::WaitUntilStopped() {
  if (!running_) return;
  drained_.get_future().wait();
  // GOAWAY first, then the withheld answers: a client that retries must already know that this connection closes.
  for (const auto& listener : listeners_) listener->SendGoAway();
  loop_.Post([this] { calls_.TellRefusals(); });
  // Health watchers and reflection streams never end by themselves.
  const auto deadline = std::chrono::system_clock::now() + kTimeToClose;
  for (const auto& listener : listeners_) listener->ShutDown(deadline);
  running_ = false;
  Log(LogLevel::kInfo, "stopped");
}

}  // namespace daytonad
