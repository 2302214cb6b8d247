#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_EVENT_STREAM_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_EVENT_STREAM_H_

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
#include "daemon/net/web_socket.h"
#include "daemon/net/work_pool.h"
#include "daemon/upstream/v0/retry.h"

namespace daytonad {

struct EventStreamOptions {
  explicit EventStreamOptions(BaseUrl api_url) : api_url(std::move(api_url)) {}

  BaseUrl api_url;
  // Until events arrive, from the first packet on.
  Clock::Duration connect_limit = std::chrono::seconds(5);
  // Between the end of a connection and the next attempt: a random part, half to all, of a delay that doubles.
  Clock::Duration first_delay = std::chrono::seconds(1);
  Clock::Duration max_delay = std::chrono::seconds(30);
  // The same after a refusal: there are no events at this API, or not for this credential.
  Clock::Duration first_refused_delay = std::chrono::seconds(30);
  Clock::Duration max_refused_delay = std::chrono::minutes(5);
  // A connection that lived so long was a good one: the delay begins anew.
  Clock::Duration good_after = std::chrono::minutes(1);
  // How often to look for a new credential.
  Clock::Duration credential_interval = std::chrono::seconds(2);
  // Where large events are read; null: on the loop.
  WorkPool* pool = nullptr;
};

// Upstream's events over one connection of Socket.IO (Engine.IO 4 over WebSocket). Loop thread only.
//
// - The credential goes to the API's own origin only, in the first packet; redirections are not followed.
// - Reading and delivering are two coroutines: pings are answered as they come, however many events wait for the sink.
// - A server that is silent for longer than it promised to ping is given up.
// - When the credential is replaced the connection is ended and made anew at once: the sink sees Down and Up.
// - Nothing of what is sent or received gets into a log. A change of state does, in one line.
class EventStream final : public EventSource {
 public:
  // The referred objects must outlive this one.
  EventStream(const Executor& executor, EventStreamOptions options, WebSocketConnector& connector, Clock& clock,
              CredentialSource& credentials, RandomFraction random = SystemRandomFraction());
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  // After Stop its coroutines still have to run to their end, so it is not to be destroyed before the loop has.
  ~EventStream() override;

  void Start(EventSink& sink) override;
  void Stop() override;

 private:
  struct Connection;

  Task<void> Run(CallContext context);

  // One connection, from the attempt to its end; says why it ended.
  Task<absl::Status> Serve(CallContext context, const Credential& credential);
  // Gets us in: OK when events will arrive.
  Task<absl::Status> Enter(std::shared_ptr<Connection> connection, CallContext context);
  WebSocketRequest MakeRequest(const Credential& credential) const;

  // Moves events into the connection's queue until the connection ends, which it notes there.
  Task<void> Receive(std::shared_ptr<Connection> connection, CallContext context);
  Task<absl::Status> ReadPackets(std::shared_ptr<Connection> connection, CallContext context);
  // Hands events from the queue to the sink until there are no more and the connection has ended.
  Task<void> Deliver(std::shared_ptr<Connection> connection, CallContext context);
  // Ends the connection when the credential is replaced.
  Task<void> WatchCredential(std::shared_ptr<Connection> connection, CallContext context);

  bool IsCurrent(const Secret& token) { return credentials_.Current().token.IsCopyOf(token); }
  // The pause before the next attempt.
  Clock::Duration NextDelay(const absl::Status& end);
  // Ends early when `token` is no longer the current one.
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
  // Of the latest connection: since when events arrived, if they did.
  std::optional<Clock::TimePoint> up_since_;
  int failures_ = 0;  // in a row, of one kind
  bool was_refused_ = false;
  std::string logged_;  // the state that the log tells of: "up", or why not
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_EVENT_STREAM_H_
