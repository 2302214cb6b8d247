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
#include "absl/status/statusor.h"
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
#include "daemon/services/access_log.h"
#include "daemon/services/rpc/rpc_runtime.h"

namespace daytonad {

struct DaemonOptions {
  std::vector<ListenerOptions> listeners;
  // The longest duration of any call.
  Clock::Duration max_wait = std::chrono::hours(24);
  // The longest time that a call may be queued, and that a client may leave a message unread.
  Clock::Duration max_queue_wait = std::chrono::minutes(5);
  Clock::Duration max_stall = std::chrono::seconds(60);
  // How long unary calls in progress may continue when the daemon stops.
  Clock::Duration drain_timeout = std::chrono::seconds(25);
  // The first SIGTERM or SIGINT stops the daemon gracefully, the second ends the process at once with exit status 1.
  // SIGHUP is ignored.
  bool stop_on_signals = false;
  // Open calls on all listeners together.
  size_t max_calls = CallGate::Limits().calls;
  // The limit of a compressed request after decompression; listeners have their own limits for received bytes.
  size_t max_request_bytes = kMaxRequestBytes;
  // Above it, the watchdog shuts connections down.
  size_t max_memory = DefaultMaxMemory(CallGate::Limits().calls, 0);
  UpstreamProbeOptions probe;
  // While the loop is stalled, health is NOT_SERVING.
  LoopWatchdogOptions loop_watchdog;
  // The file for the listeners' bound addresses, one per line; empty: none.
  std::string address_file;
};

// The services of a server: their full names, and a factory for one listener's set of them.
struct ServiceCatalog {
  using Services = std::vector<std::unique_ptr<grpc::Service>>;

  std::vector<std::string> names;
  std::function<absl::StatusOr<Services>(const RpcRuntime&, const Caller& listener)> make;
  // Waits for work that outlives its calls: mutations whose callers have left. May be empty.
  std::function<Task<absl::Status>(CallContext)> settle;
};

// The running daemon, from the first listener to the end of the drain. The loop and the services' dependencies belong
// to the caller and outlive it.
//
//   Daemon daemon(options, loop, clock, ping, services);
//   if (absl::Status status = daemon.Start(); !status.ok()) return status;
//   daemon.WaitUntilStopped();
class Daemon {
 public:
  Daemon(DaemonOptions options, EventLoop& loop, Clock& clock, UpstreamPing ping, ServiceCatalog services);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  // Stops if it was not stopped.
  ~Daemon();

  // Opens all listeners and starts to probe upstream. An error names the address that could not be bound; no listener
  // is open then.
  absl::Status Start();

  // Starts to stop; returns at once. Thread-safe and idempotent.
  //
  // In this order: health becomes NOT_SERVING; new connections and calls are rejected, and streams end with UNAVAILABLE
  // (SHUTTING_DOWN); unary calls, and mutations whose callers have left, continue until they are done or
  // `drain_timeout` is over, when the rest ends with the same status; once no call arrives for a moment, clients get a
  // GOAWAY, and calls that arrive meanwhile are rejected; listeners close.
  void RequestStop(std::string_view why);

  // Returns when all of that is done. Blocks; do not call it on the loop.
  void WaitUntilStopped();

  // The addresses that clients dial, in the order of the options.
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
  AccessLog access_log_;
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
