#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_EVENTS_EVENT_STREAM_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_EVENTS_EVENT_STREAM_H_

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "daemon/api/events.h"
#include "daemon/auth/credential_source.h"
#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/base/task.h"
#include "daemon/net/url.h"
#include "daemon/net/web_socket/web_socket.h"
#include "daemon/net/work_pool.h"
#include "daemon/upstream/v0/transport/retry.h"

namespace daytonad {

struct EventStreamOptions {
  explicit EventStreamOptions(BaseUrl api_url) : api_url(std::move(api_url)) {}

  BaseUrl api_url;
  // The deadline of a connection attempt, until events arrive.
  Clock::Duration connect_limit = std::chrono::seconds(5);
  // The back-off between a connection's end and the next attempt: a random part, half to all, of a delay that doubles.
  Clock::Duration first_delay = std::chrono::seconds(1);
  Clock::Duration max_delay = std::chrono::seconds(30);
  // The back-off after a rejection: the API has no events, or not for this credential.
  Clock::Duration first_refused_delay = std::chrono::seconds(30);
  Clock::Duration max_refused_delay = std::chrono::minutes(5);
  // A connection that lasted this long resets the back-off.
  Clock::Duration good_after = std::chrono::minutes(1);
  // How often to check for a new credential.
  Clock::Duration credential_interval = std::chrono::seconds(2);
  // The pool that parses large events; null: the loop.
  WorkPool* pool = nullptr;
};

// Upstream's events over one Socket.IO connection (Engine.IO 4 over WebSocket). Loop thread only.
//
// - The credential is sent only to the API's own origin, in the first packet; redirects are not followed.
// - Reading and delivering are separate coroutines: pings are answered at once, however many events are queued.
// - If the server is silent for longer than its ping interval and timeout, the connection is closed.
// - When the credential is replaced, the connection is reopened at once: the sink sees Down and Up.
// - Payloads are never logged. Each change of the connection's state is one log line.
class EventStream final : public EventSource {
 public:
  // The referred objects must outlive this one.
  EventStream(const Executor& executor, EventStreamOptions options, WebSocketConnector& connector, Clock& clock,
              CredentialSource& credentials, RandomFraction random = SystemRandomFraction());
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  // After Stop its coroutines still have to end, so the loop must be finished before this is destroyed.
  ~EventStream() override;

  void Start(EventSink& sink) override;
  void Stop() override;

 private:
  struct Connection;

  Task<void> Run(CallContext context);

  // Runs one connection, from the attempt to its end. Returns why it ended.
  Task<absl::Status> Serve(CallContext context, const Credential& credential);
  // Does the handshake: OK when events will arrive.
  Task<absl::Status> Enter(std::shared_ptr<Connection> connection, CallContext context);
  WebSocketRequest MakeRequest(const Credential& credential) const;

  // Puts events into the connection's queue until the connection ends, and records its end there.
  Task<void> Receive(std::shared_ptr<Connection> connection, CallContext context);
  Task<absl::Status> ReadPackets(std::shared_ptr<Connection> connection, CallContext context);
  // Delivers events from the queue to the sink until the queue is empty and the connection has ended.
  Task<void> Deliver(std::shared_ptr<Connection> connection, CallContext context);
  // Closes the connection when the credential is replaced.
  Task<void> WatchCredential(std::shared_ptr<Connection> connection, CallContext context);

  bool IsCurrent(const Secret& token) { return credentials_.Current().token.IsCopyOf(token); }
  // The back-off before the next attempt.
  Clock::Duration NextDelay(const absl::Status& end);
  // Ends early when the credential is no longer `token`.
  Task<void> Pause(CallContext context, Clock::Duration delay, Secret token);
  void LogUp();
  void LogDown(const absl::Status& reason);

  const Executor executor_;
  const EventStreamOptions options_;
  WebSocketConnector& connector_;
  Clock& clock_;
  CredentialSource& credentials_;
  const RandomFraction random_;

  EventSink* sink_ = nullptr;  // null before Start and after Stop
  std::stop_source stop_;
  // When the latest connection came up; unset if it did not.
  std::optional<Clock::TimePoint> up_since_;
  int failures_ = 0;  // consecutive, of one kind
  bool was_refused_ = false;
  std::string logged_;  // the last logged state: "up", or the error
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_EVENTS_EVENT_STREAM_H_
