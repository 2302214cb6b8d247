#ifndef DAYTONAD_DAEMON_SERVER_DAEMON_H_
#define DAYTONAD_DAEMON_SERVER_DAEMON_H_

#include <grpcpp/impl/service_type.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"
#include "daemon/net/event_loop.h"
#include "daemon/server/health.h"
#include "daemon/server/listener.h"
#include "daemon/server/listener_probe.h"
#include "daemon/server/loop_watchdog.h"
#include "daemon/server/memory_watchdog.h"
#include "daemon/server/signals.h"
#include "daemon/server/upstream_probe.h"
#include "daemon/services/rpc/server_call.h"

namespace daytonad {

struct DaemonOptions {
  std::vector<ListenerOptions> listeners;
  // The longest that any call may take.
  Clock::Duration max_wait = std::chrono::hours(24);
  // The longest that one may wait for its turn within upstream's rate limits, and a client may leave a message untaken.
  Clock::Duration max_queue_wait = std::chrono::minutes(5);
  Clock::Duration max_stall = std::chrono::seconds(60);
  // How long unary calls in progress may run on when the daemon is told to stop.
  Clock::Duration drain_timeout = std::chrono::seconds(25);
  // The first SIGTERM or SIGINT stops the daemon in order, the second ends the process at once with exit status 1.
  // SIGHUP is ignored.
  bool stop_on_signals = false;
  // Open at a time, on all listeners.
  size_t max_calls = CallGate::Limits().calls;
  // Of a request that came compressed, as it is then; listeners have limits of their own for what comes.
  size_t max_request_bytes = kMaxRequestBytes;
  // Above it, connections are shut down.
  size_t max_memory = DefaultMaxMemory(CallGate::Limits().calls, 0);
  UpstreamProbeOptions probe;
  // While the loop is stalled, health says NOT_SERVING.
  LoopWatchdogOptions loop_watchdog;
  // Where to write the listeners' bound addresses, one a line; empty for nowhere.
  std::string address_file;
};

// What a server offers: the full names of its services, and how to make a set of them for one class of caller.
struct ServiceCatalog {
  std::vector<std::string> names;
  std::function<std::vector<std::unique_ptr<grpc::Service>>(const RpcRuntime&, const Caller&)> make;
  // Waits for what goes on when no call is left: changes whose callers have gone. May be empty.
  std::function<Task<absl::Status>(CallContext)> settle;
};

// The running daemon, from the first listener to the end of the drain. What the services work with, and the loop,
// belong to the caller and outlive it.
//
//   Daemon daemon(options, loop, clock, ping, services);
//   if (absl::Status status = daemon.Start(); !status.ok()) return status;
//   daemon.WaitUntilStopped();
class Daemon {
 public:
  Daemon(DaemonOptions options, EventLoop& loop, Clock& clock, UpstreamPing ping, ServiceCatalog services);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  // Stops, unless that was done.
  ~Daemon();

  // Opens all listeners and begins to look whether upstream answers. An error says which address could not be had; no
  // listener is open then.
  absl::Status Start();

  // Begins to stop; returns at once. From any thread, any number of times.
  //
  // In this order: health says NOT_SERVING; no new connection and no new call is taken, and streams end with
  // UNAVAILABLE (SHUTTING_DOWN); unary calls, and changes upstream whose callers have gone, run on until they are done
  // or `drain_timeout` is over; what is left then ends with the same status; when no call has come for a moment,
  // clients are told to go elsewhere, and calls that came in that moment are refused; listeners close.
  void RequestStop(std::string_view why);

  // Returns when all of that has happened. Blocks; not on the loop.
  void WaitUntilStopped();

  // What clients dial, in the order of the options.
  std::vector<std::string> addresses() const;

 private:
  void CatchSignals();
  absl::Status OpenListeners();
  absl::Status WriteAddressFile() const;
  void GuardListeners();
  Task<void> RunProbe();
  Task<void> Drain(std::string why);
  Task<void> BecomeQuiet();

  const DaemonOptions options_;
  EventLoop& loop_;
  Clock& clock_;
  const ServiceCatalog services_;

  CallRegistry calls_;  // loop thread
  CallGate gate_;
  UntakenAnswers answers_{UntakenAnswers::Limits()};
  const RpcRuntime runtime_;
  Health health_;
  std::stop_source probe_stop_;
  Event probe_ended_;
  UpstreamProbe probe_;
  std::unique_ptr<StopSignals> signals_;  // used on the loop thread; null if signals are not caught
  bool draining_ = false;                 // loop thread
  std::promise<void> drained_;
  bool running_ = false;  // the owner's thread
  grpc::ResourceQuota quota_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unique_ptr<MemoryWatchdog> memory_watchdog_;
  std::unique_ptr<ListenerProbe> listener_probe_;
  std::unique_ptr<LoopWatchdog> loop_watchdog_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_DAEMON_H_
